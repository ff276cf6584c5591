//! Resolves a sink's host to addresses that it may have. The rule is the [plan](crate::plan)'s.

use std::io;
use std::net::IpAddr;

use ktel_delivery::resolve::{Addresses, Resolve};
use tokio::net::lookup_host;

use crate::plan::{Egress, Network};

/// Resolves hosts, and omits addresses that are not allowed.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) egress: Egress,
    /// A name, and the host that is resolved in its place.
    pub(super) alias: Option<(String, String)>,
}

impl Resolve for Guard {
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        Box::pin(async move {
            let host = match &self.alias {
                Some((name, instead)) if name == host => instead,
                _ => host,
            };
            let host = host.trim_matches(['[', ']']);
            let found: Vec<IpAddr> =
                lookup_host((host, 0)).await?.map(|found| found.ip()).collect();
            let allowed: Vec<IpAddr> =
                found.iter().copied().filter(|address| permits(&self.egress, *address)).collect();
            if allowed.is_empty() && !found.is_empty() {
                return Err(io::Error::new(
                    io::ErrorKind::PermissionDenied,
                    "the operator allows none of its addresses",
                ));
            }
            Ok(allowed)
        })
    }
}

/// Says whether an address may be reached: an allowed network wins, then a refused one, then what is not public.
fn permits(egress: &Egress, address: IpAddr) -> bool {
    let address = address.to_canonical();
    let within = |networks: &[Network]| networks.iter().any(|network| contains(*network, address));
    if within(&egress.allowed) {
        return true;
    }
    !within(&egress.refused) && is_public(address)
}

fn contains(network: Network, address: IpAddr) -> bool {
    match (network.address, address) {
        (IpAddr::V4(network_address), IpAddr::V4(address)) => {
            let bits = u32::from(network.prefix_length.min(32));
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            network_address.to_bits() & mask == address.to_bits() & mask
        }
        (IpAddr::V6(network_address), IpAddr::V6(address)) => {
            let bits = u32::from(network.prefix_length.min(128));
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            network_address.to_bits() & mask == address.to_bits() & mask
        }
        _ => false,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_unspecified()
                || address.is_broadcast()
                || address.is_multicast()
                || first == 0
                || first >= 240
                || (first == 100 && (64..128).contains(&second)))
        }
        IpAddr::V6(address) => {
            let first = address.segments()[0];
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_multicast()
                || first & 0xfe00 == 0xfc00
                || first & 0xffc0 == 0xfe80)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::permits;
    use crate::plan::{Egress, Network};

    #[test]
    fn what_is_not_public_is_refused_unless_it_is_allowed() {
        let network = |address: &str, prefix_length| Network {
            address: address.parse().unwrap(),
            prefix_length,
        };
        let egress = Egress {
            allowed: vec![network("10.1.0.0", 16)],
            refused: vec![network("203.0.113.0", 24)],
            ..Egress::default()
        };
        for (address, allowed) in [
            ("198.51.100.7", true),
            ("2001:db8::1", true),
            ("203.0.113.9", false),
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.2.3", false),
            ("127.0.0.1", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("169.254.169.254", false),
            ("192.168.1.1", false),
            ("100.64.0.1", false),
            ("0.0.0.0", false),
            ("fd00::1", false),
            ("fe80::1", false),
        ] {
            assert_eq!(permits(&egress, address.parse().unwrap()), allowed, "{address}");
        }
    }
}
