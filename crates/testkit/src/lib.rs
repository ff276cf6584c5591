//! For tests only: real programs, receivers that record what they get, and faults of the network.
//!
//! It drives other processes and blocks while it does. A test keeps its own async runtime for
//! the code under test.

pub mod api_server;
pub mod capture;
pub mod certificates;
pub mod collector;
mod etcd;
pub mod hec;
pub mod http;
mod key;
mod limits;
pub mod log_record;
mod loopback;
pub mod one_object;
pub mod openssl;
pub mod otlp_series;
mod plain_http;
pub mod ports;
pub mod postgres;
pub mod prometheus;
pub mod proxy;
pub mod real;
mod recorded;
pub mod relay;
pub mod rsyslog;
mod running;
pub mod splunk;
pub mod tls;
pub mod victoria_metrics;
pub mod wait;
mod watched;

#[cfg(test)]
mod client;
