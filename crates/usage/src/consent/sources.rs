//! Gathers what every voice says: variables from whoever knows them, files by their paths.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::directories::Directories;
use crate::product_name::ProductName;
use crate::settings_file;

use super::verdicts::{disables, objects};
use super::{Content, DefaultConsent, Document, Preference, Variable, Voice, Voices};

/// Where an organisation says what holds for every product that uses ktel.
pub const KTEL_POLICY: &str = "/etc/ktel/policy.yaml";

const DO_NOT_TRACK: &str = "DO_NOT_TRACK";
const KTEL_NO_TELEMETRY: &str = "KTEL_NO_TELEMETRY";
/// The ancestor's preference, beside its configuration.
const ANCESTOR_PREFERENCE: &str = ".telemetry-enabled";
/// The configuration in the product's own directory, unless its user names another.
const CONFIGURATION: &str = "config.yaml";

/// Tells from the value of a variable whether it says no.
type SaysNo = fn(&str) -> bool;

/// The names of a product's variables, made once so that hearing them costs nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variables {
    no_telemetry: String,
    enabled: String,
    of_profile: Option<OfProfile>,
}

/// The variable of a profile of the product's configuration.
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

    /// Gives the name of the variable that says no.
    #[must_use]
    pub fn no_telemetry(&self) -> &str {
        &self.no_telemetry
    }
}

fn upper(name: &str) -> String {
    name.to_uppercase().replace('-', "_")
}

/// Where everything that can say something is to be found.
#[derive(Clone, Copy)]
pub struct Sources<'s> {
    /// The product.
    pub product: &'s ProductName,
    /// The names of its variables, and the profile of its configuration that is in use.
    pub variables: &'s Variables,
    /// Whether `--no-telemetry` is given.
    pub flag: bool,
    /// Gives the value of an environment variable.
    pub environment: &'s dyn Fn(&str) -> Option<OsString>,
    /// The user's directories.
    pub directories: &'s Directories,
    /// The organisation's policy for everything that uses ktel: [`KTEL_POLICY`].
    pub ktel_policy: &'s Path,
    /// The organisation's policy for the product, where it has one.
    pub product_policy: Option<&'s Path>,
    /// The configuration that is in use, where it is not the one in the product's own directory.
    pub configuration: Option<&'s Path>,
    /// What holds when nobody says anything.
    pub default: DefaultConsent,
}

impl Sources<'_> {
    /// Finds a no that needs no file: the flag's or a variable's.
    ///
    /// Nothing is allocated for what is not set, and no file is touched.
    #[must_use]
    pub fn objection(&self) -> Option<Voice> {
        if self.flag {
            return Some(Voice::Flag);
        }
        let heard: [(Voice, &str, SaysNo); 4] = [
            (Voice::DoNotTrack, DO_NOT_TRACK, objects),
            (Voice::ProductVariable, &self.variables.no_telemetry, objects),
            (Voice::KtelVariable, KTEL_NO_TELEMETRY, objects),
            (Voice::EnabledVariable, &self.variables.enabled, disables),
        ];
        for (voice, name, says_no) in heard {
            let value = (self.environment)(name);
            if value.is_some_and(|value| says_no(&value.to_string_lossy())) {
                return Some(voice);
            }
        }
        let of_profile = self.variables.of_profile.as_ref()?;
        let value = (self.environment)(&of_profile.enabled)?;
        disables(&value.to_string_lossy()).then_some(Voice::ProfileVariable)
    }

    /// Gathers what everybody says.
    #[must_use]
    pub fn gather(&self) -> Voices {
        let own = self.directories.product(self.product);
        let default = own.as_ref().map(|own| own.join(CONFIGURATION));
        let configuration = self.configuration.map(Path::to_owned).or(default);
        // A configuration elsewhere does not take back what was said beside the usual one.
        let mut beside: Vec<PathBuf> = own.into_iter().collect();
        beside.extend(configuration.as_deref().and_then(Path::parent).map(Path::to_owned));
        beside.dedup();
        let of_profile = self.variables.of_profile.as_ref();
        Voices {
            flag: self.flag,
            do_not_track: self.variable(DO_NOT_TRACK),
            product_variable: self.variable(&self.variables.no_telemetry),
            ktel_variable: self.variable(KTEL_NO_TELEMETRY),
            enabled_variable: self.variable(&self.variables.enabled),
            profile_variable: of_profile.map(|one| self.variable(&one.enabled)),
            ktel_policy: document(self.ktel_policy.to_owned()),
            product_policy: self.product_policy.map(|path| document(path.to_owned())),
            preference: Preference::path(self.directories, self.product).map(document),
            ancestor_preferences: beside
                .iter()
                .map(|directory| document(directory.join(ANCESTOR_PREFERENCE)))
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
        // A link that leads nowhere was once a file.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            Content::Absent
        }
        Err(error) => Content::Unreadable(error.kind()),
    };
    Document { path, content }
}
