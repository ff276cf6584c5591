//! The product's own metrics as they are configured, checked against the schema that they fill.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ktel_delivery::http::Url;
use ktel_model::Schema;
use ktel_model::standard::schema::{MapValue, Type};
use serde::Deserialize;

use super::error::{Wrong, hinted};
use super::types::{Endpoint, Metrics};
use crate::limits;
use crate::metrics::{Grouping, Measure, Series, Target};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMetrics {
    from: String,
    token_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    series: Vec<RawSeries>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSeries {
    gauge: Option<String>,
    counter: Option<String>,
    histogram: Option<String>,
    #[serde(default)]
    r#where: BTreeMap<String, String>,
    per: Option<RawPer>,
    times: Option<f64>,
    by: Option<String>,
    into: RawInto,
    other: Option<String>,
}

/// The time that the growth of a counter is given per.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawPer {
    Second,
    Minute,
    Hour,
    Day,
}

impl RawPer {
    fn seconds(self) -> f64 {
        match self {
            Self::Second => 1.0,
            Self::Minute => 60.0,
            Self::Hour => 3600.0,
            Self::Day => 86_400.0,
        }
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawInto {
    Field(String),
    Words(BTreeMap<String, String>),
}

impl RawMetrics {
    /// Checks every value.
    pub(super) fn check(self, schema: &Schema) -> Result<Metrics, Wrong> {
        let Self { from, token_file, ca_file, series } = self;
        if series.len() > limits::SERIES_MAX {
            return Err(
                format!("`stats.metrics` has more than {} series", limits::SERIES_MAX).into()
            );
        }
        let from = endpoint(&from)?;
        if matches!(from, Endpoint::Service { .. }) && (token_file.is_some() || ca_file.is_some()) {
            let message = "a service is read by way of the API server, with the agent's own token";
            return Err(hinted(message.into(), "omit `token_file` and `ca_file`"));
        }
        let series = series.into_iter().map(|raw| raw.check(schema)).collect::<Result<_, _>>()?;
        Ok(Metrics { from, token_file, ca_file, series })
    }
}

fn endpoint(text: &str) -> Result<Endpoint, Wrong> {
    let hint = "write `http://HOST:PORT/metrics` or `service/NAMESPACE/NAME:PORT/metrics`";
    let wrong =
        || hinted(format!("`stats.metrics` comes from `{text}`, which is no endpoint"), hint);
    if let Some(service) = text.strip_prefix("service/") {
        let (namespace, rest) = service.split_once('/').ok_or_else(wrong)?;
        let (name, path) = rest.split_once('/').ok_or_else(wrong)?;
        // What stands in a path of the API server must not be able to lead elsewhere.
        let plain = |text: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
            !text.is_empty() && text.bytes().all(known) && !text.contains("..")
        };
        let within = path.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#%".contains(&byte));
        if !plain(namespace) || !plain(name) || !within || path.contains("..") {
            return Err(wrong());
        }
        let (namespace, name, path) = (namespace.to_owned(), name.to_owned(), path.to_owned());
        return Ok(Endpoint::Service { namespace, name, path });
    }
    // What is wrong with it could quote a password.
    let url =
        Url::parse(text).map_err(|_| hinted("`stats.metrics.from` is no URL".into(), hint))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong());
    }
    if !url.username().is_empty() || url.password().is_some() {
        let hint = "write the token into a file, and name it under `token_file`";
        return Err(hinted("`stats.metrics.from` holds a password".into(), hint));
    }
    Ok(Endpoint::Url(url))
}

