//! The exporter beside real programs.

mod cluster;
mod cursors;
mod objects;
mod secrets;
mod source;
