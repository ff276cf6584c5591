//! The session of a browser: its token, in a cookie that scripts cannot read and other sites cannot send.
//!
//! The cookie holds the token itself, so that every replica knows the session, and revoking the token ends
//! it. It is used for requests that only read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::COOKIE;

/// The name of the cookie on a connection with TLS: a browser takes it only from this host, with `Secure`.
const SECURE_NAME: &str = "__Host-ktel_session";
/// The name without TLS, as on a loopback address.
const PLAIN_NAME: &str = "ktel_session";

fn name(is_secure: bool) -> &'static str {
    if is_secure { SECURE_NAME } else { PLAIN_NAME }
}

/// The token of the session that a request belongs to.
pub(super) fn token(headers: &HeaderMap, is_secure: bool) -> Option<String> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|value| value.split(';')).filter_map(|it| it.trim().split_once('='));
    let (_, value) = pairs.find(|(given, _)| *given == name(is_secure))?;
    let token = URL_SAFE_NO_PAD.decode(value).ok()?;
    String::from_utf8(token).ok().filter(|token| !token.is_empty())
}

/// The header that begins a session; it ends with the browser.
pub(super) fn begin(token: &str, is_secure: bool) -> String {
    cookie(&URL_SAFE_NO_PAD.encode(token), "", is_secure)
}

/// The header that ends a session.
pub(super) fn end(is_secure: bool) -> String {
    cookie("", "; Max-Age=0", is_secure)
}

fn cookie(value: &str, age: &str, is_secure: bool) -> String {
    let secure = if is_secure { "; Secure" } else { "" };
    format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{age}", name(is_secure))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::{begin, end, token};

    #[test]
    fn the_token_comes_back_as_it_was_and_only_from_a_cookie_of_the_same_kind_of_connection() {
        for secret in ["00000000-0000-4000-8000-000000000001", "with; every, \"thing\" = é"] {
            for is_secure in [true, false] {
                let set = begin(secret, is_secure);
                assert!(set.contains("; HttpOnly; SameSite=Strict"), "{set}");
                assert_eq!(set.contains("; Secure"), is_secure, "{set}");
                let mut headers = HeaderMap::new();
                let sent = format!("theme=dark; {}; x=", set.split(';').next().unwrap());
                headers.insert("cookie", sent.parse().unwrap());
                assert_eq!(token(&headers, is_secure).as_deref(), Some(secret));
                assert_eq!(token(&headers, !is_secure), None);
            }
        }
        assert!(end(true).starts_with("__Host-ktel_session=; Path=/"), "{}", end(true));
        let mut headers = HeaderMap::new();
        headers.insert("cookie", "ktel_session=%%; other".parse().unwrap());
        assert_eq!(token(&headers, false), None);
    }
}
