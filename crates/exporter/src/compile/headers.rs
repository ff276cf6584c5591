//! The headers of a sink: which carry a secret, and which are ours.

use crate::resource::Finding;
use crate::resource::spec::OtlpHttp;

/// Headers that carry credentials. In `headers` everybody who may read the Exporter would read them, so they are not taken there.
const SECRET: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "api-key",
    "x-api-key",
    "dd-api-key",
    "x-amz-security-token",
    "x-auth-token",
];
/// Headers that the client sets, or that belong to one connection.
const OURS: [&str; 14] = [
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

/// Checks the headers of a sink, and names what is wrong.
pub(super) fn check(otlp: &OtlpHttp, findings: &mut Vec<Finding>) -> Option<()> {
    let before = findings.len();
    for (name, _) in &otlp.headers {
        let lower = name.to_ascii_lowercase();
        let path = otlp.path.field("headers").field(name.clone());
        if SECRET.contains(&lower.as_str()) {
            let message =
                "it carries a secret; use `authentication`, or `headersFrom` with a Secret";
            findings.push(Finding::error(path, "SecretInHeaders", message));
        } else if OURS.contains(&lower.as_str()) {
            findings.push(Finding::error(path, "ReservedHeader", "ktel sets this header itself"));
        }
    }
    for (index, (name, _)) in otlp.headers_from.iter().enumerate() {
        if OURS.contains(&name.to_ascii_lowercase().as_str()) {
            let path = otlp.path.field("headersFrom").item(index).field("name");
            findings.push(Finding::error(path, "ReservedHeader", "ktel sets this header itself"));
        }
    }
    (findings.len() == before).then_some(())
}
