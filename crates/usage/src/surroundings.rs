//! Whether this runs in a pipeline or in a container, told by which variables there are.

use std::ffi::OsString;

/// Variables that build services set. Only their presence is looked at; their values are nobody's
/// business.
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
/// Variables that runtimes of containers set.
const CONTAINER: [&str; 3] =
    ["KUBERNETES_SERVICE_HOST", "container", "DOTNET_RUNNING_IN_CONTAINER"];

/// What surrounds a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Surroundings {
    /// A build service, in which nobody reads what a command says.
    pub ci: bool,
    /// A container.
    pub container: bool,
}

impl Surroundings {
    /// Looks which variables there are.
    #[must_use]
    pub fn of(environment: &dyn Fn(&str) -> Option<OsString>) -> Self {
        let any = |names: &[&str]| names.iter().any(|name| environment(name).is_some());
        Self { ci: any(&CI), container: any(&CONTAINER) }
    }
}

#[cfg(test)]
mod tests {
    use super::{CI, CONTAINER, Surroundings};

    #[test]
    fn a_variable_counts_by_being_there_whatever_it_says() {
        for value in ["", "false", "0", "true"] {
            for name in CI.into_iter().chain(CONTAINER) {
                let surroundings = Surroundings::of(&|asked| (asked == name).then(|| value.into()));
                let expected =
                    Surroundings { ci: CI.contains(&name), container: CONTAINER.contains(&name) };
                assert_eq!(surroundings, expected, "{name}={value}");
            }
        }
        assert_eq!(Surroundings::of(&|_| None), Surroundings::default());
    }
}
