//! `ktel telemetry`: shows the telemetry of a product, and turns it on or off.

use std::io::{self, Write};

use ktel::consent::{Consent, Evidence, Preference};
use ktel::directories::process_environment;
use ktel::event::{Ending, Event, EventSchema, Outcome, Version};
use ktel::notice::{self, NoticeDecision};
use ktel::product_file::ProductFile;
use ktel::telemetry::Telemetry as Ambient;
use ktel::uploader::Uploader;
use ktel_delivery::spool;
use ktel_model::standard::dictionary;
use ktel_model::standard::schema::{Expiry, Form};
use serde_json::{Map, Value};

use arguments::{TelemetryArguments, TelemetryCommand};

use crate::clock;
use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::products;
use crate::table::table;

pub(super) mod arguments;
mod verify;

pub(super) fn run(command: &TelemetryArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    // A receipt can be of any product. It needs no product file.
    if let TelemetryCommand::Verify(arguments) = &command.command {
        return verify::run(arguments, printer);
    }
    let product = products::find(&command.product)?;
    let ambient = Ambient::of(&product, &process_environment)
        .configuration(command.config.as_deref(), command.profile.as_deref());
    match &command.command {
        TelemetryCommand::Status => status(&ambient, printer),
        TelemetryCommand::Preview => preview(&ambient, printer),
        TelemetryCommand::Log => log(&ambient, printer),
        TelemetryCommand::Explain { field } => explain(&product, field, printer),
        TelemetryCommand::On => on(&ambient, printer),
        TelemetryCommand::Off => off(&ambient, printer),
        TelemetryCommand::Forget => forget(&ambient, printer),
        TelemetryCommand::Verify(arguments) => verify::run(arguments, printer),
    }
}

fn place(ambient: &Ambient<'_>) -> Result<Uploader, Failure> {
    ambient.uploader().ok_or_else(|| {
        let error = anyhow::anyhow!(
            "there is no directory for events: neither `XDG_STATE_HOME` nor `HOME` is set"
        );
        Failure::usage(error, Some("set HOME or XDG_STATE_HOME"))
    })
}

fn spool(error: spool::Error) -> Failure {
    Failure::usage(error, None::<String>)
}

fn status(ambient: &Ambient<'_>, printer: &mut Printer) -> Result<Exit, Failure> {
    let consent = ambient.consent();
    let Consent { given, winner, others } = &consent;
    let product = ambient.product();
    let mut text = format!(
        "{}: telemetry is {}\n\nreason     {winner}\nnotice     {}\nserver     {}\n",
        product.name,
        if *given { "on" } else { "off" },
        notice_words(ambient, &consent),
        product.server.as_deref().unwrap_or("none, so nothing is sent"),
    );
    if let Some(uploader) = ambient.uploader() {
        let spooled = uploader.spool().status().map_err(spool)?;
        text.push_str(&format!(
            "waiting    {}, {}\n",
            count(spooled.parcels, "event"),
            count(spooled.bytes, "byte")
        ));
        if let Some(hold) = uploader.spool().held().map_err(spool)? {
            text.push_str(&format!("held       {}: {}\n", hold.hold.word(), hold.message));
        }
        for (why, events) in spooled.drops.iter() {
            text.push_str(&format!("dropped    {events} events, {}\n", why.word()));
        }
    }
    text.push('\n');
    let row = |mark: &str, one: &Evidence| {
        let place = one.place.trim_matches('`').to_owned();
        [mark.to_owned(), place, one.decision.word().to_owned(), one.reason.clone()]
    };
    let rows = [row("*", winner)].into_iter().chain(others.iter().map(|one| row("", one)));
    text.push_str(&table(["", "SOURCE", "DECISION", "REASON"], rows));
    printer.out(text)?;
    Ok(Exit::Done)
}

fn notice_words(ambient: &Ambient<'_>, consent: &Consent) -> String {
    match ambient.notice(consent, false) {
        NoticeDecision::NotNeeded => "not needed, because nothing is sent".into(),
        NoticeDecision::AlreadyShown => "was shown, and is up to date".into(),
        NoticeDecision::Asked => "not needed, because you turned telemetry on".into(),
        NoticeDecision::Stood => match &ambient.product().notice.stood {
            Some(stood) => format!("was shown in {}: {}", stood.place.words(), stood.reference),
            None => "was shown elsewhere".into(),
        },
        NoticeDecision::Show | NoticeDecision::Unseen => {
            "not shown yet; nothing is sent before it was shown on a terminal".into()
        }
    }
}

