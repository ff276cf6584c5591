//! What a vendor's endpoint needs: presets of a sink that can each be overridden.
//!
//! The numbers are those of the vendors' pages on OTLP. Bytes count before compression, as OTLP counts them; where a vendor
//! limits the compressed request only, the same number is used, so that a request fits however it is compressed.

use std::time::Duration;

use crate::plan::{Accepts, Compression, Temporality};
use crate::resource::spec::Profile;

/// What a profile presets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presets {
    /// Since when values are counted.
    pub temporality: Temporality,
    /// Whether the receiver takes the other temporality, too.
    pub takes_both_temporalities: bool,
    /// Bytes of a request before compression.
    pub bytes_max: usize,
    /// How requests are compressed.
    pub compression: Compression,
    /// How else they may be compressed.
    pub compressions: &'static [Compression],
    /// Points a second.
    pub points_per_second: Option<u64>,
    /// Points that may be sent at once above it.
    pub burst: u64,
    /// Requests that are under way at once.
    pub in_flight_max: usize,
    /// What the receiver does not take.
    pub accepts: Accepts,
    /// The header of an API key, and what stands before the key.
    pub api_key: Option<(&'static str, &'static str)>,
    /// What an endpoint of the vendor ends with, before `/v1/metrics`.
    pub path: Option<&'static str>,
}

const MIB: usize = 1024 * 1024;

/// Any OTLP receiver: gzip is all that a server has to know, and 4 MiB is what gRPC servers take by default.
const GENERIC: Presets = Presets {
    temporality: Temporality::Cumulative,
    takes_both_temporalities: true,
    bytes_max: 4 * MIB,
    compression: Compression::Gzip,
    compressions: &[Compression::None, Compression::Gzip, Compression::Zstd],
    points_per_second: None,
    burst: 0,
    in_flight_max: 4,
    accepts: Accepts {
        out_of_order: None,
        one_point_a_second: false,
        no_summaries: false,
        attributes_max: None,
        attribute_name_bytes_max: None,
        attribute_value_bytes_max: None,
    },
    api_key: None,
    path: None,
};

const GZIP_OR_NONE: &[Compression] = &[Compression::None, Compression::Gzip];

/// Gives the presets of a profile.
#[must_use]
pub const fn presets(profile: Profile) -> Presets {
    match profile {
        Profile::Generic => GENERIC,
        // The stack's default limits: 10 000 samples a second, a burst of 200 000, samples of the last 2 hours out of order.
        Profile::GrafanaCloud => Presets {
            takes_both_temporalities: false,
            compressions: GZIP_OR_NONE,
            points_per_second: Some(10_000),
            burst: 200_000,
            accepts: Accepts {
                out_of_order: Some(Duration::from_secs(2 * 3600)),
                ..GENERIC.accepts
            },
            path: Some("/otlp"),
            ..GENERIC
        },
        // 500 KB of body; cumulative values are an error; of two points of a series in one second the last one stays.
        Profile::Datadog => Presets {
            temporality: Temporality::Delta,
            takes_both_temporalities: false,
            bytes_max: 500_000,
            accepts: Accepts { one_point_a_second: true, ..GENERIC.accepts },
            api_key: Some(("dd-api-key", "")),
            ..GENERIC
        },
        // 1 MB of body; delta is preferred, and cumulative counters are converted there.
        Profile::NewRelic => Presets {
            temporality: Temporality::Delta,
            bytes_max: 1_000_000,
            accepts: Accepts {
                attributes_max: Some(64),
                attribute_name_bytes_max: Some(255),
                attribute_value_bytes_max: Some(4095),
                ..GENERIC.accepts
            },
            api_key: Some(("api-key", "")),
            ..GENERIC
        },
        // 4 MB of body; cumulative counters and histograms, and summaries, are not taken.
        Profile::Dynatrace => Presets {
            temporality: Temporality::Delta,
            takes_both_temporalities: false,
            bytes_max: 4_000_000,
            compressions: GZIP_OR_NONE,
            accepts: Accepts { no_summaries: true, ..GENERIC.accepts },
            api_key: Some(("Authorization", "Api-Token ")),
            path: Some("/api/v2/otlp"),
            ..GENERIC
        },
        // Deployments before 9.5 take delta histograms only, and all take delta.
        Profile::Elastic => Presets {
            temporality: Temporality::Delta,
            api_key: Some(("Authorization", "ApiKey ")),
            ..GENERIC
        },
        // Its page names no limit of bytes for metrics; 1 MB is that of its other endpoint for logs.
        Profile::CloudWatch => {
            Presets { bytes_max: 1_000_000, compressions: GZIP_OR_NONE, ..GENERIC }
        }
        // Without `out_of_order_time_window` no point may be older than the newest of its series: so one request at a time.
        Profile::Prometheus => Presets {
            takes_both_temporalities: false,
            compressions: GZIP_OR_NONE,
            in_flight_max: 1,
            accepts: Accepts { out_of_order: Some(Duration::ZERO), ..GENERIC.accepts },
            path: Some("/api/v1/otlp"),
            ..GENERIC
        },
    }
}

/// The name of a profile, as it is written.
#[must_use]
pub const fn name(profile: Profile) -> &'static str {
    match profile {
        Profile::Generic => "generic",
        Profile::GrafanaCloud => "grafana-cloud",
        Profile::Datadog => "datadog",
        Profile::NewRelic => "newrelic",
        Profile::Dynatrace => "dynatrace",
        Profile::Elastic => "elastic",
        Profile::CloudWatch => "cloudwatch",
        Profile::Prometheus => "prometheus",
    }
}
