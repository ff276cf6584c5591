//! How the product is deployed, in which version, and when it was last updated.

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use ktel_model::Schema;
use ktel_model::standard::schema::{Reads, Source};
use serde_json::{Map, Value, json};

use crate::collected::Collected;
use crate::context::Context;
use crate::error::Error;
use crate::job::Collector;
use crate::limits;
use crate::workload::Workload;

const RELEASE: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// Reads the product's own workload.
pub(crate) struct IdentifyDeployment;

impl Collector for IdentifyDeployment {
    fn collect<'a>(
        &'a self,
        _schema: &'a Schema,
        cx: &'a Context,
    ) -> BoxFuture<'a, Result<Collected, Error>> {
        async move {
            let workload = cx.workload().await?;
            let mut updated = last_update(&workload);
            if cx.product().read_helm_release {
                updated = released(cx, &workload).await?.or(updated);
            }
            let mut section = Map::new();
            section.insert("lifecycle".into(), json!(lifecycle(&workload)));
            section.extend(version(&workload).map(|version| ("version".into(), json!(version))));
            section.extend(
                updated.map(|updated| ("last-update".to_owned(), json!(updated.to_string()))),
            );
            Ok(section.into())
        }
        .boxed()
    }
}

/// Decides which tool manages the workload. Operators come before the tools that they use.
fn lifecycle(workload: &Workload) -> &'static str {
    let Workload { labels, annotations, owner_kinds, managed_fields, .. } = workload;
    let marked =
        |prefix: &str| labels.keys().chain(annotations.keys()).any(|key| key.starts_with(prefix));
    let managed_by = |tool: &str| {
        labels
            .get("app.kubernetes.io/managed-by")
            .is_some_and(|by| by.to_ascii_lowercase().starts_with(tool))
    };
    let written_by =
        |prefix: &str| managed_fields.iter().any(|field| field.manager.starts_with(prefix));
    if owner_kinds.iter().any(|kind| kind == "ClusterServiceVersion") || marked("olm.owner") {
        "olm"
    } else if marked("argocd.argoproj.io/") {
        "argocd"
    } else if marked("kustomize.toolkit.fluxcd.io/") || marked("helm.toolkit.fluxcd.io/") {
        "flux"
    } else if managed_by("helm") || marked("helm.sh/chart") || marked("meta.helm.sh/") {
        "helm"
    } else if managed_by("kustomize") || marked("config.kubernetes.io/origin") {
        "kustomize"
    } else if marked("kubectl.kubernetes.io/last-applied-configuration") || written_by("kubectl") {
        "manifest"
    } else {
        "other"
    }
}

/// Decides the version of the product: by its version label, else its chart, else its image.
fn version(workload: &Workload) -> Option<&str> {
    let label = workload.labels.get("app.kubernetes.io/version").map(String::as_str);
    let chart = || workload.labels.get("helm.sh/chart").and_then(|chart| chart_version(chart));
    let image = || workload.containers.first().and_then(|container| tag(&container.image));
    label.filter(|label| !label.is_empty()).or_else(chart).or_else(image)
}

/// `gateway-2.8.0` -> `2.8.0`: the version starts after the first dash that a number and a dot
/// follow.
fn chart_version(chart: &str) -> Option<&str> {
    chart
        .match_indices('-')
        .map(|(at, _)| chart.split_at(at + 1).1)
        .find(|rest| looks_like_version(rest))
}

/// `example.com:5000/gateway:2.8.0@sha256:…` -> `2.8.0`.
fn tag(image: &str) -> Option<&str> {
    let image = image.split('@').next()?;
    let (_, tag) = image.rsplit('/').next()?.split_once(':')?;
    looks_like_version(tag).then_some(tag)
}

fn looks_like_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_prefix('v').unwrap_or(text).split_once('.').is_some_and(|(major, _)| number(major))
}

/// Decides when the workload was last changed. Changes of its status do not count.
fn last_update(workload: &Workload) -> Option<Timestamp> {
    let writes = workload.managed_fields.iter().filter(|field| field.subresource.is_empty());
    writes
        .filter_map(|field| field.time.as_deref()?.parse().ok())
        .max()
        .or_else(|| workload.created.as_deref()?.parse().ok())
}

