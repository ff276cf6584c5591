//! What is shown, and the words for it.

use ktel_exporter::plan::{Compression, Temporality};
use ktel_exporter::preview::{Failure, SourcePreview};
use ktel_exporter::profile;
use ktel_exporter::source::{Asked, ReadError};
use ktel_exporter::time::Millis;

use crate::commands::exporter::file::FromFile;

/// An Exporter, and what its sources would deliver.
pub(super) struct Previewed {
    pub(super) exporter: FromFile,
    /// In the order of the plan.
    pub(super) sources: Vec<Source>,
}

/// What a source asks the store, and what it would deliver.
pub(super) struct Source {
    pub(super) asked: Result<Asked, ReadError>,
    pub(super) preview: Result<SourcePreview, Failure>,
}

impl Previewed {
    /// Names the profile of a sink.
    pub(super) fn profile(&self, sink: &str) -> &'static str {
        let mut sinks = self.exporter.spec.sinks.iter();
        sinks.find(|one| one.name == sink).map_or("", |sink| profile::name(sink.profile))
    }
}

pub(super) const fn temporality(temporality: Temporality) -> &'static str {
    match temporality {
        Temporality::Cumulative => "cumulative",
        Temporality::Delta => "delta",
    }
}

pub(super) const fn compression(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "none",
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
    }
}

/// Writes a time, to the second where it has no more.
pub(super) fn time(millis: Millis) -> String {
    jiff::Timestamp::from_millisecond(millis.0)
        .map_or_else(|_| millis.to_string(), |time| time.to_string())
}
