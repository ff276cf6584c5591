//! Finds the addresses of a sink's host, and denies those that it may not reach.

use std::io;
use std::sync::Arc;

use ktel_delivery::resolve::{Addresses, Resolve};
use thiserror::Error;
use tracing::warn;

use super::Denied;
use crate::plan::Egress;

/// The system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Resolves by another resolver, and judges what it finds by an [`Egress`].
///
/// One address that is denied denies the host: a name with a public and a private address is a mistake or an attack, and
/// which of the two is reached would be chance. The connection is made to the addresses that are returned.
#[derive(Debug, Clone)]
pub struct Guarded {
    egress: Egress,
    inner: Arc<dyn Resolve>,
}

impl Guarded {
    /// Judges what the system finds.
    #[must_use]
    pub fn new(egress: Egress) -> Self {
        Self::by(egress, Arc::new(System))
    }

    /// Judges what another resolver finds.
    #[must_use]
    pub fn by(egress: Egress, inner: Arc<dyn Resolve>) -> Self {
        Self { egress, inner }
    }
}

/// A host that may not be reached. The address is not named: a tenant could map a network with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the address of the host is not allowed: {reason}")]
pub struct Forbidden {
    /// Why.
    pub reason: Denied,
}

impl Resolve for Guarded {
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        Box::pin(async move {
            let found = self.inner.resolve(host).await?;
            for &address in &found {
                if let Err(reason) = self.egress.allows(address) {
                    warn!(host, %address, %reason, "a sink may not reach this address");
                    let forbidden = Forbidden { reason };
                    return Err(io::Error::new(io::ErrorKind::PermissionDenied, forbidden));
                }
            }
            if found.is_empty() {
                return Err(io::Error::new(io::ErrorKind::NotFound, "the host has no address"));
            }
            Ok(found)
        })
    }
}
