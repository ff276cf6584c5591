//! The exporter beside real programs.

mod cluster;
mod cursors;
mod secrets;
mod source;
