//! A receiver and how it is reached, as it is written.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::authentication::{Authentication, SecretKeyRef};

/// An OTLP receiver that is reached by HTTP.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct OtlpHttp {
    /// The address of the receiver, such as `https://otlp.example.com`. `/v1/metrics` is appended unless it ends so.
    #[schemars(
        length(min = 1, max = 2048),
        regex(pattern = r"^https?://[^\s/?#@]+([/?][^\s#]*)?$")
    )]
    pub endpoint: String,
    /// How requests are authenticated. Absent: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// Headers of each request. Secret values belong into `headersFrom`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "super::super::bounds::headers")]
    pub headers: BTreeMap<String, String>,
    /// Headers whose values are in Secrets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".to_owned()]))]
    pub headers_from: Vec<HeaderFrom>,
    /// How the receiver's certificate is checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// `auto`: as the profile says. `gzip`, `zstd` or `none`.
    #[serde(default)]
    pub compression: Compression,
}

/// A header whose value is in a Secret.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct HeaderFrom {
    /// The name of the header.
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"))]
    pub name: String,
    /// The Secret and its key.
    pub secret_ref: SecretKeyRef,
}

/// How the receiver's certificate is checked.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct Tls {
    /// The certificate authorities that are trusted, instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<TrustedAuthorities>,
    /// The name that the certificate must be for, instead of the host of the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253))]
    pub server_name: Option<String>,
}

/// Certificate authorities, as PEM in a Secret.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct TrustedAuthorities {
    /// The Secret and its key.
    pub secret_ref: SecretKeyRef,
}

/// How requests are compressed.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
#[expect(
    missing_docs,
    reason = "a comment here would end up in the schema; the field describes them"
)]
pub enum Compression {
    #[default]
    Auto,
    Gzip,
    Zstd,
    None,
}
