//! `ktel events`: records and uploads events for programs in any language.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand};
use ktel::destination::Owner;
use ktel::directories::process_environment;
use ktel::event::{Ending, ErrorCategory, Outcome};
use ktel::product_file::ProductFile;
use ktel::recorder::Fate;
use ktel::sink::{RemoteSink, Sink};
use ktel::telemetry::Telemetry;
use ktel::uploader::{self, Uploaded};
use tokio::time::Instant;

use crate::arguments::values::{duration, one_of};
use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::products;
use crate::runtime::runtime;
use crate::servers;

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Record one run of a command, without waiting for an upload
    Emit(EmitArguments),
    /// Send waiting events to the server of the product
    Upload {
        /// The product, by its name or its file
        #[arg(long, value_name = "NAME|FILE")]
        product: String,
        /// Stop after this time; events that are not sent keep waiting
        #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
        send_timeout: Duration,
    },
}

#[derive(Debug, Args)]
pub(crate) struct EmitArguments {
    /// The product, by its name or its file
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) product: String,
    /// The version of the product, such as 1.2.3; of other builds, no event is recorded
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: String,
    /// The words of the command, without arguments and flags
    #[arg(long, value_name = "WORDS")]
    pub(crate) command: String,
    /// How the command ended: success, failure, interrupted or panicked
    #[arg(long, value_name = "HOW", value_parser = outcome)]
    pub(crate) outcome: Option<Outcome>,
    /// Why it failed, such as network, auth or not-found
    #[arg(long, value_name = "WHY", value_parser = category)]
    pub(crate) error_category: Option<ErrorCategory>,
    /// How long it took; only a bucket is stored
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// Record nothing
    #[arg(long)]
    pub(crate) no_telemetry: bool,
    /// The configuration file of the product
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The profile of the configuration; default: the variable `PRODUCT_PROFILE`, then the product file
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let known = Outcome::ALL.into_iter();
    one_of(text, known.map(|outcome| (outcome.word(), outcome)))
}

fn category(text: &str) -> Result<ErrorCategory, String> {
    let known = ErrorCategory::ALL.into_iter();
    one_of(text, known.map(|category| (category.word(), category)))
}

pub(super) fn run(command: EventsCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        EventsCommand::Emit(emit) => self::emit(&emit, printer),
        EventsCommand::Upload { product, send_timeout } => {
            let product = products::find(&product)?;
            upload(&product, send_timeout, printer)
        }
    }
}

/// Uploads instead of running a command, if another process started this one for that.
pub(crate) fn upload_if_asked() -> Option<ExitCode> {
    uploader::run_if_asked(&process_environment, |product| {
        // Nobody reads the output. After a failure, the events keep waiting.
        let quiet = &mut Printer::new(true);
        let uploaded =
            products::find(product).and_then(|product| upload(&product, uploader::WITHIN, quiet));
        uploaded.unwrap_or(Exit::NotDelivered).into()
    })
}

/// Records one run of a command of another program. Telemetry is best effort: only wrong arguments
/// are errors.
fn emit(emit: &EmitArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let product = products::find(&emit.product)?;
    let telemetry = Telemetry::of(&product, &process_environment)
        .no_telemetry(emit.no_telemetry)
        .configuration(emit.config.as_deref(), emit.profile.as_deref());
    if !product.event_schema.accepts_version(&emit.version) && telemetry.consent().given {
        let version = emit.version.escape_debug();
        printer.say(&format!("no event is recorded: `{version}` is not a version such as 1.2.3"));
        return Ok(Exit::Done);
    }
    let people = printer.is_watched();
    let mut stderr = printer.stderr();
    let people = people.then_some(&mut stderr as &mut dyn Write);
    let direct = if product.direct { direct(&product)? } else { None };
    let recorder = telemetry.recorder(&emit.version, people, direct, clock::now);
    recorder.set_command(&emit.command);
    let ending = Ending {
        outcome: emit.outcome.unwrap_or(Outcome::Success),
        error_category: emit.error_category,
        duration: emit.duration,
    };
    recorder.finalize(ending, clock::now());
    if recorder.close() == Fate::Taken && product.server.is_some() && !product.direct {
        start_upload(&telemetry);
    }
    Ok(Exit::Done)
}

fn direct(product: &ProductFile) -> Result<Option<Box<dyn Sink>>, Failure> {
    let Some(remote) = products::server(product)? else { return Ok(None) };
    let sender = servers::events_sender(&remote)?;
    Ok(Some(Box::new(RemoteSink::new(remote, sender, product.name.as_str()))))
}

/// Starts this program again, as an upload that outlives the command.
fn start_upload(telemetry: &Telemetry<'_>) {
    let product = telemetry.product().name.as_str();
    let (Some(uploader), Ok(program)) = (telemetry.uploader(), std::env::current_exe()) else {
        return;
    };
    // If it cannot be started, another command will start it.
    uploader.start(Path::new(&program), product, clock::since_epoch()).ok();
}

fn upload(product: &ProductFile, within: Duration, printer: &mut Printer) -> Result<Exit, Failure> {
    let telemetry = Telemetry::of(product, &process_environment);
    let Some(uploader) = telemetry.uploader() else {
        let error = anyhow::anyhow!(
            "there is no directory for events: neither `XDG_STATE_HOME` nor `HOME` is set"
        );
        return Err(Failure::usage(error, Some("set HOME or XDG_STATE_HOME")));
    };
    let consent = telemetry.consent();
    if !consent.given {
        uploader.empty()?;
        printer.say(&format!(
            "telemetry is off: {}; nothing was sent, and waiting events are deleted",
            consent.winner
        ));
        return Ok(Exit::Done);
    }
    let people = printer.is_watched();
    let mut stderr = printer.stderr();
    if !telemetry.may_send(people.then_some(&mut stderr as &mut dyn Write)) {
        printer.say("nothing was sent, because the notice was not shown yet");
        return Ok(Exit::Done);
    }
    let Some(remote) = products::server(product)? else {
        printer.say(&format!("nothing was sent, because `{}` has no server", product.name));
        return Ok(Exit::Done);
    };
    let sender = servers::events_sender(&remote)?;
    let deadline = Instant::now() + within;
    let (schema, today) = (&product.event_schema, clock::today());
    let uploaded = runtime()?.block_on(Box::pin(uploader.upload(
        (&remote, &sender),
        schema,
        today,
        deadline,
        clock::clock(),
    )));
    let Uploaded { accepted, rejected, waiting, held } =
        uploaded.map_err(|error| Failure::usage(error, None::<String>))?;
    printer.say(&format!("{accepted} events delivered, {rejected} rejected, {waiting} waiting"));
    if let Some(held) = held {
        servers::tell_held(&remote, &held, Owner::Product, printer);
    }
    Ok(if waiting > 0 { Exit::NotDelivered } else { Exit::Done })
}
