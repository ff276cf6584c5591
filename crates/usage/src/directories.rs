//! The directories of a user's settings and state, by the XDG Base Directory Specification.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::product_name::ProductName;

/// The directory of ktel, with one directory for each product.
const KTEL: &str = "ktel";

/// The directories of a user. Without a home directory there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directories {
    config: Option<PathBuf>,
    state: Option<PathBuf>,
}

impl Directories {
    /// Computes them from `XDG_CONFIG_HOME`, `XDG_STATE_HOME` and `HOME`. Nothing is read or created.
    #[must_use]
    pub fn of(environment: &dyn Fn(&str) -> Option<OsString>) -> Self {
        // The specification ignores relative paths, which would depend on the working directory.
        let path = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = path("HOME");
        let within = |name, default| path(name).or_else(|| Some(home.as_ref()?.join(default)));
        Self {
            config: within("XDG_CONFIG_HOME", ".config"),
            state: within("XDG_STATE_HOME", ".local/state"),
        }
    }

    /// Gives the directory of ktel's settings for a product.
    #[must_use]
    pub fn config(&self, product: &ProductName) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join(KTEL).join(product.as_str()))
    }

    /// Gives the directory of ktel's state for a product.
    #[must_use]
    pub fn state(&self, product: &ProductName) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join(KTEL).join(product.as_str()))
    }

    /// Gives the directory with the settings of ktel for every product.
    #[must_use]
    pub fn all_settings(&self) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join(KTEL))
    }

    /// Gives the directory with the state of ktel for every product.
    #[must_use]
    pub fn all_state(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join(KTEL))
    }

    /// Gives the directory of reports that wait for delivery.
    #[must_use]
    pub fn outbox(&self) -> Option<PathBuf> {
        // No product name begins with `_`.
        Some(self.state.as_ref()?.join(KTEL).join("_outbox"))
    }

    /// Gives the directory where a receiver stores what it accepts.
    #[must_use]
    pub fn received(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join(KTEL).join("_received"))
    }

    /// Gives the directory of the cursors of the exporter.
    #[must_use]
    pub fn exporter(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join(KTEL).join("_exporter"))
    }

    /// Gives the directory of the product's own settings.
    #[must_use]
    pub fn product(&self, product: &ProductName) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join(product.as_str()))
    }

    /// Gives the directory in which users keep product files.
    #[must_use]
    pub fn products(&self) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join(KTEL).join("products"))
    }
}

/// Reads a variable of this process. Programs pass it where an environment is needed.
#[must_use]
pub fn process_environment(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

#[cfg(test)]
mod tests {
    use super::Directories;
    use std::path::Path;

    #[track_caller]
    fn check(environment: &[(&str, &str)], config: Option<&str>, state: Option<&str>) {
        let lookup = |name: &str| {
            environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into())
        };
        let product = "acme".parse().unwrap();
        let directories = Directories::of(&lookup);
        assert_eq!(directories.config(&product).as_deref(), config.map(Path::new));
        assert_eq!(directories.state(&product).as_deref(), state.map(Path::new));
    }

    #[test]
    fn directories_follow_the_specification() {
        let home = ("HOME", "/home/ann");
        let (config, state) = ("/home/ann/.config/ktel/acme", "/home/ann/.local/state/ktel/acme");
        check(&[home], Some(config), Some(state));
        let elsewhere = [home, ("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "/s")];
        check(&elsewhere, Some("/c/ktel/acme"), Some("/s/ktel/acme"));
        let ignored = [home, ("XDG_CONFIG_HOME", "relative"), ("XDG_STATE_HOME", "")];
        check(&ignored, Some(config), Some(state));
        check(&[("XDG_STATE_HOME", "/s")], None, Some("/s/ktel/acme"));
        check(&[("HOME", "")], None, None);
        check(&[], None, None);
    }
}
