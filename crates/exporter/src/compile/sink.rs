//! A sink: its address, what its profile presets and it overrides, and the secrets it needs.

use super::address;
use super::secrets::SecretNeeds;
use crate::limits;
use crate::plan::{
    Authentication, BatchPlan, Compression, RatePlan, RetryPlan, SinkPlan, SourcePlan, Temporality,
    TlsPlan,
};
use crate::profile::{self, Presets};
use crate::resource::spec::{self, Sink};
use crate::resource::{FieldPath, Finding};
use crate::settings::Settings;

/// Compiles a sink. None if it cannot be used; why is a finding.
pub(super) fn compile(
    sink: &Sink,
    sources: &[SourcePlan],
    settings: &Settings,
    findings: &mut Vec<Finding>,
) -> Option<(SinkPlan, SecretNeeds)> {
    let otlp = &sink.otlp_http;
    let egress = &settings.egress;
    let mut is_usable =
        address::check(&otlp.endpoint, egress, &otlp.path.field("endpoint"), findings);
    let authentication = authentication(&otlp.authentication);
    if let Authentication::OAuth2ClientCredentials { token_url, .. } = &authentication {
        let path = otlp.path.field("authentication").field("tokenUrl");
        is_usable = is_usable.and(address::check(token_url, egress, &path, findings));
    }
    is_usable?;
    let presets = profile::presets(sink.profile);
    let chosen = Chosen { sink, presets: &presets, settings };
    chosen.warn(findings);
    let secrets = SecretNeeds::of(otlp);
    let is_wanted = |source: &SourcePlan| {
        sink.sources.as_ref().is_none_or(|names| names.contains(&source.name))
    };
    let wanted = sources.iter().enumerate().filter(|(_, source)| is_wanted(source));
    let plan = SinkPlan {
        name: sink.name.clone(),
        sources: wanted.map(|(index, _)| index).collect(),
        endpoint: otlp.endpoint.clone(),
        authentication,
        headers: otlp.headers.clone(),
        secret_headers: otlp.headers_from.iter().map(|(name, _)| name.clone()).collect(),
        tls: TlsPlan {
            has_own_authorities: otlp.authorities.is_some(),
            server_name: otlp.server_name.clone(),
        },
        egress: egress.clone(),
        compression: otlp.compression.unwrap_or(presets.compression),
        batch: chosen.batch(),
        retry: RetryPlan {
            attempts_max: sink.retry.attempts_max,
            backoff: sink.retry.backoff,
            backoff_max: sink.retry.backoff_max,
            on_exhausted: sink.retry.on_exhausted,
        },
        temporality: sink.temporality.unwrap_or(presets.temporality),
        rate: chosen.rate(),
        accepts: presets.accepts,
    };
    Some((plan, secrets))
}

fn authentication(given: &spec::Authentication) -> Authentication {
    match given {
        spec::Authentication::None => Authentication::None,
        spec::Authentication::BearerToken(_) => Authentication::BearerToken,
        spec::Authentication::BasicAuth { .. } => Authentication::BasicAuth,
        spec::Authentication::ApiKeyHeader { name, prefix, key: _ } => {
            Authentication::ApiKeyHeader { name: name.clone(), prefix: prefix.clone() }
        }
        spec::Authentication::OAuth2ClientCredentials { token_url, scopes, .. } => {
            Authentication::OAuth2ClientCredentials {
                token_url: token_url.clone(),
                scopes: scopes.clone(),
            }
        }
        spec::Authentication::Mtls { .. } => Authentication::Mtls,
    }
}

/// A sink, its presets and the operator's limits.
struct Chosen<'a> {
    sink: &'a Sink,
    presets: &'a Presets,
    settings: &'a Settings,
}

