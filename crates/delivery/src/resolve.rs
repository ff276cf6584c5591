//! Finds the addresses of a host: the system's resolver, or one of the caller's.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve as HttpResolve, Resolving};

/// The addresses of a host, later.
pub type Addresses<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Finds the addresses of a host. A caller that must not reach some addresses implements it and omits
/// them.
pub trait Resolve: fmt::Debug + Send + Sync {
    /// Gives the addresses of a host, which may be written as an address already.
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a>;
}

/// A resolver as the HTTP library wants it.
pub(crate) struct ForHttp(pub(crate) Arc<dyn Resolve>);

impl HttpResolve for ForHttp {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = Arc::clone(&self.0);
        Box::pin(async move {
            let found = resolver.resolve(name.as_str()).await?;
            // The library puts the port of the URL in place of 0.
            let addresses = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}
