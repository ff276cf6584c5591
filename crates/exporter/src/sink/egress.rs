//! Resolves the name of a sink's certificate to the host that is meant.

use ktel_delivery::resolve::{Addresses, Resolve};

use crate::egress::Guarded;

/// Resolves hosts by a rule of egress; one name stands for another host.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) guarded: Guarded,
    /// A name, and the host that is resolved in its place.
    pub(super) alias: Option<(String, String)>,
}

impl Resolve for Guard {
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        let host = match &self.alias {
            Some((name, instead)) if name == host => instead,
            _ => host,
        };
        self.guarded.resolve(host.trim_matches(['[', ']']))
    }
}
