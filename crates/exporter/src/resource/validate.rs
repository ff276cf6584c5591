//! Says of files what the API server and ktel would say of the resources in them, without either.

use ktel_metricsql::{check_arity, parse};
use serde_json::Value;

use super::crd::crd;
use super::file::{self, Fault, Node, Place};
use super::finding::Finding;
use super::normalise::normalise;
use super::path::FieldPath;
use super::quotes::Query;
use super::schema::{self, UNKNOWN_FIELD};
use super::wire::{Exporter, ExporterSpec};

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checked {
    /// The Exporters in it.
    pub exporters: usize,
    /// Objects of other kinds in it, which were not checked.
    pub others: usize,
    /// What there is to say, in the order of the file.
    pub remarks: Vec<Remark>,
}

/// Something to say about a place in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Remark {
    /// The name of the Exporter.
    pub exporter: String,
    /// Where.
    pub place: Place,
    /// What.
    pub finding: Finding,
}

/// Checks a file of YAML documents.
///
/// # Errors
/// When it cannot be read as YAML.
pub fn validate(text: &str) -> Result<Checked, Fault> {
    validate_with(text, |_| Vec::new())
}

/// Checks a file of YAML documents. `more` says what else is wrong with an Exporter; what was said already is omitted.
///
/// # Errors
/// When it cannot be read as YAML.
pub fn validate_with(
    text: &str,
    more: impl Fn(&Exporter) -> Vec<Finding>,
) -> Result<Checked, Fault> {
    let mut checked = Checked::default();
    for document in file::parse(text)? {
        let value = document.to_json();
        let is_ours = value["kind"] == "Exporter"
            && value["apiVersion"].as_str().is_some_and(|version| version.starts_with(GROUP));
        if !is_ours {
            checked.others += 1;
            continue;
        }
        checked.exporters += 1;
        let exporter = value["metadata"]["name"].as_str().unwrap_or_default().to_owned();
        let mut found = findings(&value);
        if let Ok(exporter) = serde_json::from_value::<Exporter>(value) {
            let is_new = |finding: &Finding| {
                !found.iter().any(|said| said.path == finding.path && said.is_error())
            };
            let new: Vec<Finding> = more(&exporter).into_iter().filter(is_new).collect();
            found.extend(new);
        }
        let mut remarks: Vec<Remark> =
            found.into_iter().map(|finding| remark(&exporter, &document, text, finding)).collect();
        remarks.sort_by_key(|remark| (remark.place.line, remark.place.column));
        checked.remarks.extend(remarks);
    }
    Ok(checked)
}

const GROUP: &str = "telemetry.datumapis.com/";

fn remark(exporter: &str, document: &Node, text: &str, finding: Finding) -> Remark {
    let place = match finding.reason {
        UNKNOWN_FIELD => document.place_of_key(&finding.path),
        _ => document.place_of(text, &finding.path, finding.bytes.clone()),
    };
    Remark { exporter: exporter.to_owned(), place, finding }
}

/// Says what is wrong with an Exporter.
#[must_use]
pub fn findings(resource: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    head(resource, &mut findings);
    let definition = crd();
    let version = definition.spec.versions.first().and_then(|version| version.schema.as_ref());
    if let Some(mut of_all) = version.and_then(|schema| schema.open_api_v3_schema.clone()) {
        // What every object has stands in no definition.
        for (name, kind) in [("apiVersion", "string"), ("kind", "string"), ("metadata", "object")] {
            let known = serde_json::from_value(serde_json::json!({
                "type": kind, "x-kubernetes-preserve-unknown-fields": kind == "object",
            }));
            if let Ok(known) = known {
                of_all.properties.get_or_insert_default().insert(name.to_owned(), known);
            }
        }
        schema::check(resource, &of_all, &FieldPath::root(), &mut findings);
    }
    match serde_json::from_value::<ExporterSpec>(resource["spec"].clone()) {
        Ok(spec) => {
            let (_, of_spec) = normalise(&spec);
            let of_spec: Vec<Finding> = of_spec.into_iter().chain(queries(&spec)).collect();
            // One message about a value is enough: that of the spec, which says what to write.
            findings.retain(|finding| {
                let is_better = |other: &Finding| other.is_error() && other.path == finding.path;
                finding.reason != "Invalid" || !of_spec.iter().any(is_better)
            });
            let is_said = |finding: &Finding| {
                let is_about_value = finding.reason == "Invalid";
                findings.iter().any(|said| {
                    said.path == finding.path || is_about_value && said.path.is_in(&finding.path)
                })
            };
            let of_spec: Vec<Finding> =
                of_spec.iter().filter(|finding| !is_said(finding)).cloned().collect();
            findings.extend(of_spec);
        }
        Err(error) if findings.is_empty() => {
            findings.push(Finding::error(FieldPath::spec(), "Invalid", error.to_string()));
        }
        Err(_) => {} // the schema has said it, with its place
    }
    findings
}

fn head(resource: &Value, findings: &mut Vec<Finding>) {
    let version = &resource["apiVersion"];
    let expected = <Exporter as kube::Resource>::api_version(&());
    if *version != *expected {
        let message = format!("must be `{expected}`");
        findings.push(Finding::error(FieldPath::root().field("apiVersion"), "Invalid", message));
    }
    let path = FieldPath::root().field("metadata").field("name");
    let has_prefix = resource["metadata"]["generateName"].is_string();
    match resource["metadata"]["name"].as_str() {
        None if has_prefix => {}
        None => findings.push(Finding::error(path, "Required", "is required")),
        Some(name) if is_subdomain(name) => {}
        Some(_) => {
            let message = "must have lower-case letters, digits, `-` and `.` only, at most 253";
            findings.push(Finding::error(path, "Invalid", message));
        }
    }
}

fn is_subdomain(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_edge =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        is_edge(label.chars().next())
            && is_edge(label.chars().last())
            && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Reads the queries, also those of sources that have other mistakes.
fn queries(spec: &ExporterSpec) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, source) in spec.sources.iter().enumerate() {
        let Some(written) =
            source.metrics.metricsql.as_deref().filter(|text| !text.trim().is_empty())
        else {
            continue;
        };
        let path =
            FieldPath::spec().field("sources").item(index).field("metrics").field("metricsql");
        let query = Query::new(written);
        match parse(query.text()) {
            Err(error) => {
                let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                let finding = Finding::error(path, "InvalidQuery", format!("{error}{hint}"));
                findings.push(finding.at(query.as_written(error.span.range())));
            }
            // As the compiler says it, which knows the tenant and the store beside.
            Ok((expr, _)) if expr.selectors().is_empty() => {
                let message = "it selects no series; name a metric";
                findings.push(Finding::error(path, "InvalidQuery", message));
            }
            Ok((expr, _)) => {
                let wrong = check_arity(&expr).into_iter().take(1);
                findings.extend(
                    wrong.map(|wrong| {
                        Finding::error(path.clone(), "InvalidQuery", wrong.to_string())
                    }),
                );
            }
        }
    }
    findings
}
