//! The format of a settings file: parsed, then checked value by value.

use url::Url;

use super::error::Wrong;
use super::raw::{
    File, RawEgress, RawKind, RawLabelKeys, RawLimits, RawReach, RawReading, RawResolve,
    RawResources, RawStore, RawTenancy, RawValue,
};
use super::types::{
    LabelKeys, Limits, Reach, Reading, Resolve, Resources, Settings, StoreSettings, Tenancy,
    TenantLimits, ValueFrom,
};
use super::values::{bytes, count, duration, label, networks, store_url};
use crate::limits;
use crate::plan::Egress;
use crate::source::StoreKind;

/// Reads a text, and checks every value.
pub(super) fn read(text: &str) -> Result<Settings, Wrong> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: limits::EXPORTER_SETTINGS_DEPTH_MAX },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: limits::SETTINGS_ALIASED_MAX },
        strict_booleans: true,
        with_snippet: false,
    };
    let file: File = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| Wrong::new(error.to_string().lines().next().unwrap_or_default()))?;
    if file.ktel != 1 {
        return Err(Wrong::new(format!(
            "it is of format {}, and only `ktel: 1` is known",
            file.ktel
        )));
    }
    let store = store(file.store)?;
    Ok(Settings {
        tenancy: tenancy(file.tenancy, &store.url)?,
        store,
        resources: resources(file.resources)?,
        egress: egress(file.egress)?,
        reading: reading(&file.reading)?,
        limits: limits_of(&file.limits)?,
    })
}

fn store(raw: RawStore) -> Result<StoreSettings, Wrong> {
    let kind = match (raw.kind, raw.version) {
        (RawKind::VictoriaMetrics, Some(version)) => {
            let version = version.parse().map_err(|error| Wrong::at("store.version", error))?;
            StoreKind::VictoriaMetrics(version)
        }
        (RawKind::VictoriaMetrics, None) => {
            let wrong = Wrong::at("store.version", "it is missing");
            return Err(wrong.hint("write the version of VictoriaMetrics, such as \"1.145\"; what a query may have depends on it"));
        }
        (_, Some(_)) => {
            return Err(Wrong::at("store.version", "only `kind: victoria-metrics` has a version"));
        }
        (RawKind::Prometheus, None) => StoreKind::Prometheus,
        (RawKind::Other, None) => StoreKind::Other,
    };
    Ok(StoreSettings {
        kind,
        url: store_url(&raw.url)?,
        authorization_file: raw.authorization_file,
        ca_file: raw.ca_file,
        query_bytes_max: count(
            "store.query_bytes_max",
            raw.query_bytes_max,
            limits::STORE_QUERY_BYTES,
            limits::STORE_QUERY_BYTES_MIN..=limits::STORE_QUERY_BYTES_MAX,
        )?,
    })
}

fn tenancy(raw: RawTenancy, url: &Url) -> Result<Tenancy, Wrong> {
    let mut labels = Vec::new();
    for (name, value) in raw.labels {
        let key = format!("tenancy.labels.{name}");
        labels.push((label(&key, name)?, value_from(&key, value)?));
    }
    let path = raw.path.map(|value| value_from("tenancy.path", value)).transpose()?;
    match (raw.single_tenant, labels.is_empty() && path.is_none()) {
        (true, true) | (false, false) => {}
        (true, false) => {
            let wrong = Wrong::at("tenancy.single_tenant", "it is true beside `labels` or `path`");
            return Err(wrong.hint("remove them, or write `single_tenant: false`"));
        }
        (false, true) => {
            let wrong = Wrong::at("tenancy", "it says neither `labels` nor `path`");
            return Err(wrong.hint("name the labels that separate tenants; if all data belongs to one tenant, write `single_tenant: true`"));
        }
    }
    if path.is_some() != url.path().contains(limits::TENANT_PLACE_IN_URL) {
        let wrong = Wrong::at(
            "tenancy.path",
            "it stands for `{tenant}` in `store.url`, and only one of the two is there",
        );
        return Err(wrong.hint("write both, or neither"));
    }
    Ok(Tenancy { labels, path })
}

fn value_from(key: &str, raw: RawValue) -> Result<ValueFrom, Wrong> {
    let (text, value) = match raw {
        RawValue::NamespaceName => return Ok(ValueFrom::NamespaceName),
        RawValue::NamespaceLabel(label) => (label.clone(), ValueFrom::NamespaceLabel(label)),
        RawValue::Fixed(fixed) => (fixed.clone(), ValueFrom::Fixed(fixed)),
    };
    if text.is_empty() {
        return Err(Wrong::at(key, "it is empty"));
    }
    Ok(value)
}

