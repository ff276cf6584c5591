//! How a sink is reached.

use std::collections::BTreeSet;

use http::HeaderName;
use url::Url;

use super::super::authentication;
use super::super::reason::{CONFLICT, INVALID};
use crate::plan::Compression;
use crate::resource::finding::Finding;
use crate::resource::path::FieldPath;
use crate::resource::spec::{Authentication, OtlpHttp, SecretKey};
use crate::resource::wire::{self, SecretKeyRef};

/// The path of metrics, as OTLP names it.
const METRICS: &str = "v1/metrics";
/// Headers that ktel sets itself, or that belong to one connection.
const RESERVED: [&str; 14] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];
/// Headers that carry credentials. Everybody who may read the Exporter could read them, so they come from Secrets only.
const SECRET: [&str; 8] = [
    "api-key",
    "authorization",
    "cookie",
    "dd-api-key",
    "proxy-authorization",
    "x-amz-security-token",
    "x-api-key",
    "x-auth-token",
];

pub(super) fn normalise(
    written: &wire::OtlpHttp,
    path: FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<OtlpHttp> {
    let endpoint = endpoint(&written.endpoint, &path.field("endpoint"), findings);
    let authentication = match &written.authentication {
        None => Some(Authentication::None),
        Some(written) => {
            authentication::normalise(written, &path.field("authentication"), findings)
        }
    };
    let has_headers = headers(written, &path, findings);
    let tls = written.tls.clone().unwrap_or_default();
    Some(OtlpHttp {
        endpoint: endpoint?,
        authentication: authentication?,
        headers: has_headers.then(|| written.headers.clone().into_iter().collect())?,
        headers_from: written
            .headers_from
            .iter()
            .map(|header| (header.name.clone(), secret_key(&header.secret_ref)))
            .collect(),
        authorities: tls.ca.map(|ca| secret_key(&ca.secret_ref)),
        server_name: tls.server_name,
        compression: match written.compression {
            wire::Compression::Auto => None,
            wire::Compression::Gzip => Some(Compression::Gzip),
            wire::Compression::Zstd => Some(Compression::Zstd),
            wire::Compression::None => Some(Compression::None),
        },
        path,
    })
}

fn secret_key(written: &SecretKeyRef) -> SecretKey {
    SecretKey { name: written.name.clone(), key: written.key.clone() }
}

fn endpoint(text: &str, path: &FieldPath, findings: &mut Vec<Finding>) -> Option<Url> {
    let mut error = |message: String| {
        findings.push(Finding::error(path.clone(), INVALID, message));
        None
    };
    let mut url = match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => url,
        Ok(_) => return error("must begin with `https://` and name a host".to_owned()),
        Err(cause) => {
            return error(format!(
                "is no address ({cause}); write one as `https://otlp.example.com`"
            ));
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        return error(
            "must not contain credentials; use `authentication` with a Secret".to_owned(),
        );
    }
    url.set_fragment(None);
    let base = url.path().trim_end_matches('/').to_owned();
    if !base.ends_with(&format!("/{METRICS}")) {
        url.set_path(&format!("{base}/{METRICS}"));
    }
    Some(url)
}

/// Says whether all headers can be sent.
fn headers(written: &wire::OtlpHttp, path: &FieldPath, findings: &mut Vec<Finding>) -> bool {
    let before = findings.iter().filter(|finding| finding.is_error()).count();
    let mut seen = BTreeSet::new();
    if let Some(authentication) = &written.authentication {
        let own = authentication.header.as_deref().unwrap_or("authorization");
        seen.insert(own.to_ascii_lowercase());
    }
    let plain =
        written.headers.keys().map(|name| (name, path.field("headers").field(name.clone())));
    let secret = written.headers_from.iter().enumerate();
    let secret =
        secret.map(|(index, header)| (&header.name, path.field("headersFrom").item(index)));
    for (name, path) in plain.chain(secret) {
        let lower = name.to_ascii_lowercase();
        if HeaderName::from_bytes(name.as_bytes()).is_err() {
            findings.push(Finding::error(path, INVALID, "is no name of a header"));
        } else if RESERVED.contains(&lower.as_str()) {
            findings.push(Finding::error(
                path,
                INVALID,
                format!("ktel sets the header `{lower}` itself"),
            ));
        } else if !seen.insert(lower.clone()) {
            findings.push(Finding::error(path, CONFLICT, "the header is given twice"));
        } else if written.headers.contains_key(name) && SECRET.contains(&lower.as_str()) {
            let message = "carries a secret; use `authentication`, or `headersFrom` with a Secret";
            findings.push(Finding::error(path, "SecretInHeaders", message));
        }
    }
    findings.iter().filter(|finding| finding.is_error()).count() == before
}
