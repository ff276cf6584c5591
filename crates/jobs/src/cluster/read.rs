//! One `GET` with a bounded answer, and what the answer means.

use std::borrow::Cow;
use std::sync::Arc;

use http::{Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use kube::Client;
use kube::client::Body;
use kube::core::Status;
use serde::de::DeserializeOwned;

use super::protobuf::{self, fields};
use crate::error::Error;
use crate::limits;

/// Only `metadata` of every object.
pub const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// `metadata` of one object.
pub const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// Whole objects.
pub const OBJECT: &str = "application/json";

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// How an answer may be written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Encoding {
    /// In JSON, with this header `Accept`.
    Json(&'static str),
    /// In protobuf, or else in JSON.
    Protobuf { list: &'static fields::List, json: &'static str },
}

impl Encoding {
    fn accept(self) -> Cow<'static, str> {
        match self {
            Self::Json(json) => json.into(),
            // They differ in the media type only, and have the same parameters.
            Self::Protobuf { json, .. } => {
                format!("{}, {json}", json.replace(OBJECT, PROTOBUF)).into()
            }
        }
    }
}

/// What is read, in the words of a role. Errors name it.
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

/// Why a read gave nothing.
#[derive(Debug)]
pub enum ReadFailure {
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
    accept: &'static str,
    target: &Target,
) -> Result<T, ReadFailure> {
    get_in(client, uri, Encoding::Json(accept), target).await
}

/// Reads `uri` as JSON, or as protobuf if the server writes it.
pub(crate) async fn get_in<T: DeserializeOwned>(
    client: &Client,
    uri: &str,
    encoding: Encoding,
    target: &Target,
) -> Result<T, ReadFailure> {
    let most = limits::ANSWER_BYTES_MAX;
    let bytes = get_bytes(client, uri, &encoding.accept(), target, most).await?;
    let read: Result<T, Arc<dyn std::error::Error + Send + Sync>> = match encoding {
        Encoding::Protobuf { list, .. } if protobuf::is_protobuf(&bytes) => {
            protobuf::read(&bytes, list).map_err(|error| Arc::new(error) as _)
        }
        Encoding::Json(_) | Encoding::Protobuf { .. } => {
            serde_json::from_slice(&bytes).map_err(|error| Arc::new(error) as _)
        }
    };
    read.map_err(|source| {
        ReadFailure::Other(Error::Malformed { what: target.what.clone(), source })
    })
}

/// Reads the bytes of `uri`, up to `bytes_max`.
///
/// # Errors
/// When the answer is not 200 or too long.
pub async fn get_bytes(
    client: &Client,
    uri: &str,
    accept: &str,
    target: &Target,
    bytes_max: usize,
) -> Result<bytes::Bytes, ReadFailure> {
    let request = Request::get(uri)
        .header(header::ACCEPT, accept)
        .body(Body::empty())
        .map_err(|error| ReadFailure::Other(Error::failed(error)))?;
    let response = client
        .send(request)
        .await
        .map_err(|source| ReadFailure::Other(Error::Unreachable { source: Arc::new(source) }))?;
    let status = response.status();
    let body = Limited::new(response.into_body(), bytes_max).collect().await;
    let bytes = body
        .map_err(|source| {
            ReadFailure::Other(Error::Cut { what: target.what.clone(), source: Arc::from(source) })
        })?
        .to_bytes();
    if status.is_success() { Ok(bytes) } else { Err(failure(status, &bytes, target)) }
}

/// Decides what an answer without success means. Its body is a `Status` when the API server wrote
/// it.
fn failure(status: StatusCode, body: &[u8], target: &Target) -> ReadFailure {
    match status {
        StatusCode::NOT_FOUND => ReadFailure::NotFound,
        StatusCode::GONE => ReadFailure::Gone,
        StatusCode::UNAUTHORIZED => ReadFailure::Other(Error::Unauthorized),
        StatusCode::FORBIDDEN => {
            ReadFailure::Other(Error::Forbidden { verb: target.verb, what: target.what.clone() })
        }
        code => {
            // A proxy answers HTML. Then only its status is of use.
            let message = message(body)
                .unwrap_or_else(|| code.canonical_reason().unwrap_or("no reason given").to_owned());
            ReadFailure::Other(Error::UnexpectedStatus {
                what: target.what.clone(),
                code: code.as_u16(),
                message,
            })
        }
    }
}

/// Reads the message of a `Status`, in either encoding; `None` when it is none.
fn message(body: &[u8]) -> Option<String> {
    let status: Result<Status, _> = if protobuf::is_protobuf(body) {
        protobuf::read(body, &fields::STATUS).map_err(drop)
    } else {
        serde_json::from_slice(body).map_err(drop)
    };
    status.ok().map(|status| status.message)
}

impl ReadFailure {
    /// Makes an error, for reads where an absent object is an error too.
    #[must_use]
    pub fn into_error(self, target: &Target) -> Error {
        let unexpected = |code: u16, message: &str| Error::UnexpectedStatus {
            what: target.what.clone(),
            code,
            message: message.to_owned(),
        };
        match self {
            Self::NotFound => unexpected(404, "not found"),
            Self::Gone => unexpected(410, "gone"),
            Self::Other(error) => error,
        }
    }
}

/// Percent-encodes a part of a path or a query.
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
    use super::{ReadFailure, Target, encode, failure};
    use crate::error::Reason;
    use http::StatusCode;

    #[test]
    fn the_status_alone_decides_what_a_failure_means() {
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
            match failure(status, b"<html>", &target) {
                ReadFailure::Other(error) => assert_eq!(error.reason(), expected, "HTTP {code}"),
                other => panic!("HTTP {code} became {other:?}"),
            }
        }
        assert!(matches!(failure(StatusCode::NOT_FOUND, b"", &target), ReadFailure::NotFound));
        assert!(matches!(failure(StatusCode::GONE, b"", &target), ReadFailure::Gone));
    }

    #[test]
    fn a_selector_cannot_add_parameters_to_the_query() {
        assert_eq!(encode("a=b&limit=0 #?"), "a%3Db%26limit%3D0%20%23%3F");
    }
}
