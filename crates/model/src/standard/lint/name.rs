//! Lints names of fields: the key that is sent, and the canonical name.

use super::super::reader::Reader;
use crate::limits::{FIELD_NAME_BYTES_MAX, SIMILAR_NAME_BYTES_MIN};

/// Units must not end a name: the type has the unit.
const UNITS: &[&str] = &[
    "seconds",
    "secs",
    "sec",
    "milliseconds",
    "millis",
    "ms",
    "microseconds",
    "us",
    "nanoseconds",
    "ns",
    "minutes",
    "mins",
    "hours",
    "days",
    "bytes",
    "kb",
    "mb",
    "gb",
    "kib",
    "mib",
    "gib",
    "total",
    "percent",
    "pct",
];
/// Names of OpenTelemetry that identify a cluster or a machine.
const FORBIDDEN: &[&str] = &["k8s.cluster.uid", "k8s.cluster.name", "host.name"];
/// Segments of names whose values are free text of users.
const FORBIDDEN_SEGMENTS: &[&str] = &["label", "annotation"];

/// Checks the key under which a field is sent. A field with a canonical name may have a unit in its
/// key, where readers know it by that key.
pub(super) fn wire(reader: &mut Reader, at: &str, path: &str, semconv: Option<&str>) {
    let name = path.rsplit_once('.').map_or(path, |(_, name)| name);
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > FIELD_NAME_BYTES_MAX || !name.chars().all(allowed) {
        let fix = "use at most 64 letters, digits, `_` and `-`";
        reader.error_at(at, format!("`{path}` cannot be the name of a field"), fix);
    }
    if semconv.is_none()
        && let Some(unit) = unit(name)
    {
        let fix = "name what is measured; where the name is given, add a `semconv` name without it";
        reader.error_at(at, format!("the name of field `{path}` ends in the unit `{unit}`"), fix);
    }
}

/// Checks the canonical name.
pub(super) fn semconv(reader: &mut Reader, at: &str, name: &str) {
    let at = format!("{at}.semconv");
    let segment = |segment: &str| {
        segment.starts_with(|c: char| c.is_ascii_lowercase())
            && segment.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    if !name.contains('.') || !name.split('.').all(segment) {
        let fix = "use lower-case words joined by `.`, as in `ktel.cluster.version`";
        reader.error_at(&at, format!("`{name}` is not a canonical name"), fix);
    }
    if FORBIDDEN.contains(&name) || name.split('.').any(|part| FORBIDDEN_SEGMENTS.contains(&part)) {
        let message = format!("`{name}` names what identifies a cluster or what users wrote");
        reader.error_at(&at, message, "do not collect it");
    }
    if let Some(unit) = name.rsplit_once('.').and_then(|(_, last)| unit(last)) {
        let fix = "leave the unit out; the type says it";
        reader.error_at(&at, format!("`{name}` ends in the unit `{unit}`"), fix);
    }
}

fn unit(name: &str) -> Option<&'static str> {
    let last = name.rsplit(['_', '-']).next()?;
    UNITS.iter().find(|unit| **unit == last).copied()
}

/// Notes names that are easily confused with an earlier one.
pub(super) fn too_similar<'n>(
    reader: &mut Reader,
    at: &str,
    names: impl Iterator<Item = &'n String> + Clone,
) {
    for (index, name) in names.clone().enumerate() {
        if let Some(earlier) = names.clone().take(index).find(|earlier| similar(earlier, name)) {
            let message = format!("`{name}` is too similar to `{earlier}`");
            let fix = "choose a name that says what is different";
            reader.error_at(&format!("{at}.{name}"), message, fix);
        }
    }
}

fn similar(left: &str, right: &str) -> bool {
    let plain = |name: &str| name.to_ascii_lowercase().replace('-', "_");
    let (left, right) = (plain(left), plain(right));
    let letters = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    let numbered = left != right && letters(&left) == letters(&right);
    let long = left.len().min(right.len()) >= SIMILAR_NAME_BYTES_MIN;
    left == right || (long && !numbered && strsim::levenshtein(&left, &right) <= 1)
}
