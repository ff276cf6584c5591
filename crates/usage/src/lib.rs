//! The event wing: one best-effort usage event per command of a CLI.
//!
//! It decides [consent], shows the [notice], [records](recorder) the event and hands it to a
//! [sink]. It may not know Kubernetes, and builds without it; it knows no terminal and no clock.

pub mod ci_environment;
pub mod consent;
pub mod directories;
pub mod event;
pub mod limits;
pub mod notice;
pub mod product_file;
pub mod product_name;
pub mod recorder;
pub mod settings_file;
pub mod sink;
pub mod telemetry;
pub mod uploader;
pub mod yaml;
