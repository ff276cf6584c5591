//! The crate from outside.

mod consent;
mod event;
mod held;
mod kongctl;
mod uploader;
