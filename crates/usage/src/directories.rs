//! Where a user's settings and state are kept, by the XDG Base Directory Specification.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::product_name::ProductName;

/// The name under which ktel keeps its own things, one directory for each product.
const KTEL: &str = "ktel";

/// A user's directories, as far as there are any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directories {
    config: Option<PathBuf>,
    state: Option<PathBuf>,
}

impl Directories {
    /// Computes them from `XDG_CONFIG_HOME`, `XDG_STATE_HOME` and `HOME`; nothing is read or made.
    #[must_use]
    pub fn of(environment: &dyn Fn(&str) -> Option<OsString>) -> Self {
        // The specification has relative paths ignored; they would depend on where a command runs.
        let path = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = path("HOME");
        let within = |name, default| path(name).or_else(|| Some(home.as_ref()?.join(default)));
        Self {
            config: within("XDG_CONFIG_HOME", ".config"),
            state: within("XDG_STATE_HOME", ".local/state"),
        }
    }

    /// Gives the directory where ktel keeps a product's settings.
    #[must_use]
    pub fn config(&self, product: &ProductName) -> Option<PathBuf> {
        Some(self.config.as_ref()?.join(KTEL).join(product.as_str()))
    }

    /// Gives the directory where ktel keeps a product's state.
    #[must_use]
    pub fn state(&self, product: &ProductName) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join(KTEL).join(product.as_str()))
    }

    /// Gives the directory where reports wait that could not be delivered.
    #[must_use]
    pub fn outbox(&self) -> Option<PathBuf> {
        // No product's name begins like that.
        Some(self.state.as_ref()?.join(KTEL).join("_outbox"))
    }

    /// Gives the directory where a receiver keeps what it takes.
    #[must_use]
    pub fn received(&self) -> Option<PathBuf> {
        Some(self.state.as_ref()?.join(KTEL).join("_received"))
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

/// Reads a variable of this process: what a program hands to whoever asks for an environment.
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
