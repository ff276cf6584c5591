//! Servers that keep whatever comes: HTTP requests, lines, datagrams; and some that answer nobody.

pub use datagrams::Datagrams;
pub use http::Http;
pub use lines::{Ending, Lines};
pub use silence::{BlackHole, Refusing};

mod datagrams;
mod http;
mod lines;
mod silence;

#[cfg(test)]
mod tests;