impl RawSeries {
    fn check(self, schema: &Schema) -> Result<Series, Wrong> {
        let Self { gauge, counter, histogram, r#where, per, times, by, into, other } = self;
        let times = times.unwrap_or(1.0);
        let (name, measure) = match (gauge, counter, histogram, per) {
            (Some(name), None, None, None) => {
                (name, Measure::Gauge(grouping(by, into, other, schema)?))
            }
            (None, Some(name), None, per) => {
                let per_s = per.unwrap_or(RawPer::Second).seconds();
                (name, Measure::Counter { per_s, into: grouping(by, into, other, schema)? })
            }
            (None, None, Some(name), None) if by.is_none() && other.is_none() => {
                (name, Measure::Histogram(quantiles(into, schema)?))
            }
            _ => {
                let hint = "a series is a `gauge`, a `counter` (with `per`, if you like), or a \
                            `histogram` (without `by`)";
                return Err(hinted("`stats.metrics` has a series of no kind".into(), hint));
            }
        };
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"_:".contains(&byte);
        if name.is_empty() || !name.bytes().all(known) {
            return Err(format!("`{name}` cannot be the name of a metric").into());
        }
        if !(times.is_finite() && times > 0.0) {
            return Err(format!("`times` of `{name}` is not above 0").into());
        }
        Ok(Series { name, labels: r#where, times, measure })
    }
}

fn grouping(
    by: Option<String>,
    into: RawInto,
    other: Option<String>,
    schema: &Schema,
) -> Result<Grouping, Wrong> {
    match (by, into, other) {
        (None, RawInto::Field(field), None) => Ok(Grouping::All(target(&field, schema)?)),
        (Some(label), RawInto::Words(words), other) => {
            let into = words
                .into_iter()
                .map(|(word, field)| Ok((word, target(&field, schema)?)))
                .collect::<Result<_, Wrong>>()?;
            let other = other.map(|field| target(&field, schema)).transpose()?;
            Ok(Grouping::By { label, into, other })
        }
        _ => {
            let hint = "write `into: FIELD`, or `by: LABEL` with `into: {WORD: FIELD}`";
            Err(hinted("a series of `stats.metrics` goes nowhere".into(), hint))
        }
    }
}

fn quantiles(into: RawInto, schema: &Schema) -> Result<Vec<(f64, Target)>, Wrong> {
    let hint = "write `into: {p50: FIELD, p99: FIELD}`";
    let RawInto::Words(words) = into else {
        return Err(hinted("a histogram of `stats.metrics` goes nowhere".into(), hint));
    };
    let of = |(word, field): (String, String)| {
        let percent = word.strip_prefix('p').and_then(|digits| digits.parse::<f64>().ok());
        let Some(percent) = percent.filter(|percent| (0.0..=100.0).contains(percent)) else {
            return Err(hinted(format!("`{word}` is no quantile"), hint));
        };
        Ok((percent / 100.0, target(&field, schema)?))
    };
    words.into_iter().map(of).collect()
}

/// Finds the field, and in which form it takes a number.
fn target(path: &str, schema: &Schema) -> Result<Target, Wrong> {
    let key = || {
        let (map, key) = path.rsplit_once('.')?;
        match &schema.field(map)?.of {
            Type::Map(words, MapValue::Count(_)) => words.values.iter().find(|word| *word == key),
            _ => None,
        }
    };
    let whole = match schema.field(path).map(|field| &field.of) {
        Some(Type::Count(_)) => true,
        Some(Type::Duration(_) | Type::Ratio(_)) => false,
        None if key().is_some() => true,
        _ => {
            let message = format!("schema `{}` has no field `{path}` for a number", schema.name);
            return Err(hinted(message, "declare it there as a count, a duration or a ratio"));
        }
    };
    Ok(Target { path: path.to_owned(), whole })
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, endpoint};

    #[test]
    fn an_endpoint_is_a_url_or_a_service_and_leads_nowhere_else() {
        for url in ["http://127.0.0.1:8080/metrics", "https://acme.acme-system.svc:8443/metrics"] {
            assert!(matches!(endpoint(url), Ok(Endpoint::Url(_))), "{url}");
        }
        let service = endpoint("service/acme-system/https:acme:8443/metrics/more").ok();
        let (namespace, name) = ("acme-system".into(), "https:acme:8443".into());
        let path = "metrics/more".into();
        assert_eq!(service, Some(Endpoint::Service { namespace, name, path }));
        for wrong in [
            "",
            "acme",
            "ftp://acme/metrics",
            "http://user:word@acme/metrics",
            "service/acme",
            "service/acme/acme:80",
            "service/../acme:80/metrics",
            "service/acme/a%2fb:80/metrics",
            "service/acme/acme:80/../../secrets",
            "service/acme/acme:80/metrics?watch=1",
        ] {
            let error = endpoint(wrong).err();
            assert!(error.is_some(), "{wrong}");
            assert!(!error.is_some_and(|error| error.0.contains("word@")), "{wrong}");
        }
    }
}
