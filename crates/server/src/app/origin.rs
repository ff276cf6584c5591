//! How a client called this server: for addresses on pages, and to tell its own forms from those of others.

use http::HeaderMap;
use http::header::{HOST, ORIGIN};

use super::state::App;

/// The header of a proxy that ends TLS.
const FORWARDED_PROTO: &str = "x-forwarded-proto";
/// Says which site a request comes from; scripts cannot set it.
const FETCH_SITE: &str = "sec-fetch-site";

impl App {
    /// Whether the client uses TLS, up to this server or up to a proxy.
    pub(super) fn is_secure(&self, headers: &HeaderMap) -> bool {
        let by_proxy = headers.get(FORWARDED_PROTO).and_then(|value| value.to_str().ok());
        self.is_tls || by_proxy == Some("https")
    }

    /// The address of this server, as the client called it.
    pub(super) fn address(&self, headers: &HeaderMap) -> String {
        let scheme = if self.is_secure(headers) { "https" } else { "http" };
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|it| is_host(it));
        format!("{scheme}://{}", host.unwrap_or("SERVER"))
    }
}

/// Whether a request with a form comes from a page of this server. A program sends neither header.
pub(super) fn is_own_form(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get(FETCH_SITE) {
        return site == "same-origin";
    }
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    origin.is_some_and(|(_, origin)| host == Some(origin))
}

/// Whether a text is a host with or without a port, and nothing that reads otherwise in a shell.
fn is_host(text: &str) -> bool {
    let is_letter = |letter: u8| {
        letter.is_ascii_alphanumeric() || matches!(letter, b'.' | b'-' | b':' | b'[' | b']')
    };
    (1..=255).contains(&text.len()) && text.bytes().all(is_letter)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::{is_host, is_own_form};

    #[test]
    fn a_form_of_another_site_is_not_ours() {
        for (headers, expected) in [
            (&[][..], true),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://ktel.example.com")], false),
            (&[("origin", "https://ktel.example.com"), ("host", "ktel.example.com")], true),
            (&[("origin", "https://example.com"), ("host", "ktel.example.com")], false),
            (&[("origin", "https://ktel.example.com:8443"), ("host", "ktel.example.com")], false),
            (&[("origin", "null"), ("host", "ktel.example.com")], false),
            (&[("origin", "https://ktel.example.com")], false),
        ] {
            let mut all = HeaderMap::new();
            for (name, value) in headers {
                all.insert(*name, value.parse().unwrap());
            }
            assert_eq!(is_own_form(&all), expected, "{headers:?}");
        }
    }

    #[test]
    fn only_a_host_is_shown_as_one() {
        for (host, expected) in [
            ("127.0.0.1:8090", true),
            ("[::1]:8090", true),
            ("ktel.example.com", true),
            ("", false),
            ("a b", false),
            ("x;rm", false),
            ("x`y`", false),
        ] {
            assert_eq!(is_host(host), expected, "{host}");
        }
    }
}
