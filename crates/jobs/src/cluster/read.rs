//! One bounded `GET` and what its answer means.

use std::sync::Arc;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::limits;

/// `metadata` of every object and nothing else.
pub const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// `metadata` of one object.
pub const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// Whole objects.
pub const OBJECT: &str = "application/json";

/// What is read, in the words of a role; used in errors.
#[derive(Debug, Clone)]
pub struct Target {
    /// `get` or `list`.
    pub verb: &'static str,
    /// `resource.group`, or a path.
    pub what: String,
}

impl Target {
    /// Names a path.
    #[must_use]
    pub fn path(path: &str) -> Self {
        Self { verb: "get", what: path.to_owned() }
    }

    /// Names a resource as a role does.
    #[must_use]
    pub fn resource(verb: &'static str, group: &str, resource: &str) -> Self {
        let what = match group {
            "" => resource.to_owned(),
            group => format!("{resource}.{group}"),
        };
        Self { verb, what }
    }
}

/// How an answer that is not 200 is told apart.
#[derive(Debug)]
pub enum Failure {
    /// 404: no such object, or no such kind.
    NotFound,
    /// 410: the continue token is too old.
    Gone,
    /// Anything else.
    Other(Error),
}

/// Reads `uri` as JSON.
///
/// # Errors
/// When the answer is not 200, too long, or not JSON of that form.
pub async fn get<T: DeserializeOwned>(
    client: &Client,
    uri: &str,
    accept: &str,
    target: &Target,
) -> Result<T, Failure> {
    let bytes = get_bytes(client, uri, accept, target, limits::ANSWER_BYTES_MAX).await?;
    serde_json::from_slice(&bytes).map_err(|source| {
        Failure::Other(Error::Malformed { what: target.what.clone(), source: Arc::new(source) })
    })
}

/// Reads `uri` as it is, up to so many bytes.
///
/// # Errors
/// When the answer is not 200 or too long.
pub async fn get_bytes(
    client: &Client,
    uri: &str,
    accept: &str,
    target: &Target,
    bytes_max: usize,
) -> Result<bytes::Bytes, Failure> {
    let request = Request::get(uri)
        .header(header::ACCEPT, accept)
        .body(Body::empty())
        .map_err(|error| Failure::Other(Error::failed(error)))?;
    let response = client
        .send(request)
        .await
        .map_err(|source| Failure::Other(Error::Unreachable { source: Arc::new(source) }))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), bytes_max).collect().await;
    let bytes = body
        .map_err(|source| {
            Failure::Other(Error::Cut { what: target.what.clone(), source: Arc::from(source) })
        })?
        .to_bytes();
    if status.is_success() { Ok(bytes) } else { Err(refusal(status, &bytes, target)) }
}

/// Decides what a refusal means; the body is a `Status` when the API server itself refused.
fn refusal(status: StatusCode, body: &[u8], target: &Target) -> Failure {
    match status {
        StatusCode::NOT_FOUND => Failure::NotFound,
        StatusCode::GONE => Failure::Gone,
        StatusCode::UNAUTHORIZED => Failure::Other(Error::Unauthorized),
        StatusCode::FORBIDDEN => {
            Failure::Other(Error::Forbidden { verb: target.verb, what: target.what.clone() })
        }
        code => {
            // A proxy in between answers HTML; its status is all there is to say then.
            let message = serde_json::from_slice::<Status>(body).map_or_else(
                |_| code.canonical_reason().unwrap_or("no reason given").to_owned(),
                |status| status.message,
            );
            Failure::Other(Error::Refused {
                what: target.what.clone(),
                code: code.as_u16(),
                message,
            })
        }
    }
}

impl Failure {
    /// Makes an error of an answer where absence means nothing.
    #[must_use]
    pub fn into_error(self, target: &Target) -> Error {
        let refused = |code: u16, message: &str| Error::Refused {
            what: target.what.clone(),
            code,
            message: message.to_owned(),
        };
        match self {
            Self::NotFound => refused(404, "not found"),
            Self::Gone => refused(410, "gone"),
            Self::Other(error) => error,
        }
    }
}

/// Percent-encodes what goes into a query.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Failure, Target, encode, refusal};
    use crate::error::Reason;
    use http::StatusCode;

    #[test]
    fn a_refusal_is_told_apart_by_its_status_alone() {
        let target = Target::resource("list", "apps", "deployments");
        let table = [
            (401, Reason::Unauthorized),
            (403, Reason::Forbidden),
            (429, Reason::BadAnswer),
            (500, Reason::BadAnswer),
            (503, Reason::BadAnswer),
        ];
        for (code, expected) in table {
            let status = StatusCode::from_u16(code).unwrap();
            match refusal(status, b"<html>", &target) {
                Failure::Other(error) => assert_eq!(error.reason(), expected, "HTTP {code}"),
                other => panic!("HTTP {code} became {other:?}"),
            }
        }
        assert!(matches!(refusal(StatusCode::NOT_FOUND, b"", &target), Failure::NotFound));
        assert!(matches!(refusal(StatusCode::GONE, b"", &target), Failure::Gone));
    }

    #[test]
    fn a_query_cannot_be_forged_by_a_selector() {
        assert_eq!(encode("a=b&limit=0 #?"), "a%3Db%26limit%3D0%20%23%3F");
    }
}