/// Reads when Helm last changed the release. Only metadata is read, and only if the user allows it.
async fn released(cx: &Context, workload: &Workload) -> Result<Option<Timestamp>, Error> {
    let Some(release) = workload.annotations.get(RELEASE) else { return Ok(None) };
    let namespace = workload.annotations.get(RELEASE_NAMESPACE).unwrap_or(&workload.namespace);
    let source = Source {
        group: String::new(),
        resource: "secrets".into(),
        namespace: Some(namespace.clone()),
        labels: Some(format!("owner=helm,name={release}")),
        path: None,
    };
    let mut pages = cx.pages::<Value>(&source, Reads::Metadata, limits::PAGE);
    let mut newest = None;
    while let Some(page) = pages.next().await? {
        newest = newest.max(page.items.iter().filter_map(modified).max());
    }
    Ok(newest)
}

fn modified(secret: &Value) -> Option<Timestamp> {
    let seconds = secret.pointer("/metadata/labels/modifiedAt")?.as_str()?.parse().ok()?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::{chart_version, last_update, lifecycle, tag, version};
    use crate::workload::{Container, ManagedField, Workload};

    fn workload(labels: &[(&str, &str)], annotations: &[(&str, &str)]) -> Workload {
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        Workload { labels: owned(labels), annotations: owned(annotations), ..Workload::default() }
    }

    #[test]
    fn the_outermost_tool_decides() {
        let helm = ("app.kubernetes.io/managed-by", "Helm");
        let table = [
            (workload(&[helm], &[]), "helm"),
            (workload(&[("helm.sh/chart", "gateway-1.0.0")], &[]), "helm"),
            (workload(&[], &[("meta.helm.sh/release-name", "x")]), "helm"),
            (workload(&[helm], &[("argocd.argoproj.io/tracking-id", "x")]), "argocd"),
            (workload(&[helm, ("helm.toolkit.fluxcd.io/name", "x")], &[]), "flux"),
            (workload(&[("kustomize.toolkit.fluxcd.io/name", "x")], &[]), "flux"),
            (workload(&[helm, ("olm.owner", "x")], &[]), "olm"),
            (workload(&[("app.kubernetes.io/managed-by", "kustomize-v5")], &[]), "kustomize"),
            (
                workload(&[], &[("kubectl.kubernetes.io/last-applied-configuration", "{}")]),
                "manifest",
            ),
            (workload(&[], &[]), "other"),
        ];
        for (workload, expected) in table {
            assert_eq!(lifecycle(&workload), expected, "{workload:?}");
        }
    }

    #[test]
    fn the_version_comes_from_the_label_the_chart_or_the_image() {
        let said = ("app.kubernetes.io/version", "2.8.0");
        let chart = ("helm.sh/chart", "gateway-1.2.3");
        assert_eq!(version(&workload(&[said, chart], &[])), Some("2.8.0"));
        assert_eq!(version(&workload(&[chart], &[])), Some("1.2.3"));
        let mut by_image = workload(&[], &[]);
        by_image.containers =
            vec![Container { image: "example.com/x:3.0.1".into(), ..Container::default() }];
        assert_eq!(version(&by_image), Some("3.0.1"));
        assert_eq!(chart_version("my-2-gateways-v1.2.3-rc.1"), Some("v1.2.3-rc.1"));
        assert_eq!(chart_version("gateway"), None);
        for (image, expected) in [
            ("example.com:5000/gateway", None),
            ("example.com:5000/gateway:2.8.0@sha256:00", Some("2.8.0")),
            ("gateway:latest", None),
        ] {
            assert_eq!(tag(image), expected, "{image}");
        }
    }

    #[test]
    fn the_status_does_not_count_as_an_update() {
        let field = |time: &str, subresource: &str| ManagedField {
            time: Some(time.into()),
            subresource: subresource.into(),
            ..ManagedField::default()
        };
        let workload = Workload {
            managed_fields: vec![
                field("2022-05-03T08:46:22Z", ""),
                field("2026-01-01T00:00:00Z", "status"),
            ],
            ..Workload::default()
        };
        assert_eq!(last_update(&workload).unwrap().to_string(), "2022-05-03T08:46:22Z");
    }
}
