//! What a file's place in a directory says: a must-gather tree names plurals by its directories.

use std::path::Path;

use crate::limits::SHARED_LETTERS_MIN;

/// Tells by its name whether a file of a directory may hold objects.
pub(crate) fn may_hold_objects(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ["json", "yaml", "yml"].iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

/// Returns the plural name that a must-gather tree gives to the objects of a file.
///
/// The forms are `cluster-scoped-resources/GROUP/PLURAL[/NAME].yaml` and
/// `namespaces/NAMESPACE/GROUP/PLURAL[/NAME].yaml`, or without `GROUP` where `NAME` is given.
pub(crate) fn plural(path: Option<&Path>) -> Option<String> {
    let path = path?;
    let mut parts: Vec<&str> = path.parent()?.iter().filter_map(|part| part.to_str()).collect();
    parts.push(path.file_stem()?.to_str()?);
    let below = |name: &str, skip: usize| {
        let at = parts.iter().rposition(|part| *part == name)?;
        parts.get(at + 1 + skip..)
    };
    match below("cluster-scoped-resources", 0).or_else(|| below("namespaces", 1))? {
        [_, plural, _] | [_, plural] if is_group_below(&parts, plural) => {
            Some((*plural).to_owned())
        }
        [plural, _] => Some((*plural).to_owned()),
        _ => None,
    }
}

/// Tells whether the part before the plural can be a group: `core`, `apps` or a domain.
fn is_group_below(parts: &[&str], plural: &str) -> bool {
    let at = parts.iter().position(|part| *part == plural).unwrap_or(0);
    let group = at.checked_sub(1).and_then(|at| parts.get(at)).copied().unwrap_or_default();
    group.contains('.') || matches!(group, "core" | "apps" | "batch" | "autoscaling" | "policy")
}

/// Tells whether a directory's name can be the plural of a kind, so that stray names are ignored.
pub(crate) fn fits(plural: &str, kind: &str) -> bool {
    let kind = kind.to_lowercase();
    let shared = plural.chars().zip(kind.chars()).take_while(|(one, other)| one == other);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    shared.count() >= kind.len().min(SHARED_LETTERS_MIN) && plural.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn must_gather_trees_name_the_plural() {
        for (path, expected) in [
            (
                "cluster-scoped-resources/config.openshift.io/clusterversions/version.yaml",
                Some("clusterversions"),
            ),
            ("mg/cluster-scoped-resources/core/nodes/n1.yaml", Some("nodes")),
            ("cluster-scoped-resources/core/nodes.yaml", Some("nodes")),
            ("namespaces/x/core/pods.yaml", Some("pods")),
            ("namespaces/x/example.com/indices/one.yaml", Some("indices")),
            ("namespaces/x/routes/one.yaml", Some("routes")),
            ("x/pods.json", None),
            ("nodes.json", None),
        ] {
            assert_eq!(plural(Some(Path::new(path))).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_directory_that_is_no_plural_of_the_kind_is_ignored() {
        assert!(fits("gateways", "Gateway"));
        assert!(fits("indices", "Index"));
        assert!(!fits("pods", "Gateway"));
        assert!(!fits("My Pods", "Pod"));
    }
}