impl Chosen<'_> {
    fn batch(&self) -> BatchPlan {
        let batch = self.sink.batch;
        let bytes_max = batch.bytes_max.unwrap_or(self.presets.bytes_max);
        BatchPlan {
            is_enabled: batch.is_enabled,
            timeout: batch.timeout,
            points_max: batch.points_max,
            bytes_max: bytes_max.min(self.bytes_that_fit()),
        }
    }

    /// A request has to fit into the memory for requests, beside those of others.
    fn bytes_that_fit(&self) -> usize {
        self.settings.limits.memory_bytes_max / limits::REQUESTS_IN_MEMORY_MIN
    }

    fn rate(&self) -> RatePlan {
        let own = &self.sink.limits;
        let most = self.settings.limits.tenant.points_per_second;
        let points = own.points_per_second.or(self.presets.points_per_second).unwrap_or(most);
        let points = points.min(most);
        // One that sets its own rate does not get the burst that belongs to another.
        let preset = own.points_per_second.is_none().then_some(self.presets.burst);
        RatePlan {
            points_per_second: Some(points),
            burst: own.burst.or(preset).unwrap_or(0).max(points),
            in_flight_max: own.in_flight_max.unwrap_or(self.presets.in_flight_max),
            age_max: own.age_max,
        }
    }

    /// Names what is used, and probably not meant.
    fn warn(&self, findings: &mut Vec<Finding>) {
        let (sink, presets) = (self.sink, self.presets);
        let name = profile::name(sink.profile);
        let otlp = &sink.otlp_http;
        let mut warn = |path: FieldPath, reason: &'static str, message: String| {
            findings.push(Finding::warning(path, reason, message));
        };
        if let Some(temporality) = sink.temporality
            && temporality != presets.temporality
            && !presets.takes_both_temporalities
        {
            let word = temporality_word(temporality);
            let message = format!("receivers of profile `{name}` do not take {word} values");
            warn(sink.path.field("temporality"), "AgainstProfile", message);
        }
        if let Some(compression) = otlp.compression
            && !presets.compressions.contains(&compression)
        {
            let word = compression_word(compression);
            let message = format!("receivers of profile `{name}` do not take `{word}`");
            warn(otlp.path.field("compression"), "AgainstProfile", message);
        }
        if let Some(bytes) = sink.batch.bytes_max {
            let path = sink.path.field("batch").field("maxBytes");
            if bytes > self.bytes_that_fit() {
                let message = format!(
                    "the operator's memory allows {}, which is used",
                    self.bytes_that_fit()
                );
                warn(path, "TooLarge", message);
            } else if bytes > presets.bytes_max && sink.profile != spec::Profile::Generic {
                let message =
                    format!("receivers of profile `{name}` take at most {}", presets.bytes_max);
                warn(path, "AgainstProfile", message);
            }
        }
        let most = self.settings.limits.tenant.points_per_second;
        if sink.limits.points_per_second.is_some_and(|points| points > most) {
            let path = sink.path.field("limits").field("pointsPerSecond");
            warn(path, "TooLarge", format!("the operator allows {most}, which is used"));
        }
        if otlp.endpoint.scheme() == "http" && otlp.authentication != spec::Authentication::None {
            let message = "the credentials are sent without encryption".to_owned();
            warn(otlp.path.field("endpoint"), "NotEncrypted", message);
        }
        self.warn_of_address(&mut warn);
    }

    fn warn_of_address(&self, warn: &mut impl FnMut(FieldPath, &'static str, String)) {
        let (sink, presets) = (self.sink, self.presets);
        let name = profile::name(sink.profile);
        let otlp = &sink.otlp_http;
        if let Some(path) = presets.path
            && !otlp.endpoint.path().ends_with(&format!("{path}/v1/metrics"))
        {
            let message =
                format!("addresses of profile `{name}` end with `{path}`, and this one does not");
            warn(otlp.path.field("endpoint"), "AgainstProfile", message);
        }
        if let (
            Some((header, prefix)),
            spec::Authentication::ApiKeyHeader { name: given, prefix: before, .. },
        ) = (presets.api_key, &otlp.authentication)
            && (!given.eq_ignore_ascii_case(header) || before != prefix)
        {
            let message =
                format!("receivers of profile `{name}` take the key as `{header}: {prefix}KEY`");
            warn(otlp.path.field("authentication"), "AgainstProfile", message);
        }
    }
}

const fn temporality_word(temporality: Temporality) -> &'static str {
    match temporality {
        Temporality::Cumulative => "cumulative",
        Temporality::Delta => "delta",
    }
}

const fn compression_word(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "none",
        Compression::Gzip => "gzip",
        Compression::Zstd => "zstd",
    }
}
