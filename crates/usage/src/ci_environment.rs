//! Detects CI and containers by the variables that they set.
//!
//! It only reads whether a variable is set. It must not use the value.

use std::ffi::OsString;

/// Variables that CI services set.
const CI: [&str; 21] = [
    "CI",
    "CONTINUOUS_INTEGRATION",
    "BUILD_NUMBER",
    "BUILD_ID",
    "RUN_ID",
    "APPVEYOR",
    "BITBUCKET_BUILD_NUMBER",
    "BUILDKITE",
    "CIRCLECI",
    "CIRRUS_CI",
    "CODEBUILD_BUILD_ID",
    "DRONE",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "HEROKU_TEST_RUN_ID",
    "JENKINS_URL",
    "PROW_JOB_ID",
    "SEMAPHORE",
    "TEAMCITY_VERSION",
    "TF_BUILD",
    "TRAVIS",
];
/// Variables that container runtimes set.
const CONTAINER: [&str; 3] =
    ["KUBERNETES_SERVICE_HOST", "container", "DOTNET_RUNNING_IN_CONTAINER"];

/// Whether the process runs in CI or in a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CiEnvironment {
    /// It runs in CI, where nobody reads a notice.
    pub ci: bool,
    /// It runs in a container.
    pub container: bool,
}

impl CiEnvironment {
    /// Checks which variables are set.
    #[must_use]
    pub fn of(environment: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let any = |names: &[&str]| names.iter().any(|name| environment(name).is_some());
        Self { ci: any(&CI), container: any(&CONTAINER) }
    }
}

#[cfg(test)]
mod tests {
    use super::{CI, CONTAINER, CiEnvironment};

    #[test]
    fn a_variable_counts_whatever_its_value() {
        for value in ["", "false", "0", "true"] {
            for name in CI.into_iter().chain(CONTAINER) {
                let found = CiEnvironment::of(&|asked| (asked == name).then(|| value.into()));
                let expected =
                    CiEnvironment { ci: CI.contains(&name), container: CONTAINER.contains(&name) };
                assert_eq!(found, expected, "{name}={value}");
            }
        }
        assert_eq!(CiEnvironment::of(&|_| None), CiEnvironment::default());
    }
}
