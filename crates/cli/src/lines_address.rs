//! Where lines are taken, as a command names it: `tcp://…`, `tls://…` or `udp://…`.

use std::net::SocketAddr;
use std::str::FromStr;

use ktel_server::lines::Way;

/// A way in for lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LinesAddress {
    pub(crate) way: Way,
    pub(crate) address: SocketAddr,
}

impl FromStr for LinesAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write tcp://, tls:// or udp:// and an address, as in tcp://127.0.0.1:5514";
        let (scheme, address) = text.split_once("://").ok_or_else(form)?;
        let way = match scheme {
            "tcp" => Way::Tcp,
            "tls" => Way::Tls,
            "udp" => Way::Udp,
            _ => return Err(form().to_owned()),
        };
        let address = address.parse().map_err(|_| form())?;
        Ok(Self { way, address })
    }
}

#[cfg(test)]
mod tests {
    use super::{LinesAddress, Way};

    #[test]
    fn an_address_has_a_way_and_a_port() {
        for (text, way) in [
            ("tcp://127.0.0.1:0", Way::Tcp),
            ("tls://[::1]:6514", Way::Tls),
            ("udp://0.0.0.0:514", Way::Udp),
        ] {
            assert_eq!(text.parse::<LinesAddress>().map(|parsed| parsed.way), Ok(way), "{text}");
        }
        for wrong in
            ["127.0.0.1:1", "http://127.0.0.1:1", "tcp://127.0.0.1", "tcp://localhost:1", ""]
        {
            assert!(wrong.parse::<LinesAddress>().is_err(), "{wrong}");
        }
    }
}
