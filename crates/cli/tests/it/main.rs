//! The program as its users meet it: words, streams, exit codes, and the bytes that leave.

mod help;
mod run;
mod schema;
mod support;
mod wire;
