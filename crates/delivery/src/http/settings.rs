//! How a client behaves.

use std::sync::Arc;
use std::time::Duration;

use crate::limits;
use crate::resolve::Resolve;

/// The version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, or HTTP/2 where TLS agrees on it.
    Any,
    /// HTTP/2 from the first byte, as gRPC needs.
    Two,
}

/// How a client behaves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The version of HTTP.
    pub protocol: Protocol,
    /// How long it may take to resolve and connect.
    pub reach_within: Duration,
    /// How long a whole exchange may take, with the body of the answer.
    pub exchange_within: Duration,
    /// Connections that are kept for the next request.
    pub idle_connections: usize,
    /// Finds the addresses of hosts, instead of the system. Then no proxy is used, since a proxy would
    /// resolve the name itself.
    pub resolver: Option<Arc<dyn Resolve>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            protocol: Protocol::Any,
            reach_within: limits::REACH_WITHIN,
            exchange_within: limits::EXCHANGE_WITHIN,
            idle_connections: limits::IDLE_CONNECTIONS_MAX,
            resolver: None,
        }
    }
}
