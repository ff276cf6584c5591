//! What a series is about: resource and scope, as its labels name them.
//!
//! All of this can be turned back: a label is in exactly one place.

use crate::slice::Series;

/// The scope of series that name none: the one that makes OTLP of them. It has no version, because receivers that keep the
/// scope as labels would begin new series with each version.
pub(super) const OWN_SCOPE: &str = "ktel-exporter";

const SCOPE_PREFIX: &str = "otel_scope_";

/// What the labels of a series say beside its attributes.
#[derive(Debug, Default)]
pub(super) struct Facts<'s> {
    pub(super) job: &'s str,
    pub(super) instance: &'s str,
    /// The labels of the scope, without their prefix. Empty for our own scope.
    pub(super) scope: Vec<(&'s str, &'s str)>,
    /// The value of `le`.
    pub(super) upper_bound: Option<&'s str>,
    /// The value of `vmrange`.
    pub(super) range: Option<&'s str>,
    pub(super) quantile: Option<&'s str>,
}

impl<'s> Facts<'s> {
    /// Reads the labels of another series.
    pub(super) fn read(&mut self, series: Series<'s>) {
        (self.job, self.instance) = ("", "");
        (self.upper_bound, self.range, self.quantile) = (None, None, None);
        self.scope.clear();
        for (name, value) in series.labels() {
            match name {
                "job" => self.job = value,
                "instance" => self.instance = value,
                "le" => self.upper_bound = Some(value),
                "vmrange" => self.range = Some(value),
                "quantile" => self.quantile = Some(value),
                _ => {
                    if let Some(key) = scope_key(name) {
                        self.scope.push((key, value));
                    }
                }
            }
        }
        // A scope with our name would be taken for ours: its labels stay with the points.
        if self.scope.contains(&("name", OWN_SCOPE)) {
            self.scope.clear();
        }
    }
}

/// Gives what a label says about the scope: `name`, `version`, `schema_url` or the name of an attribute.
pub(super) fn scope_key(label: &str) -> Option<&str> {
    label.strip_prefix(SCOPE_PREFIX).filter(|key| !key.is_empty())
}

/// Splits a job into `service.namespace` and `service.name`; the inverse of how receivers join them.
pub(super) fn service(job: &str) -> (Option<&str>, &str) {
    match job.split_once('/') {
        Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
            (Some(namespace), name)
        }
        _ => (None, job),
    }
}

#[cfg(test)]
mod tests {
    use super::service;

    #[test]
    fn a_job_can_be_joined_again() {
        for job in ["api", "shop/api", "a/b/c", "a//b", "/b", "a/", "/", ""] {
            let (namespace, name) = service(job);
            let joined = namespace.map_or(name.into(), |namespace| format!("{namespace}/{name}"));
            assert_eq!(joined, job);
        }
        assert_eq!(service("shop/api"), (Some("shop"), "api"));
    }
}
