//! The meaning of a path.

use crate::percent;

/// Everything that the API serves, by the form of its path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Version,
    Health,
    /// `/api`
    CoreVersions,
    /// `/apis`
    Groups,
    /// `/apis/GROUP`
    Group(String),
    /// `/api/v1`, `/apis/GROUP/VERSION`
    Resources(GroupVersion),
    /// `…/PLURAL`, `…/namespaces/NAMESPACE/PLURAL`
    List(Plural),
    /// The same with `/NAME` or `/NAME/status`.
    Object {
        plural: Plural,
        name: String,
        status: bool,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupVersion {
    pub(crate) group: String,
    pub(crate) version: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plural {
    pub(crate) at: GroupVersion,
    pub(crate) plural: String,
    pub(crate) namespace: Option<String>,
}

/// Reads a path; `None` when it has no form the API knows.
pub(crate) fn route(path: &str) -> Option<Route> {
    let parts: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(|part| percent::decode(part, false))
        .collect::<Option<_>>()?;
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["version"] => Some(Route::Version),
        ["healthz" | "livez" | "readyz", ..] => Some(Route::Health),
        ["api"] => Some(Route::CoreVersions),
        ["apis"] => Some(Route::Groups),
        ["apis", group] => Some(Route::Group((*group).to_owned())),
        ["api", version, rest @ ..] => below("", version, rest),
        ["apis", group, version, rest @ ..] => below(group, version, rest),
        _ => None,
    }
}

fn below(group: &str, version: &str, rest: &[&str]) -> Option<Route> {
    let at = GroupVersion { group: group.to_owned(), version: version.to_owned() };
    let (namespace, rest) = match rest {
        // A namespace is an object as well as a place.
        ["namespaces", _] | ["namespaces", _, "status"] => (None, rest),
        ["namespaces", namespace, rest @ ..] => (Some((*namespace).to_owned()), rest),
        _ => (None, rest),
    };
    let plural = |name: &str| Plural { at: at.clone(), plural: name.to_owned(), namespace };
    match rest {
        [] => Some(Route::Resources(at)),
        [name] => Some(Route::List(plural(name))),
        [kind, name] => {
            Some(Route::Object { plural: plural(kind), name: (*name).to_owned(), status: false })
        }
        [kind, name, "status"] => {
            Some(Route::Object { plural: plural(kind), name: (*name).to_owned(), status: true })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plural(group: &str, version: &str, plural: &str, namespace: Option<&str>) -> Plural {
        let at = GroupVersion { group: group.into(), version: version.into() };
        Plural { at, plural: plural.into(), namespace: namespace.map(Into::into) }
    }

    #[track_caller]
    fn check(path: &str, expected: Option<Route>) {
        assert_eq!(route(path), expected, "{path}");
    }

    #[test]
    fn every_path_of_the_api_is_told_apart() {
        let object =
            |plural, name: &str, status| Route::Object { plural, name: name.into(), status };
        check("/version", Some(Route::Version));
        check("/api", Some(Route::CoreVersions));
        check("/apis/", Some(Route::Groups));
        check("/apis/apps", Some(Route::Group("apps".into())));
        check("/api/v1/pods", Some(Route::List(plural("", "v1", "pods", None))));
        check("/api/v1/namespaces", Some(Route::List(plural("", "v1", "namespaces", None))));
        let namespaces = plural("", "v1", "namespaces", None);
        check("/api/v1/namespaces/x", Some(object(namespaces.clone(), "x", false)));
        check("/api/v1/namespaces/x/status", Some(object(namespaces, "x", true)));
        let pods = plural("", "v1", "pods", Some("x"));
        check("/api/v1/namespaces/x/pods", Some(Route::List(pods.clone())));
        check("/api/v1/namespaces/x/pods/a%2Db", Some(object(pods, "a-b", false)));
        let deployments = plural("apps", "v1", "deployments", Some("x"));
        check("/apis/apps/v1/namespaces/x/deployments/y", Some(object(deployments, "y", false)));
        for unknown in ["/", "/metrics", "/api/v1/namespaces/x/pods/y/log", "/api/v1/a%zz"] {
            check(unknown, None);
        }
    }
}
