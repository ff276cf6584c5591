//! The crate from outside.

mod consent;
mod event;
mod kongctl;
mod uploader;
