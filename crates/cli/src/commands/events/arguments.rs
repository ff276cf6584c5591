//! The flags of `ktel events`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use ktel::event::{ErrorCategory, Outcome};

use crate::arguments::complete;
use crate::arguments::values::{duration, one_of};

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Record one run of a command, without waiting for an upload
    ///
    /// Starts an upload in another process if none began in the last 6 hours, unless `--no-upload` or the
    /// product file prevents it.
    Emit(EmitArguments),
    /// Send waiting events to the server of the product; exit code 3 if any was not delivered
    Upload(UploadArguments),
    /// Send a test to the server of the product, and show what is wrong with product, version and flags
    Check(CheckArguments),
}

#[derive(Debug, Args)]
pub(crate) struct UploadArguments {
    /// The product, by its name or its file
    #[arg(long, value_name = "NAME|FILE", add = complete::products())]
    pub(crate) product: String,
    /// Stop after this time; events that are not sent keep waiting
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) send_timeout: Duration,
    /// Also write every request, without secrets, to the end of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) capture: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct EmitArguments {
    /// The product, by its name or its file
    #[arg(long, value_name = "NAME|FILE", add = complete::products())]
    pub(crate) product: String,
    /// The version of the product, such as 1.2.3; of other builds, no event is recorded
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: String,
    /// The words of the command, without arguments and flags
    #[arg(long, value_name = "WORDS")]
    pub(crate) command: String,
    #[command(flatten)]
    pub(crate) ending: EndingArguments,
    /// Record nothing
    #[arg(long)]
    pub(crate) no_telemetry: bool,
    /// Start no upload; `ktel events upload` sends the event
    #[arg(long)]
    pub(crate) no_upload: bool,
    /// The configuration file of the product
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The profile of the configuration; default: the variable `PRODUCT_PROFILE`, then the product file
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

/// How a command ended. Version 1 of the event has none of these.
#[derive(Debug, Args)]
pub(crate) struct EndingArguments {
    /// How the command ended: success, failure, interrupted or panicked
    #[arg(help_heading = "How the command ended", long, value_name = "HOW", value_parser = outcome)]
    pub(crate) outcome: Option<Outcome>,
    /// Why it failed, such as network, auth or not-found
    #[arg(help_heading = "How the command ended", long, value_name = "WHY", value_parser = category)]
    pub(crate) error_category: Option<ErrorCategory>,
    /// How long it took; only a bucket is stored
    #[arg(help_heading = "How the command ended", long, value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The product, by its name or its file
    #[arg(long, value_name = "NAME|FILE", add = complete::products())]
    pub(crate) product: String,
    /// A version that your program would pass to `emit`
    #[arg(long, value_name = "VERSION", default_value = "1.2.3")]
    pub(crate) version: String,
    /// A command that your program would pass to `emit` (repeatable) [default: every declared command]
    #[arg(long = "command", value_name = "WORDS")]
    pub(crate) commands: Vec<String>,
    /// Also write the request, without secrets, to the end of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) capture: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) ending: EndingArguments,
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let known = Outcome::ALL.into_iter();
    one_of(text, known.map(|outcome| (outcome.word(), outcome)))
}

fn category(text: &str) -> Result<ErrorCategory, String> {
    let known = ErrorCategory::ALL.into_iter();
    one_of(text, known.map(|category| (category.word(), category)))
}
