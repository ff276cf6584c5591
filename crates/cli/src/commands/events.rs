//! `ktel events`: records and uploads events for programs in any language.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use ktel::destination::{Capture, Owner};
use ktel::directories::process_environment;
use ktel::event::{Ending, Outcome};
use ktel::product_file::ProductFile;
use ktel::recorder::Fate;
use ktel::sink::{RemoteSink, Sink};
use ktel::telemetry::Telemetry;
use ktel::uploader::{self, Uploaded};
use tokio::time::Instant;

use arguments::{EmitArguments, EventsCommand, UploadArguments};

use crate::clock;
use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::products;
use crate::runtime::runtime;
use crate::servers;

mod advice;
pub(super) mod arguments;
mod check;

/// The variable that makes `emit` say what is wrong.
const DEBUG: &str = "KTEL_DEBUG";

pub(super) fn run(command: EventsCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    match command {
        EventsCommand::Emit(emit) => self::emit(&emit, printer),
        EventsCommand::Upload(UploadArguments { product, send_timeout, capture }) => {
            let product = products::find(&product)?;
            upload(&product, send_timeout, servers::capture(capture.as_deref())?, printer)
        }
        EventsCommand::Check(check) => check::run(&check, printer),
    }
}

/// Uploads instead of running a command, if another process started this one for that.
pub(crate) fn upload_if_asked() -> Option<ExitCode> {
    uploader::run_if_asked(&process_environment, |product| {
        // Nobody reads the output. After a failure, the events keep waiting.
        let quiet = &mut Printer::new(true);
        let uploaded = products::find(product)
            .and_then(|product| upload(&product, uploader::UPLOAD_WITHIN, None, quiet));
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
    if let Some(why) = advice::of_version(&product, &emit.version)
        && telemetry.consent().given
    {
        printer.say(&format!("no event is recorded: {why}"));
        return Ok(Exit::Done);
    }
    let debug = process_environment(DEBUG).is_some_and(|value| value == "1");
    if debug {
        let advice = [
            advice::of_command(&product, &emit.command),
            advice::of_ending(&product, &emit.ending),
        ];
        advice.into_iter().flatten().for_each(|advice| printer.warn(&advice));
    }
    let people = printer.is_watched();
    let mut stderr = printer.stderr();
    let people = people.then_some(&mut stderr as &mut dyn Write);
    let direct = if product.direct { direct(&product)? } else { None };
    let recorder = telemetry.recorder(&emit.version, people, direct, clock::now);
    recorder.set_command(&emit.command);
    let ending = Ending {
        outcome: emit.ending.outcome.unwrap_or(Outcome::Success),
        error_category: emit.ending.error_category,
        duration: emit.ending.duration,
    };
    recorder.finalize(ending, clock::now());
    let fate = recorder.close();
    if debug {
        report_outcome(fate, &telemetry, printer);
    }
    let uploads = product.auto_upload && !emit.no_upload && !product.direct;
    if fate == Fate::Taken && product.server.is_some() && uploads {
        start_upload(&telemetry, &emit.product);
    }
    Ok(Exit::Done)
}

/// Says what became of an event, for an author who does not see it arrive.
fn report_outcome(fate: Fate, telemetry: &Telemetry<'_>, printer: &mut Printer) {
    let (product, consent) = (telemetry.product(), telemetry.consent());
    match fate {
        Fate::Taken => {}
        Fate::None if !consent.given => {
            printer.warn(&format!("no event is recorded: telemetry is off: {}", consent.winner));
        }
        Fate::None if !telemetry.notice(&consent, false).may_send() => {
            printer.warn(
                "no event is recorded: the notice was not shown yet; run the command on a terminal",
            );
        }
        Fate::None if product.server.is_none() => {
            printer.warn(&format!("no event is recorded: `{}` has no `server`", product.name));
        }
        Fate::None => printer.warn("no event is recorded"),
        Fate::Dropped => printer.warn("the event is lost: it could not be written or sent"),
        Fate::Abandoned => printer.warn("the server did not answer in time; the event may be lost"),
    }
}

fn direct(product: &ProductFile) -> Result<Option<Box<dyn Sink>>, Failure> {
    let Some(remote) = products::server(product)? else { return Ok(None) };
    let sender = servers::events_sender(&remote, product)?;
    Ok(Some(Box::new(RemoteSink::new(remote, sender, product.name.as_str()))))
}

/// Starts this program again, as an upload that outlives the command.
/// `product` is what the user named: its file need not be installed under its name.
fn start_upload(telemetry: &Telemetry<'_>, product: &str) {
    let (Some(uploader), Ok(program)) = (telemetry.uploader(), std::env::current_exe()) else {
        return;
    };
    // If it cannot be started, another command will start it.
    uploader.start(Path::new(&program), product, clock::since_epoch()).ok();
}

fn upload(
    product: &ProductFile,
    within: Duration,
    capture: Option<Capture>,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
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
    let sender = servers::events_sender(&remote, product)?.captured(capture);
    let deadline = Instant::now() + within;
    let (schema, today) = (&product.event_schema, clock::today());
    let uploaded = runtime()?.block_on(Box::pin(uploader.upload(
        (&remote, &sender),
        schema,
        today,
        deadline,
        clock::clock(),
    )));
    let uploaded = uploaded.map_err(|error| Failure::usage(error, None::<String>))?;
    let complete = uploaded.is_complete();
    let Uploaded { accepted, rejected, waiting, held, because } = uploaded;
    printer.say(&format!(
        "{} delivered, {rejected} rejected, {waiting} waiting",
        count(accepted, "event")
    ));
    if let Some(because) = because {
        let hint = servers::network_remedy(&remote, Some(&because));
        let error = format!("`{remote}` does not have all events: {because}");
        printer.error(&error, hint.as_deref());
    }
    if let Some(held) = held {
        servers::report_held(&remote, &held, Owner::Product, printer);
    }
    Ok(if complete { Exit::Done } else { Exit::NotDelivered })
}
