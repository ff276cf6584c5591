//! Where the sources are, and reads them.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use crate::directories::Directories;
use crate::product_name::ProductName;
use crate::settings_file;

use super::configuration;
use super::evidence::{disables, opts_out};
use super::preference::Preference;
use super::profiles::{Profiles, Variables};
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

/// Where every source is to be read.
#[derive(Clone, Copy)]
pub struct SourceLocations<'s> {
    /// The product.
    pub product: &'s ProductName,
    /// The names of its variables.
    pub variables: &'s Variables,
    /// The profiles of its configuration.
    pub profiles: &'s Profiles,
    /// The profile that the user names. Without it, `PRODUCT_PROFILE` may name one.
    pub profile: Option<&'s str>,
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
    /// No file is read. A variable of a profile that is not in use is therefore not found.
    #[must_use]
    pub fn objection(&self) -> Option<Source> {
        if self.flag {
            return Some(Source::Flag);
        }
        let table: [(Source, &str, Denies); 4] = [
            (Source::DoNotTrack, DO_NOT_TRACK, opts_out),
            (Source::ProductVariable, self.variables.no_telemetry(), opts_out),
            (Source::KtelVariable, KTEL_NO_TELEMETRY, opts_out),
            (Source::EnabledVariable, self.variables.enabled(), disables),
        ];
        for (source, name, denies) in table {
            let value = (self.environment)(name);
            if value.is_some_and(|value| denies(&value.to_string_lossy())) {
                return Some(source);
            }
        }
        let name = self.variables.enabled_in(&self.profile_in_use()?);
        let value = (self.environment)(&name)?;
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
        let configurations: Vec<Document> = configuration.into_iter().map(document).collect();
        let profile = self.profile_in_use();
        Sources {
            flag: self.flag,
            do_not_track: self.variable(DO_NOT_TRACK),
            product_variable: self.variable(self.variables.no_telemetry()),
            ktel_variable: self.variable(KTEL_NO_TELEMETRY),
            enabled_variable: self.variable(self.variables.enabled()),
            profile_variables: self.profile_variables(profile.as_deref(), &configurations),
            ktel_policy: document(self.ktel_policy.to_owned()),
            product_policy: self.product_policy.map(|path| document(path.to_owned())),
            preference: Preference::path(self.directories, self.product).map(document),
            legacy_preferences: beside
                .iter()
                .map(|directory| document(directory.join(LEGACY_PREFERENCE)))
                .collect(),
            configurations,
            profiles: self.profiles.clone(),
            profile,
            product: self.product.clone(),
            default: self.default,
        }
    }

    fn profile_in_use(&self) -> Option<String> {
        let named = self.profile.map(str::to_owned);
        let named = named.or_else(|| self.variable(self.variables.profile()).value);
        self.profiles.in_use(named.as_deref().filter(|name| !name.is_empty()))
    }

    /// Reads the variable of the profile in use, and those of other profiles that are set.
    fn profile_variables(&self, in_use: Option<&str>, files: &[Document]) -> Vec<Variable> {
        let read = |profile: &str| self.variable(&self.variables.enabled_in(profile));
        let mut variables: Vec<Variable> = in_use.map(read).into_iter().collect();
        let declared = self.profiles.names.iter().flatten().cloned();
        let in_files = files.iter().flat_map(|file| configuration::profiles(file, self.profiles));
        for profile in declared.chain(in_files) {
            let variable = read(&profile);
            if variable.value.is_some() && !variables.contains(&variable) {
                variables.push(variable);
            }
        }
        variables
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
