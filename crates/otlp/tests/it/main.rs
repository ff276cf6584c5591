//! The crate against `opentelemetry-proto`, which is made from the `.proto` files.

mod hostile;
mod json;
mod ours;
mod random;
mod round_trip;
mod streamed;
mod theirs;
