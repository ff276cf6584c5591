//! What a receiver promises, against real stores and real sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod charts;
mod contract;
mod counts;
mod crash;
mod forget;
mod guard;
mod installations;
mod network;
mod receipts;
mod routes;
mod served;
mod support;
mod sync;
mod tls;
