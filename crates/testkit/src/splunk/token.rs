//! Who may send, and on which channel.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::code::Code;
use crate::http::Request;

/// A token of the collector's, and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The secret itself.
    pub value: String,
    /// Rejects everything, with code 1.
    pub disabled: bool,
    /// Acknowledges by channel.
    pub ack: bool,
    /// Is taken from `?token=`, too.
    pub in_query: bool,
    /// The only indexes that an envelope may name; any, if empty.
    pub indexes: Vec<String>,
}

impl Token {
    /// Makes a token that may do everything, and neither acknowledges nor is read in a query.
    #[must_use]
    pub fn new(value: &str) -> Self {
        let value = value.to_owned();
        Self { value, disabled: false, ack: false, in_query: false, indexes: Vec::new() }
    }
}

/// Finds the token that a request may use.
pub(super) fn authorize<'a>(request: &Request, tokens: &'a [Token]) -> Result<&'a Token, Code> {
    let (value, in_query) = match (request.header("Authorization"), request.query("token")) {
        (Some(header), _) => (from_header(header).ok_or(Code::INVALID_AUTHORIZATION)?, false),
        (None, Some(value)) => (value, true),
        (None, None) => return Err(Code::TOKEN_REQUIRED),
    };
    if value.is_empty() {
        return Err(Code::TOKEN_REQUIRED);
    }
    let token = tokens.iter().find(|token| token.value == value).ok_or(Code::INVALID_TOKEN)?;
    if token.disabled {
        Err(Code::TOKEN_DISABLED)
    } else if in_query && !token.in_query {
        Err(Code::QUERY_STRING_DISABLED)
    } else {
        Ok(token)
    }
}

/// Takes the token out of `Splunk TOKEN`, or out of the password of `Basic`.
fn from_header(header: &str) -> Option<String> {
    let (scheme, value) = header.split_once(' ')?;
    match scheme {
        "Splunk" => Some(value.trim().to_owned()),
        "Basic" => {
            let pair = String::from_utf8(BASE64_STANDARD.decode(value.trim()).ok()?).ok()?;
            pair.split_once(':').map(|(_user, password)| password.to_owned())
        }
        _ => None,
    }
}

/// Finds the channel of a request, which its header or its query names.
pub(super) fn channel(request: &Request, needed: bool) -> Result<Option<String>, Code> {
    let header = request.header("X-Splunk-Request-Channel").map(str::to_owned);
    match header.or_else(|| request.query("channel")) {
        Some(channel) if is_guid(&channel) => Ok(Some(channel.to_ascii_lowercase())),
        Some(_) => Err(Code::INVALID_CHANNEL),
        None if needed => Err(Code::CHANNEL_MISSING),
        None => Ok(None),
    }
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}
