//! Whether a sink may be sent to its address, as far as the address itself tells. Names are resolved, and judged, when it is
//! sent to.

use std::net::IpAddr;

use url::{Host, Url};

use crate::plan::Egress;
use crate::resource::{FieldPath, Finding};

/// Checks an address, and names what is wrong with it.
pub(super) fn check(
    url: &Url,
    egress: &Egress,
    path: &FieldPath,
    findings: &mut Vec<Finding>,
) -> Option<()> {
    let Some(problem) = problem(url, egress) else { return Some(()) };
    findings.push(Finding::error(path.clone(), "AddressNotAllowed", problem));
    None
}

fn problem(url: &Url, egress: &Egress) -> Option<String> {
    match url.scheme() {
        "https" => {}
        "http" if egress.allows_http => {}
        "http" => return Some("the operator allows https only".to_owned()),
        other => return Some(format!("`{other}` is neither https nor http")),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("it has a user or a password; use `authentication`".to_owned());
    }
    let port = url.port_or_known_default();
    if !egress.ports.is_empty() && !port.is_some_and(|port| egress.ports.contains(&port)) {
        let allowed: Vec<String> = egress.ports.iter().map(ToString::to_string).collect();
        return Some(format!("the operator allows these ports only: {}", allowed.join(", ")));
    }
    let address = match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
        Some(Host::Domain(_)) => return None,
        None => return Some("it has no host".to_owned()),
    };
    let reason = egress.allows(address).err()?;
    Some(format!("the address is not allowed: {reason}"))
}
