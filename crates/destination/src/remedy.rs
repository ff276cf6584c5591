//! What a person can do about a parcel that is held.

use ktel_delivery::verdict::Hold;

use crate::Remote;
use crate::address::Protocol;

/// Who configures a server, and can correct a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The user, with arguments and the environment.
    User,
    /// The makers of a product, who chose the server of its events. The user's tokens are not sent
    /// there.
    Product,
}

impl Remote {
    /// Says what to do about a hold.
    #[must_use]
    pub fn remedy(&self, hold: Hold, owner: Owner) -> String {
        let proxy = "add user and password to the proxy in HTTPS_PROXY or HTTP_PROXY";
        match (hold, owner) {
            (Hold::ProxyUnauthorized, _) => proxy.to_owned(),
            (Hold::Untrusted, Owner::Product) => format!(
                "find out whether a proxy replaces the certificate of `{self}`, or tell the \
                 makers of the product"
            ),
            (Hold::Unauthorized, Owner::Product) => format!(
                "set `key` in the product file, or tell the makers of the product; on `{self}`, \
                 `ktel token add --role events --product NAME` creates a key"
            ),
            (_, Owner::Product) => {
                format!("tell the makers of the product that `{self}` does not accept its events")
            }
            (Hold::Unauthorized, Owner::User) => self.token_remedy(),
            (Hold::Forbidden, Owner::User) => {
                format!("{} that may send this", self.token_remedy())
            }
            (Hold::NotFound, Owner::User) => {
                let path = match &self.address.protocol {
                    Protocol::Https { .. } => "; ktel's server takes reports at `/v1/reports`",
                    _ => "",
                };
                format!("correct the address: `{self}` is not one of a receiver{path}")
            }
            (Hold::Redirected, Owner::User) => {
                format!("name the address that `{self}` redirects to; redirects are not followed")
            }
            (Hold::Misconfigured, Owner::User) => {
                format!(
                    "compare the message with the options of `{self}` and the settings of its token"
                )
            }
            (Hold::Unprocessed, Owner::User) => {
                format!("tell the operator of `{self}` that it could not process this")
            }
            (Hold::Untrusted, Owner::User) => self.certificate_remedy(),
        }
    }

    fn certificate_remedy(&self) -> String {
        match &self.address.trust.authorities {
            None => {
                "if you trust its certificate or the authority that signed it, add `?ca=FILE` to \
                     the end of the URL"
                    .to_owned()
            }
            Some(pem) => format!(
                "compare `{pem}` with the certificate of `{self}`: it has to be the same, or signed by \
                 an authority in this file, valid today, and with the name in subjectAltName"
            ),
        }
    }

    fn token_remedy(&self) -> String {
        if let Some(file) = &self.address.token_file {
            return format!("write an ingest token of `{self}` into `{}`", file.display());
        }
        let variable = match self.address.protocol {
            Protocol::Splunk(_) => "KTEL_SPLUNK_TOKEN",
            _ => "KTEL_TOKEN",
        };
        format!("set {variable} to an ingest token of `{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::{Hold, Owner, Remote};
    use crate::ReportServer;

    fn remote(url: &str) -> Remote {
        let Ok(ReportServer::Remote(remote)) = url.parse() else {
            panic!("a server behind a network")
        };
        *remote
    }

    #[test]
    fn a_user_is_told_what_to_correct() {
        let url = "https://example.com";
        for (hold, expected) in [
            (Hold::Unauthorized, "set KTEL_TOKEN to an ingest token of `https://example.com`"),
            (
                Hold::Forbidden,
                "set KTEL_TOKEN to an ingest token of `https://example.com` that may send this",
            ),
            (
                Hold::ProxyUnauthorized,
                "add user and password to the proxy in HTTPS_PROXY or HTTP_PROXY",
            ),
            (
                Hold::NotFound,
                "correct the address: `https://example.com` is not one of a receiver; ktel's server takes reports at `/v1/reports`",
            ),
            (
                Hold::Redirected,
                "name the address that `https://example.com` redirects to; redirects are not \
                 followed",
            ),
            (
                Hold::Misconfigured,
                "compare the message with the options of `https://example.com` and the settings of \
                 its token",
            ),
            (
                Hold::Unprocessed,
                "tell the operator of `https://example.com` that it could not process this",
            ),
            (
                Hold::Untrusted,
                "if you trust its certificate or the authority that signed it, add `?ca=FILE` to the \
                 end of the URL",
            ),
        ] {
            assert_eq!(remote(url).remedy(hold, Owner::User), expected);
        }
        let named = remote("https://example.com?ca=/etc/ca.pem");
        let remedy = named.remedy(Hold::Untrusted, Owner::User);
        assert!(remedy.starts_with("compare `/etc/ca.pem` with the certificate of"), "{remedy}");
    }

    #[test]
    fn the_token_that_is_named_is_the_one_that_is_sent() {
        for (url, expected) in [
            ("splunk://example.com", "set KTEL_SPLUNK_TOKEN to"),
            ("otlp://example.com", "set KTEL_TOKEN to"),
            ("https://example.com?token_file=/etc/token", "into `/etc/token`"),
        ] {
            let remedy = remote(url).remedy(Hold::Unauthorized, Owner::User);
            assert!(remedy.contains(expected), "{remedy}");
            assert_eq!(remedy.contains("KTEL_"), !url.contains("token_file"), "{remedy}");
        }
    }

    #[test]
    fn a_token_of_the_user_is_never_named_for_the_server_of_a_product() {
        for hold in Hold::ALL {
            for url in ["https://example.com", "splunk://example.com", "otlp://example.com"] {
                let remedy = remote(url).remedy(hold, Owner::Product);
                assert!(!remedy.contains("KTEL_") && !remedy.contains("?ca="), "{remedy}");
            }
        }
    }
}
