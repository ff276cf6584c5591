//! Encodes the attributes of a series once, within what the receiver takes.

use std::hash::{DefaultHasher, Hash, Hasher};

use ktel_otlp::Attributes;

use super::identity::{scope_key, service};
use super::index::Target;
use crate::plan::Accepts;
use crate::slice::Series;

/// Which labels of a series are no attributes of its points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Except {
    /// Those of the scope.
    pub(super) scope: bool,
    /// The bound of a bucket, or the quantile.
    pub(super) bound: bool,
}

/// What came of the attributes of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// All are there.
    Whole,
    /// All are there, some with a shorter name or value.
    Shortened,
    /// There are more than the receiver takes.
    TooMany,
}

/// Pushes attributes within what a receiver takes.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttributeLimits {
    count_max: usize,
    name_bytes_max: usize,
    value_bytes_max: usize,
}

impl AttributeLimits {
    pub(super) fn new(accepts: &Accepts) -> Self {
        Self {
            count_max: accepts.attributes_max.unwrap_or(usize::MAX),
            name_bytes_max: accepts.attribute_name_bytes_max.unwrap_or(usize::MAX),
            value_bytes_max: accepts.attribute_value_bytes_max.unwrap_or(usize::MAX),
        }
    }

    /// Adds the attributes of a series; the resource has so many already.
    pub(super) fn push_series(
        self,
        series: Series<'_>,
        except: Except,
        of_resource: usize,
        out: &mut Attributes,
    ) -> Fit {
        let mut count = of_resource;
        let mut is_whole = true;
        for (name, value) in series.labels() {
            let is_elsewhere = match name {
                "job" | "instance" => true,
                "le" | "vmrange" | "quantile" => except.bound,
                _ => except.scope && scope_key(name).is_some(),
            };
            if !is_elsewhere {
                count += 1;
                is_whole &= self.push(name, value, out);
            }
        }
        match (count <= self.count_max, is_whole) {
            (false, _) => Fit::TooMany,
            (true, true) => Fit::Whole,
            (true, false) => Fit::Shortened,
        }
    }

    /// Adds the attributes of a resource; says how many there are.
    pub(super) fn push_target(self, target: &Target<'_>, out: &mut Attributes) -> usize {
        let (namespace, name) = service(target.job);
        let own = [
            ("service.namespace", namespace.unwrap_or_default()),
            ("service.name", name),
            ("service.instance.id", target.instance),
        ];
        let mut count = 0;
        for (name, value) in own.into_iter().filter(|(_, value)| !value.is_empty()) {
            self.push(name, value, out);
            count += 1;
        }
        for (name, value) in target.info.iter().flat_map(Series::labels) {
            let is_own = own.iter().any(|(own, _)| *own == name);
            if !is_own && name != "job" && name != "instance" {
                self.push(name, value, out);
                count += 1;
            }
        }
        count
    }

    /// Adds an attribute; says whether it is whole.
    fn push(self, name: &str, value: &str, out: &mut Attributes) -> bool {
        if name.len() <= self.name_bytes_max && value.len() <= self.value_bytes_max {
            out.push(name, value);
            return true;
        }
        let (name, value) =
            (shorten(name, self.name_bytes_max), shorten(value, self.value_bytes_max));
        out.push(name.as_str(), value.as_str());
        false
    }
}

/// What stands behind a text that was cut: `~` and a hash of the whole.
const MARK: usize = 17;

/// Cuts a text. Texts that differ stay different: a series may not become another.
fn shorten(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.into();
    }
    // The hasher has no seed: the same text gives the same bytes in every process.
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let mark = format!("~{:016x}", hasher.finish());
    let kept = text.floor_char_boundary(bytes_max.saturating_sub(MARK));
    let mut short = format!("{}{mark}", text.split_at(kept).0);
    short.truncate(bytes_max);
    short
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn a_text_that_is_cut_stays_different_from_others() {
        let long = "ä".repeat(50);
        assert_eq!(shorten("short", 5), "short");
        let (one, other) = (shorten(&long, 40), shorten(&format!("{long}b"), 40));
        assert_ne!(one, other);
        assert_eq!(one.len(), 39); // a letter of two bytes is not torn
        assert!(one.starts_with("äää") && one.contains('~'), "{one}");
        assert_eq!(shorten(&long, 4).len(), 4);
    }
}