/// Prints the next request body byte for byte, and explains each value.
fn preview(ambient: &Ambient<'_>, printer: &mut Printer) -> Result<Exit, Failure> {
    let product = ambient.product();
    let consent = ambient.consent();
    if !consent.given {
        printer.say(&format!("telemetry is off: {}; nothing would be sent", consent.winner));
        return Ok(Exit::Done);
    }
    let schema = &product.event_schema;
    let (today, now) = (clock::today(), clock::since_epoch());
    let remote = products::server(product)?;
    let next = match &remote {
        Some(remote) => place(ambient)?
            .settle_batch(remote, schema, today, now)
            .map_err(|error| Failure::usage(error, None::<String>))?,
        None => None,
    };
    if let Some(parcel) = next.as_ref().and_then(|next| next.parcel.as_ref()) {
        let waiting = next.as_ref().map_or(0, |next| next.events.len());
        printer.say(&format!(
            "{} would be sent to {}:\n",
            count(waiting as u64, "event"),
            parcel.to
        ));
        printer.out(&parcel.body)?;
        printer.say("\n\nthe values of the first event:\n");
        let first = next.iter().flat_map(|next| &next.events).next();
        printer.say(&annotated(schema, None, first.unwrap_or(&Map::new())));
        return Ok(Exit::Done);
    }
    printer.say(if remote.is_some() {
        "no event waits; an event recorded now would be:\n"
    } else {
        "the product has no server; an event recorded now would be:\n"
    });
    let (raw, sent) = example(product);
    printer.out(format!("{}\n", Value::Object(sent.clone())))?;
    printer.say(&format!("\n{}", annotated(schema, Some(&raw), &sent)));
    Ok(Exit::Done)
}

/// Makes an event of the current time, as recorded and as sent.
fn example(product: &ProductFile) -> (Map<String, Value>, Map<String, Value>) {
    let command = product.vocabulary.commands().first().map_or("plugin", String::as_str);
    let event = Event::new(clock::now(), env!("CARGO_PKG_VERSION"), command);
    let event = match product.event_version {
        Version::One => event,
        Version::Two => {
            let outcome = Outcome::Success;
            event.ending(Ending { outcome, error_category: None, duration: None })
        }
    };
    (event.raw(), product.event_schema.apply(&event, Form::Exact).sent)
}

fn annotated(
    schema: &EventSchema,
    raw: Option<&Map<String, Value>>,
    sent: &Map<String, Value>,
) -> String {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "-".to_owned(),
    };
    let rows = sent.iter().filter_map(|(name, value)| {
        let field = schema.schema().field(name)?;
        let until = match &field.expires {
            Expiry::On(date) => date.to_string(),
            Expiry::Never(_) => "no end".to_owned(),
        };
        let measured = raw.map_or_else(|| "not stored".to_owned(), |raw| text(raw.get(name)));
        Some([name.clone(), measured, text(Some(value)), until, field.why.clone()])
    });
    table(["FIELD", "RAW", "SENT", "UNTIL", "WHY"], rows)
}

fn log(ambient: &Ambient<'_>, printer: &mut Printer) -> Result<Exit, Failure> {
    let text = place(ambient)?.accepted().read()?;
    if text.is_empty() {
        printer.say("no server has accepted an event yet");
    }
    printer.out(text)?;
    Ok(Exit::Done)
}

fn explain(product: &ProductFile, field: &str, printer: &mut Printer) -> Result<Exit, Failure> {
    let entry = product.all_schemas().find_map(|schema| dictionary::describe_field(schema, field));
    let Some(entry) = entry else {
        let error = anyhow::anyhow!("`{}` sends no field `{field}`", product.name);
        let known: Vec<&str> = product
            .all_schemas()
            .flat_map(|schema| schema.fields.keys())
            .map(String::as_str)
            .collect();
        return Err(Failure::usage(error, Some(format!("its fields are {}", known.join(", ")))));
    };
    printer.out(entry)?;
    Ok(Exit::Done)
}

fn prefer(ambient: &Ambient<'_>, preference: Preference) -> Result<(), Failure> {
    let written = preference.write(ambient.directories(), &ambient.product().name);
    written.map(drop).map_err(|error| {
        let hint = error.hint();
        Failure::usage(error, Some(hint))
    })
}

fn on(ambient: &Ambient<'_>, printer: &mut Printer) -> Result<Exit, Failure> {
    prefer(ambient, Preference::On)?;
    let consent = ambient.consent();
    if !consent.given {
        let error = anyhow::anyhow!(
            "your preference is stored, but telemetry stays off: {}",
            consent.winner
        );
        return Err(Failure::usage(error, Some("`ktel telemetry status` lists every source")));
    }
    let name = &ambient.product().name;
    if let Some(path) = notice::path(ambient.directories(), name) {
        let shown = notice::show(
            &path,
            &ambient.revision(),
            &notice::text(ambient.product()),
            &mut printer.stderr() as &mut dyn Write,
        );
        shown.map_err(|error| Failure::usage(error, None::<String>))?;
    }
    printer.say(&format!("{name}: telemetry is on"));
    Ok(Exit::Done)
}

fn off(ambient: &Ambient<'_>, printer: &mut Printer) -> Result<Exit, Failure> {
    prefer(ambient, Preference::Off)?;
    if let Some(uploader) = ambient.uploader() {
        uploader.empty()?;
    }
    printer.say(&format!(
        "{}: telemetry is off, and waiting events are deleted",
        ambient.product().name
    ));
    Ok(Exit::Done)
}

fn forget(ambient: &Ambient<'_>, printer: &mut Printer) -> Result<Exit, Failure> {
    let name = &ambient.product().name;
    if let Some(uploader) = ambient.uploader() {
        uploader.forget()?;
    }
    if let Some(path) = Preference::path(ambient.directories(), name) {
        let gone = match std::fs::read_to_string(&path) {
            // The preference `off` stays: deleting it would turn telemetry on again.
            Ok(text) if text.trim() == "on" => std::fs::remove_file(&path),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        };
        gone?;
    }
    printer.say(&format!(
        "{name}: all data about you on this machine is deleted, except the preference `off`"
    ));
    Ok(Exit::Done)
}
