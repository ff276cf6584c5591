//! The definition of the resource, as the API server takes it.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::CustomResourceExt;
use serde_json::Value;

use super::wire::Exporter;

/// Gives the definition of the resource.
#[must_use]
pub fn crd() -> CustomResourceDefinition {
    let mut crd = Exporter::crd();
    for version in &mut crd.spec.versions {
        let schema = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut());
        if let Some(schema) = schema {
            tidy("", schema);
        }
    }
    crd
}

/// Gives the definition of the resource as YAML.
#[must_use]
pub fn crd_yaml() -> String {
    serde_saphyr::to_string(&crd()).expect("texts, numbers, lists and maps can be written")
}

/// A derive makes each `Option` nullable, and a null that is there counts as given in the rules. Only an empty query may
/// be null: its text is often omitted after the colon. And a description is one paragraph, wherever its source broke
/// the line.
fn tidy(name: &str, schema: &mut JSONSchemaProps) {
    if name != "metricsql" {
        schema.nullable = None;
    }
    if let Some(values) = &mut schema.enum_ {
        values.retain(|value| value.0 != Value::Null);
    }
    if let Some(description) = &mut schema.description {
        *description = description.split('\n').collect::<Vec<_>>().join(" ");
    }
    for (name, property) in schema.properties.iter_mut().flatten() {
        tidy(name, property);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(item)) = &mut schema.items {
        tidy("", item);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(value)) = &mut schema.additional_properties {
        tidy("", value);
    }
}
