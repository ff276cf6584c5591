//! Usage events: one best-effort event per command of a CLI.
//!
//! It decides [consent], shows the [notice], [records](recorder) the event and gives it to a
//! [sink]. It must not depend on Kubernetes, on a terminal or on a clock.
//!
//! Without the feature `upload`, which is on by default, nothing is sent: events wait in their
//! [spool](uploader::Uploader::spool) for `ktel events upload` or for another binary of the product, which
//! [`Uploader::start`](uploader::Uploader::start) starts. Then neither an HTTP client nor TLS is compiled.

pub mod ci_environment;
pub mod consent;
pub mod directories;
pub mod event;
pub mod limits;
pub mod machine;
pub mod notice;
pub mod product_file;
pub mod product_name;
pub mod recorder;
pub mod settings_file;
pub mod sink;
pub mod telemetry;
pub mod uploader;
pub mod yaml;
