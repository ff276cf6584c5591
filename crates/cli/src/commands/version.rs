//! `ktel version`: which program this is.

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

#[derive(Debug, Args)]
pub(crate) struct VersionArguments {
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: VersionOutput,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum VersionOutput {
    Text,
    Json,
}

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

pub(super) fn run(arguments: &VersionArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    printer.out(match arguments.output {
        VersionOutput::Text => format!(
            "ktel {version}\ncommit    {COMMIT}\ndate      {DATE}\ntarget    {TARGET}\nfeatures  {}\n",
            FEATURES.join(", ")
        ),
        VersionOutput::Json => {
            let json = json!({
                "version": version, "commit": COMMIT, "date": DATE, "target": TARGET,
                "features": FEATURES,
            });
            format!("{json:#}\n")
        }
    })?;
    Ok(Exit::Done)
}
