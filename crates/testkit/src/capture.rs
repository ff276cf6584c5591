//! Servers that record HTTP requests, lines and datagrams, and servers that never answer.

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
