//! Makes the one form of a resource of what is written: spellings, defaults, and the checks that the API server makes too.
//!
//! Pure. What cannot be used is omitted and named in a finding, so that the other sources and sinks work.

mod authentication;
mod reason;
mod selector;
mod sink;
mod source;
mod value;

use std::collections::BTreeSet;

use super::finding::Finding;
use super::path::FieldPath;
use super::spec::Spec;
use super::wire::ExporterSpec;

/// Makes the one form of a resource of what is written.
#[must_use]
pub fn normalise(written: &ExporterSpec) -> (Spec, Vec<Finding>) {
    let mut findings = Vec::new();
    let here = FieldPath::spec();
    let names: BTreeSet<&str> = written.sources.iter().map(|source| source.name.as_str()).collect();
    let sources = written.sources.iter().enumerate().filter_map(|(index, source)| {
        source::normalise(source, here.field("sources").item(index), &mut findings)
    });
    let sources = sources.collect();
    let sinks = written.sinks.iter().enumerate().filter_map(|(index, sink)| {
        sink::normalise(sink, &names, here.field("sinks").item(index), &mut findings)
    });
    let sinks = sinks.collect();
    (Spec { sources, sinks, is_suspended: written.suspend }, findings)
}

#[cfg(test)]
mod tests;
