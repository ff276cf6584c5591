//! Resolves a sink's host; the [rule](crate::egress) is elsewhere.

use std::sync::Arc;

use ktel_delivery::resolve::{Addresses, Resolve};

use crate::egress::{Guarded, System};
use crate::plan::Egress;

/// Makes the resolver of a sink. With an alias, the name of a server is resolved as another host.
pub(super) fn resolver(egress: &Egress, alias: Option<(String, String)>) -> Arc<dyn Resolve> {
    match alias {
        Some((name, instead)) => {
            Arc::new(Guarded::by(egress.clone(), Arc::new(Alias { name, instead })))
        }
        None => Arc::new(Guarded::new(egress.clone())),
    }
}

static SYSTEM: System = System;

/// Resolves another host in place of a name.
#[derive(Debug)]
struct Alias {
    name: String,
    instead: String,
}

impl Resolve for Alias {
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        let host = if host == self.name { &self.instead } else { host };
        SYSTEM.resolve(host.trim_matches(['[', ']']))
    }
}
