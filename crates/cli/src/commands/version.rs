//! `ktel version`: which program this is.

use serde_json::json;

use crate::arguments::shared::Format;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::listing;
use crate::printer::Printer;

/// What `build.rs` finds out.
const COMMIT: &str = env!("BUILD_COMMIT");
const DATE: &str = env!("BUILD_DATE");
const TARGET: &str = env!("BUILD_TARGET");
/// The kinds of servers and stores that this program was built with. There is one build; the list is for
/// programs that ask an older or a newer one.
const FEATURES: [&str; 9] = [
    "agent",
    "https",
    "metricsql",
    "otlp-grpc",
    "otlp-http",
    "postgres",
    "splunk",
    "sqlite",
    "syslog",
];

pub(super) fn run(format: Format, printer: &mut Printer) -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let text = || {
        format!(
            "ktel {version}\ncommit    {COMMIT}\ndate      {DATE}\ntarget    {TARGET}\nfeatures  {}\n",
            FEATURES.join(", ")
        )
    };
    let value = json!({
        "version": version, "commit": COMMIT, "date": DATE, "target": TARGET,
        "features": FEATURES,
    });
    printer.out(listing::text(format.output, text, &value))?;
    Ok(Exit::Done)
}
