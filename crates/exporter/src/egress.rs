//! Which addresses a sink may reach: a pure decision about one address, and a resolver that keeps to it.
//!
//! The address of a sink is text of a stranger. It may name the metadata service of a cloud, the API server, a database of
//! another tenant, or a name that resolves to one of them. So each resolved address is judged, and the connection is made to
//! an address that was judged: no second resolution stands between.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use thiserror::Error;

use crate::plan::Egress;

mod resolver;

pub use resolver::{Forbidden, Guarded, System};

#[cfg(test)]
mod tests;

/// Why an address may not be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
pub enum Denied {
    /// `127.0.0.0/8`, `::1`.
    #[error("it is a loopback address")]
    Loopback,
    /// `169.254.0.0/16`, `fe80::/10`: among others the metadata services of clouds.
    #[error("it is a link-local address")]
    LinkLocal,
    /// RFC 1918, `100.64.0.0/10`, `fc00::/7`, and site-local addresses.
    #[error("it is a private address")]
    Private,
    /// To many receivers at once.
    #[error("it is a multicast or broadcast address")]
    Multicast,
    /// `0.0.0.0/8`, `::`: this host, or nobody.
    #[error("it is an unspecified address")]
    Unspecified,
    /// For documentation, benchmarks, protocols and the future: no receiver has such an address.
    #[error("it is a reserved address")]
    Reserved,
    /// In a network that the operator denies.
    #[error("it is in a network that the operator denies")]
    ByOperator,
}

impl Egress {
    /// Decides about an address. What the operator allows is allowed; then what the operator denies is denied; then all
    /// that is not public. An IPv6 address that carries an IPv4 address is judged as both.
    ///
    /// # Errors
    /// Says why it may not be reached.
    pub fn allows(&self, address: IpAddr) -> Result<(), Denied> {
        if self.uses_proxy {
            return Ok(()); // the proxy connects, and decides
        }
        let carried = carried(address).map(IpAddr::V4);
        let is_in = |networks: &[IpNet]| {
            let faces = std::iter::once(address).chain(carried);
            faces.into_iter().any(|face| networks.iter().any(|network| network.contains(&face)))
        };
        if is_in(&self.allowed) {
            return Ok(());
        }
        if is_in(&self.denied) {
            return Err(Denied::ByOperator);
        }
        let reason = match (address, carried) {
            (_, Some(IpAddr::V4(v4))) | (IpAddr::V4(v4), _) => reason_v4(v4),
            (IpAddr::V6(v6), _) => reason_v6(v6),
        };
        reason.map_or(Ok(()), Err)
    }
}

/// The IPv4 address that an IPv6 address leads to: mapped, compatible, translated by NAT64, or tunnelled by 6to4.
fn carried(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => Some(of(g, h)),
        // `::` and `::1` are no compatible addresses.
        [0, 0, 0, 0, 0, 0] if g != 0 || h > 1 => Some(of(g, h)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

/// The IPv4 networks that are not public, by IANA's registry of special-purpose addresses.
const SPECIAL_V4: [(Ipv4Net, Denied); 16] = [
    (v4([0, 0, 0, 0], 8), Denied::Unspecified),
    (v4([10, 0, 0, 0], 8), Denied::Private),
    (v4([100, 64, 0, 0], 10), Denied::Private), // between providers and customers; pods of some clusters
    (v4([127, 0, 0, 0], 8), Denied::Loopback),
    (v4([169, 254, 0, 0], 16), Denied::LinkLocal),
    (v4([172, 16, 0, 0], 12), Denied::Private),
    (v4([192, 0, 0, 0], 24), Denied::Reserved), // protocols; one cloud has its metadata at 192.0.0.192
    (v4([192, 0, 2, 0], 24), Denied::Reserved), // documentation
    (v4([192, 88, 99, 0], 24), Denied::Reserved), // relays of 6to4
    (v4([192, 168, 0, 0], 16), Denied::Private),
    (v4([198, 18, 0, 0], 15), Denied::Reserved), // benchmarks
    (v4([198, 51, 100, 0], 24), Denied::Reserved), // documentation
    (v4([203, 0, 113, 0], 24), Denied::Reserved), // documentation
    (v4([224, 0, 0, 0], 4), Denied::Multicast),
    (v4([255, 255, 255, 255], 32), Denied::Multicast), // broadcast; before the network that it is in
    (v4([240, 0, 0, 0], 4), Denied::Reserved),
];

/// The IPv6 networks that are not public, and where they are within what is.
const SPECIAL_V6: [(Ipv6Net, Denied); 9] = [
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), Denied::Unspecified),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Denied::Loopback),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Denied::Private),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Denied::LinkLocal),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Denied::Private), // site-local
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Denied::Multicast),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), Denied::Reserved), // protocols, Teredo, benchmarks
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Denied::Reserved), // documentation
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Denied::Reserved), // documentation
];

/// All that is given out as public.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), length)
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, d, e, f, g, h), length)
}

fn reason_v4(address: Ipv4Addr) -> Option<Denied> {
    SPECIAL_V4.iter().find(|(network, _)| network.contains(&address)).map(|(_, reason)| *reason)
}

fn reason_v6(address: Ipv6Addr) -> Option<Denied> {
    let special = SPECIAL_V6.iter().find(|(network, _)| network.contains(&address));
    match special {
        Some((_, reason)) => Some(*reason),
        None => (!GLOBAL_V6.contains(&address)).then_some(Denied::Reserved),
    }
}
