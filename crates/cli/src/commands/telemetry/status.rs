//! `ktel telemetry status`: whether telemetry is on, and the decision of every source.

use ktel::consent::{Consent, Evidence};
use ktel::notice::NoticeDecision;
use ktel::product_name::ProductName;
use ktel::telemetry::Telemetry as Ambient;
use ktel::uploader::Uploader;

use super::subject::{self, Known};
use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::table::table;

/// Shows a product whose file is known.
pub(super) fn of_file(ambient: &Ambient<'_>, printer: &mut Printer) -> Result<Exit, Failure> {
    let consent = ambient.consent();
    let product = ambient.product();
    let mut text = format!(
        "{}: telemetry is {}\n\nreason     {}\nnotice     {}\nserver     {}\n",
        product.name,
        if consent.given { "on" } else { "off" },
        consent.winner,
        notice_words(ambient, &consent),
        product.server.as_deref().unwrap_or("none, so nothing is sent"),
    );
    text.push_str(&waiting(ambient.uploader())?);
    text.push_str(&sources(&consent));
    printer.out(text)?;
    Ok(Exit::Done)
}

/// Shows a product that carries its file within its program.
pub(super) fn of_name(name: &ProductName, printer: &mut Printer) -> Result<Exit, Failure> {
    let (state, consent) = match subject::ask(name) {
        Known::Decided(consent) if consent.given => ("on", consent),
        Known::Decided(consent) => ("off", consent),
        Known::ByProduct(consent) => ("as the product decides by its own default", consent),
    };
    let mut text = format!(
        "{name}: telemetry is {state}\n\nreason     {}\nfile       none on this machine; the product knows its server and its notice\n",
        consent.winner,
    );
    text.push_str(&waiting(subject::uploader(name))?);
    text.push_str(&sources(&consent));
    printer.out(text)?;
    Ok(Exit::Done)
}

fn spool(error: ktel_delivery::spool::Error) -> Failure {
    Failure::usage(error, None::<String>)
}

/// What waits for an upload. Without a spool, none is made.
fn waiting(uploader: Option<Uploader>) -> Result<String, Failure> {
    let Some(uploader) = uploader else { return Ok(String::new()) };
    if !uploader.spool_directory().exists() {
        return Ok("waiting    0 events, 0 bytes\n".to_owned());
    }
    let spooled = uploader.spool().status().map_err(spool)?;
    let (events, bytes) = (count(spooled.parcels, "event"), count(spooled.bytes, "byte"));
    let mut text = format!("waiting    {events}, {bytes}\n");
    if let Some(hold) = uploader.spool().held().map_err(spool)? {
        text.push_str(&format!("held       {}: {}\n", hold.hold.word(), hold.message));
    }
    for (why, events) in spooled.drops.iter() {
        text.push_str(&format!("dropped    {}, {}\n", count(events, "event"), why.word()));
    }
    Ok(text)
}

fn sources(consent: &Consent) -> String {
    let Consent { given: _, winner, others } = consent;
    let row = |mark: &str, one: &Evidence| {
        let place = one.place.trim_matches('`').to_owned();
        [mark.to_owned(), place, one.decision.word().to_owned(), one.reason.clone()]
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
