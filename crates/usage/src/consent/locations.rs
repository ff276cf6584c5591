//! Where the sources are, and reads them.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::directories::Directories;
use crate::product_name::ProductName;
use crate::settings_file;

use super::evidence::{disables, opts_out};
use super::preference::Preference;
use super::types::{Content, DefaultConsent, Document, Source, Sources, Variable};

/// The policy of an organisation for every product that uses ktel.
pub const KTEL_POLICY: &str = "/etc/ktel/policy.yaml";

const DO_NOT_TRACK: &str = "DO_NOT_TRACK";
const KTEL_NO_TELEMETRY: &str = "KTEL_NO_TELEMETRY";
/// The preference that kongctl writes beside its configuration.
const LEGACY_PREFERENCE: &str = ".telemetry-enabled";
/// The configuration in the directory of the product, unless the user names another file.
const CONFIGURATION: &str = "config.yaml";

/// Says whether the value of a variable denies.
type Denies = fn(&str) -> bool;

/// The names of the variables of a product, made once so that reading them costs nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variables {
    no_telemetry: String,
    enabled: String,
    of_profile: Option<OfProfile>,
}

/// The variable of a profile of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OfProfile {
    profile: String,
    enabled: String,
}

impl Variables {
    /// Names the variables of a product: `KONG_CTL_NO_TELEMETRY` for `kong-ctl`.
    #[must_use]
    pub fn of(product: &ProductName) -> Self {
        let prefix = upper(product.as_str());
        let no_telemetry = format!("{prefix}_NO_TELEMETRY");
        Self { no_telemetry, enabled: format!("{prefix}_TELEMETRY_ENABLED"), of_profile: None }
    }

    /// Names those of a product whose configuration has profiles, and of the profile in use.
    #[must_use]
    pub fn of_profile(product: &ProductName, profile: &str) -> Self {
        let (prefix, upper_profile) = (upper(product.as_str()), upper(profile));
        let enabled = format!("{prefix}_{upper_profile}_TELEMETRY_ENABLED");
        let of_profile = Some(OfProfile { profile: profile.to_owned(), enabled });
        Self { of_profile, ..Self::of(product) }
    }

    /// Gives the name of the variable that turns telemetry off.
    #[must_use]
    pub fn no_telemetry(&self) -> &str {
        &self.no_telemetry
    }
}

fn upper(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// Where every source is to be read.
#[derive(Clone, Copy)]
pub struct SourceLocations<'s> {
    /// The product.
    pub product: &'s ProductName,
    /// The names of its variables, and the profile of its configuration that is in use.
    pub variables: &'s Variables,
    /// Whether `--no-telemetry` is given.
    pub flag: bool,
    /// Gives the value of an environment variable.
    pub environment: &'s dyn Fn(&str) -> Option<OsString>,
    /// The directories of the user.
    pub directories: &'s Directories,
    /// The policy of the organisation for every product that uses ktel: [`KTEL_POLICY`].
    pub ktel_policy: &'s Path,
    /// The policy of the organisation for this product, if there is one.
    pub product_policy: Option<&'s Path>,
    /// The configuration that is in use, if it is not the one in the directory of the product.
    pub configuration: Option<&'s Path>,
    /// What applies while no source decides.
    pub default: DefaultConsent,
}

impl SourceLocations<'_> {
    /// Finds a source that denies among the flag and the variables.
    ///
    /// Nothing is allocated for a variable that is not set, and no file is read.
    #[must_use]
    pub fn objection(&self) -> Option<Source> {
        if self.flag {
            return Some(Source::Flag);
        }
        let table: [(Source, &str, Denies); 4] = [
            (Source::DoNotTrack, DO_NOT_TRACK, opts_out),
            (Source::ProductVariable, &self.variables.no_telemetry, opts_out),
            (Source::KtelVariable, KTEL_NO_TELEMETRY, opts_out),
            (Source::EnabledVariable, &self.variables.enabled, disables),
        ];
        for (source, name, denies) in table {
            let value = (self.environment)(name);
            if value.is_some_and(|value| denies(&value.to_string_lossy())) {
                return Some(source);
            }
        }
        let of_profile = self.variables.of_profile.as_ref()?;
        let value = (self.environment)(&of_profile.enabled)?;
        disables(&value.to_string_lossy()).then_some(Source::ProfileVariable)
    }

    /// Reads every source.
    #[must_use]
    pub fn read(&self) -> Sources {
        let own = self.directories.product(self.product);
        let default = own.as_ref().map(|own| own.join(CONFIGURATION));
        let configuration = self.configuration.map(Path::to_owned).or(default);
        // An opt-out beside the usual configuration also holds for a configuration elsewhere.
        let mut beside: Vec<PathBuf> = own.into_iter().collect();
        beside.extend(configuration.as_deref().and_then(Path::parent).map(Path::to_owned));
        beside.dedup();
        let of_profile = self.variables.of_profile.as_ref();
        Sources {
            flag: self.flag,
            do_not_track: self.variable(DO_NOT_TRACK),
            product_variable: self.variable(&self.variables.no_telemetry),
            ktel_variable: self.variable(KTEL_NO_TELEMETRY),
            enabled_variable: self.variable(&self.variables.enabled),
            profile_variable: of_profile.map(|one| self.variable(&one.enabled)),
            ktel_policy: document(self.ktel_policy.to_owned()),
            product_policy: self.product_policy.map(|path| document(path.to_owned())),
            preference: Preference::path(self.directories, self.product).map(document),
            legacy_preferences: beside
                .iter()
                .map(|directory| document(directory.join(LEGACY_PREFERENCE)))
                .collect(),
            configurations: configuration.into_iter().map(document).collect(),
            profile: of_profile.map(|one| one.profile.clone()),
            product: self.product.clone(),
            default: self.default,
        }
    }

    fn variable(&self, name: &str) -> Variable {
        let value = (self.environment)(name).map(|value| value.to_string_lossy().into_owned());
        Variable { name: name.to_owned(), value }
    }
}

fn document(path: PathBuf) -> Document {
    let content = match settings_file::read(&path) {
        Ok(text) => Content::Text(text),
        // A link to a file that is gone was meant to be one.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            Content::Absent
        }
        Err(error) => Content::Unreadable(error.kind()),
    };
    Document { path, content }
}
