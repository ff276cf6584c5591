//! What a receiver promises, against real stores and real sockets.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

mod attacker;
mod charts;
mod collector;
mod contract;
mod counts;
mod crash;
mod forget;
mod grafana;
mod guard;
mod installations;
mod lines;
mod network;
mod otlp;
mod pages;
mod product_token;
mod published;
mod query;
mod receipts;
mod receiver;
mod routes;
mod seeds;
mod served;
mod sessions;
mod support;
mod sync;
mod tls;
mod widgets;
