//! Version numbers without the additions of vendors.
//!
//! A source that has no readable version says [`UNKNOWN`].

use super::super::schema::VersionPart;
use crate::limits::VERSION_BYTES_MAX;

/// The words of a pre-release that are kept. Any other word could be a name.
pub(crate) const PRE_RELEASES: [&str; 9] =
    ["alpha", "beta", "canary", "dev", "nightly", "pre", "preview", "rc", "snapshot"];

/// The word for a version that cannot be read.
pub const UNKNOWN: &str = "unknown";

/// A version cut down to a part: `v1.23.4-gke-a1fdc32f` is `v1.23.4`. `None` when it is none.
///
/// A version that has fewer parts than asked for stays as short as it is. Two numbers may be followed by
/// anything, as in `v1.30eks`; a single one only by what cannot be a word, as `12monkeys` is no version.
pub(super) fn normalize(text: &str, part: VersionPart) -> Option<String> {
    if text.len() > VERSION_BYTES_MAX {
        return None;
    }
    if text == UNKNOWN {
        return Some(UNKNOWN.to_owned());
    }
    let (prefix, mut rest) = match text.strip_prefix(['v', 'V']) {
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
    if numbers.len() == 1 && !rest.is_empty() && !rest.starts_with(['-', '+', '.', '~', '_']) {
        return None;
    }
    // `v1.30.0-rc.1` comes before v1.30. `v1.30.2-rc.1` comes after it, and is one of v1.30.
    let is_before = numbers.iter().skip(kept).all(|number| number == "0");
    numbers.truncate(kept);
    let pre_release = pre_release(rest).filter(|_| is_before).map(|(word, number)| match part {
        VersionPart::Full => format!("-{word}{number}"),
        VersionPart::Major | VersionPart::Minor | VersionPart::Patch => format!("-{word}"),
    });
    Some(format!("{prefix}{}{}", numbers.join("."), pre_release.unwrap_or_default()))
}

fn leading_number(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    Some((number.parse().ok()?, rest))
}

/// The word of a pre-release, and its number with the dot before it: `rc` and `.1` of
/// `-rc.1.20240101-g1234567+build`; nothing of `-gke.100`.
fn pre_release(rest: &str) -> Option<(&'static str, String)> {
    let rest = rest.strip_prefix(['-', '.', '~', '_']).unwrap_or(rest);
    // OpenShift writes `4.12.0-0.nightly-2022-…`.
    let rest = match leading_number(rest) {
        Some((_, after)) => after.strip_prefix(['.', '-'])?,
        None => rest,
    };
    let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (word, rest) = rest.split_at_checked(letters)?;
    let word = PRE_RELEASES.into_iter().find(|known| known.eq_ignore_ascii_case(word))?;
    let (dot, rest) = match rest.strip_prefix('.') {
        Some(rest) => (".", rest),
        None => ("", rest),
    };
    let number = leading_number(rest).map(|(number, _)| format!("{dot}{number}"));
    Some((word, number.unwrap_or_default()))
}

/// A regular expression for what [`normalize`] returns.
pub(crate) fn pattern(part: VersionPart) -> String {
    let words = PRE_RELEASES.join("|");
    let (more, number) = match part {
        VersionPart::Major => ("", ""),
        VersionPart::Minor => (r"(\.\d+)?", ""),
        VersionPart::Patch => (r"(\.\d+){0,2}", ""),
        VersionPart::Full => (r"(\.\d+){0,2}", r"(\.?\d+)?"),
    };
    format!(r"^({UNKNOWN}|v?\d+{more}(-({words}){number})?)$")
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
        check("v1.30.0-rc.1+build.7", ["v1", "v1.30-rc", "v1.30.0-rc", "v1.30.0-rc.1"]);
        check("v1.30.0-acme.7", ["v1", "v1.30", "v1.30.0", "v1.30.0"]);
        check("3.4.3.1", ["3", "3.4", "3.4.3", "3.4.3"]);
        check("v2", ["v2", "v2", "v2", "v2"]);
    }

    #[test]
    fn a_pre_release_is_not_told_as_its_release() {
        check("v1.30.0-rc1", ["v1", "v1.30-rc", "v1.30.0-rc", "v1.30.0-rc1"]);
        check("v1.30.0-RC.2", ["v1", "v1.30-rc", "v1.30.0-rc", "v1.30.0-rc.2"]);
        check("v1.30.0rc2", ["v1", "v1.30-rc", "v1.30.0-rc", "v1.30.0-rc2"]);
        check("v1.30.0-alpha.2.45-acme", ["v1", "v1.30-alpha", "v1.30.0-alpha", "v1.30.0-alpha.2"]);
        check("v1.30.0-beta", ["v1", "v1.30-beta", "v1.30.0-beta", "v1.30.0-beta"]);
        check("v1.30-beta.1", ["v1", "v1.30-beta", "v1.30-beta", "v1.30-beta.1"]);
        check("v2.0.0-rc.1", ["v2-rc", "v2.0-rc", "v2.0.0-rc", "v2.0.0-rc.1"]);
        check("2-SNAPSHOT", ["2-snapshot", "2-snapshot", "2-snapshot", "2-snapshot"]);
        check("4.12.0-0.nightly-2022", ["4", "4.12-nightly", "4.12.0-nightly", "4.12.0-nightly"]);
        // What was before a patch is one of the minor version that is out.
        check("v1.30.2-rc.1", ["v1", "v1.30", "v1.30.2-rc", "v1.30.2-rc.1"]);
        // What stands behind a plus is no pre-release, and a word that only begins like one is none.
        check("v1.30.0+rc.1", ["v1", "v1.30", "v1.30.0", "v1.30.0"]);
        check("v1.30.0-rcorp.1", ["v1", "v1.30", "v1.30.0", "v1.30.0"]);
    }

    #[test]
    fn vendors_may_write_anything_after_two_numbers() {
        check("V1.2.3", ["v1", "v1.2", "v1.2.3", "v1.2.3"]);
        check("v1.30.1eks", ["v1", "v1.30", "v1.30.1", "v1.30.1"]);
        check("v1.30eks", ["v1", "v1.30", "v1.30", "v1.30"]);
        check("1.30.1 (acme)", ["1", "1.30", "1.30.1", "1.30.1"]);
        check("v1-custom", ["v1", "v1", "v1", "v1"]);
    }

    #[test]
    fn a_version_that_its_source_cannot_read_is_unknown() {
        check("unknown", ["unknown"; 4]);
    }

    #[test]
    fn what_is_not_a_version_is_none() {
        let long = format!("1.2.3-{}", "a".repeat(200));
        for text in [
            "",
            "v",
            "Unknown",
            "unknown-1",
            "latest",
            "my-cluster",
            "12monkeys",
            "v1beta1",
            "99999999999.1",
            &long,
        ] {
            assert_eq!(normalize(text, VersionPart::Full), None, "{text}");
        }
    }
}
