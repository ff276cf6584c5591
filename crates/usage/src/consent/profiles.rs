//! The profiles of a configuration: sections at its root, one of which is in use. kongctl has them.

use crate::product_name::ProductName;

/// Which sections of a configuration are profiles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profiles {
    /// The profile in use if the user names none.
    pub default: String,
    /// The names of all profiles. Without them, every section can be a profile.
    pub names: Option<Vec<String>>,
}

impl Default for Profiles {
    fn default() -> Self {
        Self { default: "default".to_owned(), names: None }
    }
}

impl Profiles {
    /// Says whether a section can be a profile. As in kongctl, the case does not matter.
    pub(super) fn contains(&self, section: &str) -> bool {
        let section = section.to_lowercase();
        self.names
            .as_ref()
            .is_none_or(|names| names.iter().any(|name| name.to_lowercase() == section))
    }

    /// Gives the profile in use: the one that the user names, else the default. A product without
    /// profiles has none.
    pub(super) fn in_use(&self, named: Option<&str>) -> Option<String> {
        let profile = named.unwrap_or(&self.default);
        self.contains(profile).then(|| profile.to_owned())
    }
}

/// The names of the variables of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variables {
    prefix: String,
    no_telemetry: String,
    enabled: String,
    profile: String,
}

impl Variables {
    /// Names the variables of a product: `KONG_CTL_NO_TELEMETRY` for `kong-ctl`.
    #[must_use]
    pub fn of(product: &ProductName) -> Self {
        let prefix = upper(product.as_str());
        Self {
            no_telemetry: format!("{prefix}_NO_TELEMETRY"),
            enabled: format!("{prefix}_TELEMETRY_ENABLED"),
            profile: format!("{prefix}_PROFILE"),
            prefix,
        }
    }

    /// Gives the name of the variable that turns telemetry off.
    #[must_use]
    pub fn no_telemetry(&self) -> &str {
        &self.no_telemetry
    }

    /// Gives the name of the variable that can only turn telemetry off.
    #[must_use]
    pub fn enabled(&self) -> &str {
        &self.enabled
    }

    /// Gives the name of the variable that names the profile in use.
    #[must_use]
    pub fn profile(&self) -> &str {
        &self.profile
    }

    /// Names the variable of a profile: `KONG_CTL_MY_WORK_TELEMETRY_ENABLED` for `my-work`.
    #[must_use]
    pub fn enabled_in(&self, profile: &str) -> String {
        format!("{}_{}_TELEMETRY_ENABLED", self.prefix, upper(profile))
    }
}

fn upper(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}
