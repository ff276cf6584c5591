//! How a sink authenticates, as it is written.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::resource::messages;

/// How requests to the receiver are authenticated. Secrets are in the namespace of the Exporter, and a changed Secret is used
/// at once.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "(has(self.type) ? 1 : 0) + (has(self.basic) ? 1 : 0) + (has(self.bearer) ? 1 : 0) == 1"
).message(messages::ONE_AUTHENTICATION))]
#[x_kube(validation = Rule::new("has(self.type) == has(self.secretRef)").message(messages::TYPE_AND_SECRET))]
#[x_kube(validation = Rule::new(
    "(!has(self.basic) || !has(self.basic.secretRef.key)) && (!has(self.secretRef) || !has(self.secretRef.key) || !has(self.type) || self.type in ['bearerToken', 'apiKeyHeader'])"
).message(messages::KEY))]
#[x_kube(validation = Rule::new(
    "(has(self.type) && self.type == 'apiKeyHeader') ? has(self.header) : !has(self.header) && !has(self.prefix)"
).message(messages::HEADER))]
#[x_kube(validation = Rule::new(
    "(has(self.type) && self.type == 'oauth2ClientCredentials') ? has(self.tokenUrl) : !has(self.tokenUrl) && !has(self.scopes)"
).message(messages::TOKEN_URL))]
pub struct Authentication {
    /// `bearerToken`: `Authorization: Bearer` with a key of the Secret (`token`). `basicAuth`: `username` and `password` of the
    /// Secret. `apiKeyHeader`: a header of your choice with a key of the Secret (`apiKey`). `oauth2ClientCredentials`:
    /// a token that is fetched with `clientId` and `clientSecret` of the Secret. `mtls`: `tls.crt` and `tls.key` of the Secret.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<AuthenticationType>,
    /// The Secret with the credentials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_ref: Option<SecretRef>,
    /// For `apiKeyHeader`: the name of the header, such as `api-key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128), regex(pattern = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"))]
    pub header: Option<String>,
    /// For `apiKeyHeader`: text that stands before the key, such as `Api-Token ` with its space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64), regex(pattern = r"^[ -~]*$"))]
    pub prefix: Option<String>,
    /// For `oauth2ClientCredentials`: where tokens are fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(
        length(min = 1, max = 2048),
        regex(pattern = r"^https?://[^\s/?#@]+([/?][^\s#]*)?$")
    )]
    pub token_url: Option<String>,
    /// For `oauth2ClientCredentials`: the scopes that are asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20), inner(length(min = 1, max = 256)))]
    pub scopes: Vec<String>,
    /// Another spelling of type `basicAuth`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic: Option<SecretOnly>,
    /// Another spelling of type `bearerToken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bearer: Option<SecretOnly>,
}

/// How a sink authenticates.
#[derive(JsonSchema, Serialize, Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
#[expect(
    missing_docs,
    reason = "a comment here would end up in the schema; the field describes them"
)]
pub enum AuthenticationType {
    BearerToken,
    BasicAuth,
    ApiKeyHeader,
    #[serde(rename = "oauth2ClientCredentials")]
    OAuth2ClientCredentials,
    Mtls,
}

/// Credentials in a Secret.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct SecretOnly {
    /// The Secret with the credentials.
    pub secret_ref: SecretRef,
}

/// A Secret in the namespace of the Exporter.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct SecretRef {
    /// The name of the Secret.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,
    /// The key in the Secret, where the type of authentication reads a single one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: Option<String>,
}

/// A key of a Secret in the namespace of the Exporter.
#[derive(KubeSchema, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[serde(rename_all = "camelCase")]
pub struct SecretKeyRef {
    /// The name of the Secret.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$"))]
    pub name: String,
    /// The key in the Secret.
    #[schemars(length(min = 1, max = 253), regex(pattern = r"^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}
