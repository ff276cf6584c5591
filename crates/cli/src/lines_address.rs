//! The address of a listener for lines: `tcp://…`, `tls://…` or `udp://…`.

use std::net::SocketAddr;
use std::str::FromStr;

use ktel_server::lines::LineTransport;

/// A transport and the address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinesAddress {
    pub(crate) transport: LineTransport,
    pub(crate) address: SocketAddr,
}

impl FromStr for LinesAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form =
            || "expected tcp://, tls:// or udp:// and an address, such as tcp://127.0.0.1:5514";
        let (scheme, address) = text.split_once("://").ok_or_else(form)?;
        let transport = match scheme {
            "tcp" => LineTransport::Tcp,
            "tls" => LineTransport::Tls,
            "udp" => LineTransport::Udp,
            _ => return Err(form().to_owned()),
        };
        let address = address.parse().map_err(|_| form())?;
        Ok(Self { transport, address })
    }
}

#[cfg(test)]
mod tests {
    use super::{LineTransport, LinesAddress};

    #[test]
    fn an_address_has_a_transport_and_a_port() {
        for (text, transport) in [
            ("tcp://127.0.0.1:0", LineTransport::Tcp),
            ("tls://[::1]:6514", LineTransport::Tls),
            ("udp://0.0.0.0:514", LineTransport::Udp),
        ] {
            assert_eq!(
                text.parse::<LinesAddress>().map(|parsed| parsed.transport),
                Ok(transport),
                "{text}"
            );
        }
        for wrong in
            ["127.0.0.1:1", "http://127.0.0.1:1", "tcp://127.0.0.1", "tcp://localhost:1", ""]
        {
            assert!(wrong.parse::<LinesAddress>().is_err(), "{wrong}");
        }
    }
}
