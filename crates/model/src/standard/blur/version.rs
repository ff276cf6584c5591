//! Version numbers without the additions of vendors.

use super::super::schema::VersionPart;
use crate::limits::VERSION_BYTES_MAX;

/// The first words of a pre-release that are kept. Any other word could be a name.
pub(crate) const PRE_RELEASES: [&str; 6] = ["alpha", "beta", "dev", "pre", "preview", "rc"];

/// A version cut down to a part: `v1.23.4-gke-a1fdc32f` is `v1.23.4`. `None` when it is none.
///
/// A version that has fewer parts than asked for stays as short as it is.
pub(super) fn normalize(text: &str, part: VersionPart) -> Option<String> {
    if text.len() > VERSION_BYTES_MAX {
        return None;
    }
    let (prefix, mut rest) = match text.strip_prefix('v') {
        Some(rest) => ("v", rest),
        None => ("", text),
    };
    let kept = match part {
        VersionPart::Major => 1,
        VersionPart::Minor => 2,
        VersionPart::Patch | VersionPart::Full => 3,
    };
    let mut numbers = Vec::new();
    loop {
        let (number, after) = leading_number(rest)?;
        numbers.push(number.to_string());
        rest = after;
        match rest.strip_prefix('.') {
            Some(next) if numbers.len() < 3 && next.starts_with(|c: char| c.is_ascii_digit()) => {
                rest = next;
            }
            _ => break,
        }
    }
    if !rest.is_empty() && !rest.starts_with(['-', '+', '.', '~', '_']) {
        return None;
    }
    let complete = numbers.len() == 3;
    numbers.truncate(kept);
    let mut version = format!("{prefix}{}", numbers.join("."));
    if part == VersionPart::Full && complete {
        version.extend(rest.strip_prefix('-').and_then(pre_release).map(|pre| format!("-{pre}")));
    }
    Some(version)
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

/// `rc.1` of `rc.1.20240101-g1234567+build`; nothing of `gke.100`.
fn pre_release(text: &str) -> Option<String> {
    let letters = text.bytes().take_while(u8::is_ascii_lowercase).count();
    let (word, rest) = text.split_at_checked(letters)?;
    if !PRE_RELEASES.contains(&word) {
        return None;
    }
    let (dot, rest) = match rest.strip_prefix('.') {
        Some(rest) => (".", rest),
        None => ("", rest),
    };
    Some(match leading_number(rest) {
        Some((number, _)) => format!("{word}{dot}{number}"),
        None => word.to_owned(),
    })
}

/// A regular expression for what [`normalize`] returns.
pub(crate) fn pattern(part: VersionPart) -> String {
    let minor = r"^v?\d+(\.\d+)?$";
    let patch = r"^v?\d+(\.\d+(\.\d+)?)?$";
    match part {
        VersionPart::Major => r"^v?\d+$".to_owned(),
        VersionPart::Minor => minor.to_owned(),
        VersionPart::Patch => patch.to_owned(),
        VersionPart::Full => {
            let words = PRE_RELEASES.join("|");
            format!(r"^v?\d+(\.\d+(\.\d+(-({words})(\.?\d+)?)?)?)?$")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, [major, minor, patch, full]: [&str; 4]) {
        for (part, expected) in [
            (VersionPart::Major, major),
            (VersionPart::Minor, minor),
            (VersionPart::Patch, patch),
            (VersionPart::Full, full),
        ] {
            assert_eq!(normalize(text, part).as_deref(), Some(expected), "{text} {part:?}");
        }
    }

    #[test]
    fn a_version_keeps_its_numbers_and_loses_its_vendor() {
        check("v1.23.4", ["v1", "v1.23", "v1.23.4", "v1.23.4"]);
        check("1.23.4", ["1", "1.23", "1.23.4", "1.23.4"]);
        check("v1.23.4-gke-a1fdc32f", ["v1", "v1.23", "v1.23.4", "v1.23.4"]);
        check("v1.29.3+k3s1", ["v1", "v1.29", "v1.29.3", "v1.29.3"]);
        check("1.27+", ["1", "1.27", "1.27", "1.27"]);
        check("v1.30.0-rc.1+build.7", ["v1", "v1.30", "v1.30.0", "v1.30.0-rc.1"]);
        check("v1.30.0-rc1", ["v1", "v1.30", "v1.30.0", "v1.30.0-rc1"]);
        check("v1.30.0-alpha.2.45-acme", ["v1", "v1.30", "v1.30.0", "v1.30.0-alpha.2"]);
        check("v1.30.0-beta", ["v1", "v1.30", "v1.30.0", "v1.30.0-beta"]);
        check("v1.30.0-acme.7", ["v1", "v1.30", "v1.30.0", "v1.30.0"]);
        check("3.4.3.1", ["3", "3.4", "3.4.3", "3.4.3"]);
        check("v2", ["v2", "v2", "v2", "v2"]);
        check("4.12.0-0.nightly-2022", ["4", "4.12", "4.12.0", "4.12.0"]);
    }

    #[test]
    fn what_is_not_a_version_is_none() {
        let long = format!("1.2.3-{}", "a".repeat(200));
        for text in ["", "v", "latest", "my-cluster", "12monkeys", "99999999999.1", "V1.2", &long] {
            assert_eq!(normalize(text, VersionPart::Full), None, "{text}");
        }
    }
}
