//! `ktel telemetry status`: whether telemetry is on, and the decision of every source.

use ktel::consent::{Consent, Evidence};
use ktel::notice::NoticeDecision;
use ktel::product_name::ProductName;
use ktel::telemetry::Telemetry as Ambient;
use ktel::uploader::Uploader;
use serde_json::{Value, json};

use super::subject::{self, Known};
use crate::arguments::shared::OutputFormat;
use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::listing;
use crate::printer::Printer;
use crate::table::table;

/// A product as it is shown.
struct Status<'a> {
    name: &'a ProductName,
    consent: Consent,
    /// Whether it may send, unless only the product decides this.
    telemetry: Option<bool>,
    file: Option<OfFile<'a>>,
    waiting: Option<Waiting>,
}

/// What only the product file says.
struct OfFile<'a> {
    notice: String,
    server: Option<&'a str>,
}

/// What waits for an upload.
#[derive(Default)]
struct Waiting {
    events: u64,
    bytes: u64,
    /// Why nothing is sent, as a word and in words.
    held: Option<(&'static str, String)>,
    /// What will not be sent, by reason.
    dropped: Vec<(&'static str, u64)>,
}

/// Shows a product whose file is known.
pub(super) fn of_file(
    ambient: &Ambient<'_>,
    output: OutputFormat,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let consent = ambient.consent();
    let product = ambient.product();
    let notice = notice_words(ambient, &consent);
    let status = Status {
        name: &product.name,
        telemetry: Some(consent.given),
        consent,
        file: Some(OfFile { notice, server: product.server.as_deref() }),
        waiting: waiting(ambient.uploader())?,
    };
    show(&status, output, printer)
}

/// Shows a product that carries its file within its program.
pub(super) fn of_name(
    name: &ProductName,
    output: OutputFormat,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let (telemetry, consent) = match subject::ask(name) {
        Known::Decided(consent) => (Some(consent.given), consent),
        Known::ByProduct(consent) => (None, consent),
    };
    let waiting = waiting(subject::uploader(name))?;
    show(&Status { name, consent, telemetry, file: None, waiting }, output, printer)
}

fn show(status: &Status<'_>, output: OutputFormat, printer: &mut Printer) -> Result<Exit, Failure> {
    printer.out(listing::text(output, || text(status), &as_json(status)))?;
    Ok(Exit::Done)
}

fn word(telemetry: Option<bool>) -> Option<&'static str> {
    telemetry.map(|on| if on { "on" } else { "off" })
}

fn text(status: &Status<'_>) -> String {
    let Status { name, consent, telemetry, file, waiting } = status;
    let state = word(*telemetry).unwrap_or("as the product decides by its own default");
    let mut text = format!("{name}: telemetry is {state}\n\nreason     {}\n", consent.winner);
    text.push_str(&match file {
        Some(OfFile { notice, server }) => format!(
            "notice     {notice}\nserver     {}\n",
            server.unwrap_or("none, so nothing is sent")
        ),
        None => "file       none on this machine; the product knows its server and its notice\n"
            .to_owned(),
    });
    if let Some(Waiting { events, bytes, held, dropped }) = waiting {
        let (events, bytes) = (count(*events, "event"), count(*bytes, "byte"));
        text.push_str(&format!("waiting    {events}, {bytes}\n"));
        if let Some((word, message)) = held {
            text.push_str(&format!("held       {word}: {message}\n"));
        }
        for (why, events) in dropped {
            text.push_str(&format!("dropped    {}, {why}\n", count(*events, "event")));
        }
    }
    text + &sources(consent)
}

fn as_json(status: &Status<'_>) -> Value {
    let Status { name, consent, telemetry, file, waiting } = status;
    let waiting = waiting.as_ref().map(|Waiting { events, bytes, held, dropped }| {
        let held = held.as_ref().map(|(word, why)| json!({"reason": word, "message": why}));
        let dropped: Vec<Value> =
            dropped.iter().map(|(why, events)| json!({"reason": why, "events": events})).collect();
        json!({"events": events, "bytes": bytes, "held": held, "dropped": dropped})
    });
    let source = |one: &Evidence| {
        json!({
            "source": place(one), "decision": one.decision.word(), "reason": one.reason,
            "decided": *one == consent.winner,
        })
    };
    let sources: Vec<Value> =
        [&consent.winner].into_iter().chain(&consent.others).map(source).collect();
    json!({
        "product": name, "telemetry": word(*telemetry), "decided_by": consent.winner.to_string(),
        "has_product_file": file.is_some(),
        "notice": file.as_ref().map(|file| &file.notice),
        "server": file.as_ref().and_then(|file| file.server),
        "waiting": waiting, "sources": sources,
    })
}

/// Reads what waits for an upload. Without a spool, none is made.
fn waiting(uploader: Option<Uploader>) -> Result<Option<Waiting>, Failure> {
    let Some(uploader) = uploader else { return Ok(None) };
    if !uploader.spool_directory().exists() {
        return Ok(Some(Waiting::default()));
    }
    let spool = |error: ktel_delivery::spool::Error| Failure::usage(error, None::<String>);
    let spooled = uploader.spool().status().map_err(spool)?;
    let held = uploader.spool().held().map_err(spool)?;
    Ok(Some(Waiting {
        events: spooled.parcels,
        bytes: spooled.bytes,
        held: held.map(|held| (held.hold.word(), held.message)),
        dropped: spooled.drops.iter().map(|(why, events)| (why.word(), events)).collect(),
    }))
}

fn place(one: &Evidence) -> &str {
    one.place.trim_matches('`')
}

fn sources(consent: &Consent) -> String {
    let Consent { given: _, winner, others } = consent;
    let row = |mark: &str, one: &Evidence| {
        let decision = one.decision.word().to_owned();
        [mark.to_owned(), place(one).to_owned(), decision, one.reason.clone()]
    };
    let rows = [row("*", winner)].into_iter().chain(others.iter().map(|one| row("", one)));
    format!("\n{}", table(["", "SOURCE", "DECISION", "REASON"], rows))
}

pub(super) fn notice_words(ambient: &Ambient<'_>, consent: &Consent) -> String {
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
