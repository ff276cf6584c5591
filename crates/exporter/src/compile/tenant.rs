//! Whose data an Exporter reads.

use ktel_metricsql::Matcher;

use super::cluster::Cluster;
use crate::limits;
use crate::plan::Tenant;
use crate::settings::{Settings, ValueFrom};

/// Finds the tenant of a namespace, or says why it has none.
pub(super) fn of(
    namespace: &str,
    settings: &Settings,
    cluster: &Cluster,
) -> Result<Tenant, String> {
    let tenancy = &settings.tenancy;
    let mut names = Vec::new();
    let mut value = |from: &ValueFrom| {
        let value = value(from, namespace, cluster)?;
        // What is the same for all tells nobody apart.
        if !matches!(from, ValueFrom::Fixed(_)) && !names.contains(&value) {
            names.push(value.clone());
        }
        Ok::<_, String>(value)
    };
    let path = tenancy.path.as_ref().map(&mut value).transpose()?;
    if let Some(path) = &path {
        check_path(path)?;
    }
    let mut matchers = Vec::new();
    for (label, from) in &tenancy.labels {
        let matcher = Matcher::equal(label, value(from)?);
        matchers.push(matcher.map_err(|error| format!("the label `{label}`: {error}"))?);
    }
    let name = if names.is_empty() { namespace.to_owned() } else { names.join("/") };
    Ok(Tenant { name, matchers, path })
}

fn value(from: &ValueFrom, namespace: &str, cluster: &Cluster) -> Result<String, String> {
    let value = match from {
        ValueFrom::Fixed(value) => value,
        ValueFrom::NamespaceName => namespace,
        ValueFrom::NamespaceLabel(key) => {
            let labels = cluster.namespaces.get(namespace);
            let labels =
                labels.ok_or_else(|| format!("the namespace `{namespace}` is not known yet"))?;
            labels.get(key).map_or("", String::as_str)
        }
    };
    if !value.is_empty() {
        return Ok(value.to_owned());
    }
    Err(match from {
        ValueFrom::NamespaceLabel(key) => format!(
            "the namespace `{namespace}` has no label `{key}`, which says whose data it is; the operator of this cluster sets it"
        ),
        ValueFrom::NamespaceName | ValueFrom::Fixed(_) => {
            "the Exporter has no namespace, which says whose data it is".to_owned()
        }
    })
}

/// A tenant's part of a path is one segment of plain characters: no other path can be reached with it.
fn check_path(path: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    let is_dots = path.chars().all(|c| c == '.');
    if path.chars().all(is_plain) && !is_dots && path.len() <= limits::TENANT_PATH_BYTES_MAX {
        return Ok(());
    }
    Err("the tenant's name cannot stand in the address of the store: letters, digits, `-`, `_`, `.` and `:` can".to_owned())
}
