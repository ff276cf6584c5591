//! The version of the API server.

use std::borrow::Cow;

use ktel_model::standard::UNKNOWN_VERSION as UNKNOWN;
use kube::Client;
use serde::Deserialize;

use super::read::{self, OBJECT, Target};
use crate::error::Error;

/// The answer of `/version`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerVersion {
    /// As in `v1.23.4-gke.900`.
    #[serde(default)]
    pub git_version: String,
    /// As in `1`.
    #[serde(default)]
    pub major: String,
    /// As in `23` or `23+`.
    #[serde(default)]
    pub minor: String,
    /// As in `linux/amd64`.
    #[serde(default)]
    pub platform: String,
}

impl ServerVersion {
    /// Gives the version of Kubernetes: `gitVersion`, or the two numbers beside it when it does not start
    /// with two, as in `v1-custom`; [`UNKNOWN`] if those are none either.
    #[must_use]
    pub fn kubernetes(&self) -> Cow<'_, str> {
        if starts_with_two_numbers(&self.git_version) {
            return Cow::Borrowed(&self.git_version);
        }
        let beside = format!("v{}.{}", self.major, self.minor);
        if starts_with_two_numbers(&beside) { Cow::Owned(beside) } else { Cow::Borrowed(UNKNOWN) }
    }
}

fn starts_with_two_numbers(version: &str) -> bool {
    let numbers = version.strip_prefix(['v', 'V']).unwrap_or(version).split_once('.');
    numbers.is_some_and(|(major, rest)| {
        let minor: String = rest.chars().take_while(char::is_ascii_digit).collect();
        [major, &minor].iter().all(|number| number.parse::<u32>().is_ok())
    })
}

pub(crate) async fn read(client: &Client) -> Result<ServerVersion, Error> {
    let target = Target::path("/version");
    let answer = read::get(client, "/version", OBJECT, &target).await;
    answer.map_err(|failure| failure.into_error(&target))
}

#[cfg(test)]
mod tests {
    use super::ServerVersion;

    #[test]
    fn a_version_without_two_numbers_is_told_by_the_numbers_beside_it() {
        let table = [
            ("v1.30.1-gke.900", "v1.30.1-gke.900"),
            ("V1.30.1", "V1.30.1"),
            ("v1.30.1eks", "v1.30.1eks"),
            ("v1-custom", "v1.31+"),
            ("v1.", "v1.31+"),
            ("v1.99999999999", "v1.31+"),
            ("acme", "v1.31+"),
            ("", "v1.31+"),
        ];
        for (git, expected) in table {
            let version = ServerVersion {
                git_version: git.into(),
                major: "1".into(),
                minor: "31+".into(),
                ..ServerVersion::default()
            };
            assert_eq!(version.kubernetes(), expected, "{git}");
        }
        for (git, major, minor) in [("acme", "", ""), ("", "one", "31"), ("v1", "1", "+")] {
            let (git_version, major) = (git.to_owned(), major.to_owned());
            let version = ServerVersion {
                git_version,
                major,
                minor: minor.into(),
                ..ServerVersion::default()
            };
            assert_eq!(version.kubernetes(), "unknown", "{git}");
        }
    }
}
