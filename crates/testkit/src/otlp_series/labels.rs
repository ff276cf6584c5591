//! The labels of a series, out of resource, scope and point.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::ensure;

/// The labels of a series. Bounds and quantiles have one form: `1` and `1.0` are the same number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Labels(BTreeMap<String, String>);

/// The scope of series that named none.
const OWN_SCOPE: &str = "ktel-exporter";

impl Labels {
    /// Makes labels, the name too; empty ones are none.
    #[must_use]
    pub fn new<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut labels = Self::default();
        for (name, value) in pairs {
            labels.put(name, value);
        }
        labels
    }

    /// Gives the value of a label.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn put(&mut self, name: &str, value: &str) {
        let value = match name {
            "le" | "quantile" => number(value),
            "vmrange" => match value.split_once("...") {
                Some((lower, upper)) => format!("{}...{}", number(lower), number(upper)),
                None => value.into(),
            },
            _ => value.into(),
        };
        if !value.is_empty() {
            self.0.insert(name.into(), value);
        }
    }

    pub(super) fn of_resource(attributes: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let get = |name: &str| attributes.get(name).map(String::as_str);
        let mut labels = Self::default();
        match (get("service.namespace"), get("service.name")) {
            (Some(namespace), Some(name)) => labels.put("job", &format!("{namespace}/{name}")),
            (None, name) => labels.put("job", name.unwrap_or_default()),
            (Some(namespace), None) => anyhow::bail!("{namespace} has no service.name"),
        }
        labels.put("instance", get("service.instance.id").unwrap_or_default());
        Ok(labels)
    }

    pub(super) fn with_scope(
        &self,
        name: &str,
        version: &str,
        schema_url: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Self {
        let mut labels = self.clone();
        if name != OWN_SCOPE {
            labels.put("otel_scope_name", name);
            labels.put("otel_scope_version", version);
            labels.put("otel_scope_schema_url", schema_url);
            for (key, value) in attributes {
                labels.put(&format!("otel_scope_{key}"), value);
            }
        }
        labels
    }

    pub(super) fn with_attributes(
        &self,
        attributes: &BTreeMap<String, String>,
    ) -> anyhow::Result<Self> {
        let mut labels = self.clone();
        for (key, value) in attributes {
            ensure!(!labels.0.contains_key(key), "{key} is in the resource or scope, too");
            labels.put(key, value);
        }
        Ok(labels)
    }

    pub(super) fn named(&self, name: &str, suffix: &str) -> Self {
        self.with("__name__", &format!("{name}{suffix}"))
    }

    pub(super) fn with(&self, name: &str, value: &str) -> Self {
        let mut labels = self.clone();
        labels.put(name, value);
        labels
    }
}

impl fmt::Display for Labels {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}", self.0)
    }
}

fn number(text: &str) -> String {
    match text.parse::<f64>() {
        Ok(number) if number == f64::INFINITY => "+Inf".into(),
        Ok(number) => number.to_string(),
        Err(_) => text.into(),
    }
}
