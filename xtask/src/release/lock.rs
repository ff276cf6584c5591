//! As much of `Cargo.lock` as an SBOM takes from it: the checksum of each package of the registry.

use std::collections::BTreeMap;

/// Checksums (SHA-256) by name and version.
pub(super) type Checksums<'a> = BTreeMap<(&'a str, &'a str), &'a str>;

/// Reads the file that cargo writes: one `key = "value"` in a line.
pub(super) fn checksums(lock: &str) -> Checksums<'_> {
    lock.split("[[package]]\n").skip(1).filter_map(checksum).collect()
}

/// Gives nothing for a package of the workspace, which has no checksum.
fn checksum(package: &str) -> Option<((&str, &str), &str)> {
    Some(((value(package, "name")?, value(package, "version")?), value(package, "checksum")?))
}

fn value<'a>(package: &'a str, key: &str) -> Option<&'a str> {
    let of = |line: &'a str| line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"');
    package.lines().find_map(of)
}

#[cfg(test)]
mod tests {
    use super::checksums;

    #[test]
    fn packages_of_the_workspace_have_no_checksum() {
        let lock = "version = 4\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry\"\n\
                    checksum = \"aa\"\ndependencies = [\n \"b\",\n]\n\n[[package]]\nname = \"b\"\nversion = \"0.1.0\"\n";
        let found: Vec<_> = checksums(lock).into_iter().collect();
        assert_eq!(found, [(("a", "1.0.0"), "aa")]);
    }
}
