//! What an `Accept` header asks for.

use crate::object::Form;

/// The forms of an answer that the snapshot can write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepted {
    Plain,
    /// `as=PartialObjectMetadata` or `as=PartialObjectMetadataList`.
    Metadata,
    /// `as=APIGroupDiscoveryList` in `v2` or `v2beta1`.
    Aggregated {
        beta: bool,
    },
}

impl Accepted {
    /// Returns the form in which objects are wanted.
    pub(crate) fn form(self) -> Form {
        if self == Self::Metadata { Form::Metadata } else { Form::Whole }
    }
}

/// Picks the first form of the header that can be written; `None` when there is none.
pub(crate) fn accepted(header: Option<&str>) -> Option<Accepted> {
    let header = header.map(str::trim).filter(|header| !header.is_empty()).unwrap_or("*/*");
    header.split(',').find_map(one)
}

fn one(range: &str) -> Option<Accepted> {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next()?;
    if !matches!(media, "application/json" | "application/*" | "*/*") {
        return None;
    }
    let (mut form, mut group, mut version) = ("", "", "");
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        match name.trim() {
            "as" => form = value.trim(),
            "g" => group = value.trim(),
            "v" => version = value.trim(),
            _ => {} // `q`, `charset`, …
        }
    }
    match (form, group, version) {
        ("", ..) => Some(Accepted::Plain),
        ("PartialObjectMetadata" | "PartialObjectMetadataList", "meta.k8s.io", "v1") => {
            Some(Accepted::Metadata)
        }
        ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2" | "v2beta1") => {
            Some(Accepted::Aggregated { beta: version != "v2" })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_form_that_can_be_written_is_taken() {
        for (header, expected) in [
            (None, Some(Accepted::Plain)),
            (Some("*/*"), Some(Accepted::Plain)),
            (Some("application/vnd.kubernetes.protobuf,application/json"), Some(Accepted::Plain)),
            (
                Some("application/json;as=Table;v=v1;g=meta.k8s.io,application/json"),
                Some(Accepted::Plain),
            ),
            (
                Some("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
                Some(Accepted::Metadata),
            ),
            (
                Some(
                    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json",
                ),
                Some(Accepted::Aggregated { beta: false }),
            ),
            (Some("application/yaml"), None),
        ] {
            assert_eq!(accepted(header), expected, "{header:?}");
        }
    }
}
