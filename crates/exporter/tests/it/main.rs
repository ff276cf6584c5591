//! The exporter beside real programs.

mod cluster;
mod cursors;
mod secrets;
#[cfg(test)]
mod source;