fn resources(raw: RawResources) -> Result<Resources, Wrong> {
    let or = |key: &str, given: Option<String>, default: &str| {
        label(&format!("resources.{key}"), given.unwrap_or_else(|| default.to_owned()))
    };
    Ok(Resources {
        group: or("group", raw.group, "service_name")?,
        core_group: raw.core_group.unwrap_or_default(),
        kind: or("kind", raw.kind, "resource_kind")?,
        namespace: or("namespace", raw.namespace, "resource_namespace")?,
        name: or("name", raw.name, "resource_name")?,
        label_prefix: or("label_prefix", raw.label_prefix, "label_")?,
        label_keys: match raw.label_keys {
            RawLabelKeys::Underscores => LabelKeys::Underscores,
            RawLabelKeys::Exact => LabelKeys::Exact,
        },
        resolve: match raw.resolve {
            RawResolve::Metrics => Resolve::Metrics,
            RawResolve::Objects => Resolve::Objects,
        },
        namespaces: match raw.namespaces {
            RawReach::Own => Reach::Own,
            RawReach::Tenant => Reach::Tenant,
            RawReach::All => Reach::All,
        },
    })
}

fn egress(raw: RawEgress) -> Result<Egress, Wrong> {
    let ports = raw.ports.iter().map(|&port| {
        let number = u16::try_from(port).ok().filter(|&number| number > 0);
        number.ok_or_else(|| Wrong::at("egress.ports", format_args!("{port} is no port")))
    });
    let ports = ports.collect::<Result<_, _>>()?;
    Ok(Egress {
        allows_http: raw.allow_http,
        allowed: networks("egress.allowed_networks", &raw.allowed_networks)?,
        denied: networks("egress.denied_networks", &raw.denied_networks)?,
        ports,
        uses_proxy: raw.proxy_from_environment,
    })
}

fn reading(raw: &RawReading) -> Result<Reading, Wrong> {
    let (window, lag) = (limits::WINDOW, limits::LAG);
    let reading = Reading {
        window: duration("reading.window", raw.window.as_deref(), window, limits::WINDOW_RANGE)?,
        lag: duration("reading.lag", raw.lag.as_deref(), lag, limits::LAG_RANGE)?,
        lag_min: duration(
            "reading.lag_min",
            raw.lag_min.as_deref(),
            limits::LAG_LEAST,
            limits::LAG_RANGE,
        )?,
    };
    if reading.lag < reading.lag_min {
        return Err(Wrong::at("reading.lag", "it is shorter than `lag_min`"));
    }
    Ok(reading)
}

fn limits_of(raw: &RawLimits) -> Result<Limits, Wrong> {
    let tenant = &raw.tenant;
    let requests = 1..=limits::STORE_REQUESTS_MOST;
    let memory = bytes(
        "limits.memory",
        raw.memory.as_deref(),
        limits::MEMORY_BYTES as u64,
        limits::MEMORY_RANGE,
    )?;
    Ok(Limits {
        memory_bytes_max: usize::try_from(memory).unwrap_or(usize::MAX),
        store_requests_max: count(
            "limits.store_requests_max",
            raw.store_requests_max,
            limits::STORE_REQUESTS,
            requests.clone(),
        )?,
        tenant: TenantLimits {
            series_max: count(
                "limits.tenant.series_max",
                tenant.series_max,
                limits::TENANT_SERIES,
                1..=u64::MAX,
            )?,
            points_per_second: count(
                "limits.tenant.points_per_second",
                tenant.points_per_second,
                limits::TENANT_POINTS_PER_SECOND,
                1..=u64::MAX,
            )?,
            bytes_per_second: bytes(
                "limits.tenant.bytes_per_second",
                tenant.bytes_per_second.as_deref(),
                limits::TENANT_BYTES_PER_SECOND,
                1..=u64::MAX,
            )?,
            query_bytes_max: count(
                "limits.tenant.query_bytes_max",
                tenant.query_bytes_max,
                limits::STORE_QUERY_BYTES,
                limits::STORE_QUERY_BYTES_MIN..=limits::STORE_QUERY_BYTES_MAX,
            )?,
            store_requests_max: count(
                "limits.tenant.store_requests_max",
                tenant.store_requests_max,
                limits::TENANT_STORE_REQUESTS,
                requests,
            )?,
        },
    })
}
