//! `ktel telemetry on`, `off` and `forget`: what a user decides, and what is deleted then.

use std::io::{self, Write};

use ktel::consent::{self, Preference};
use ktel::notice;
use ktel::product_name::ProductName;
use ktel::telemetry::Telemetry as Ambient;

use super::{list, subject};
use crate::count::count;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

fn prefer(name: &ProductName, preference: Preference) -> Result<(), Failure> {
    let written = preference.write(&subject::directories(), name);
    written.map(drop).map_err(|error| {
        let hint = error.hint();
        Failure::usage(error, Some(hint))
    })
}

/// Turns telemetry on. The notice is in the product file, so this needs one.
pub(super) fn on(ambient: &Ambient<'_>, printer: &mut Printer) -> Result<Exit, Failure> {
    let name = &ambient.product().name;
    prefer(name, Preference::On)?;
    let consent = ambient.consent();
    if !consent.given {
        let error = anyhow::anyhow!(
            "your preference is stored, but telemetry stays off: {}",
            consent.winner
        );
        let hint = format!("`ktel telemetry --product {name} status` lists every source");
        return Err(Failure::usage(error, Some(hint)));
    }
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

/// Turns the telemetry of one product off.
pub(super) fn off(name: &ProductName, printer: &mut Printer) -> Result<Exit, Failure> {
    turn_off(name)?;
    printer.say(&format!("{name}: telemetry is off, and waiting events are deleted"));
    Ok(Exit::Done)
}

/// Turns the telemetry of every product on this machine off. One that fails does not save the others.
pub(super) fn off_all(printer: &mut Printer) -> Result<Exit, Failure> {
    let products = list::products()?;
    let (mut done, mut failures) = (0, Vec::new());
    for (name, _) in &products {
        match turn_off(name) {
            Ok(()) => {
                done += 1;
                printer.say(&format!("{name}: telemetry is off, and waiting events are deleted"));
            }
            Err(failure) => failures.push(failure),
        }
    }
    printer.say(&format!(
        "{} turned off. For products that you install later, set DO_NOT_TRACK=1 or KTEL_NO_TELEMETRY=1",
        count(done, "product")
    ));
    let Some(last) = failures.pop() else { return Ok(Exit::Done) };
    failures.iter().for_each(|failure| printer.failure(failure));
    Err(last)
}

fn turn_off(name: &ProductName) -> Result<(), Failure> {
    prefer(name, Preference::Off)?;
    if let Some(uploader) = subject::uploader(name) {
        uploader.empty()?;
    }
    Ok(())
}

/// Deletes everything that is stored about the user.
pub(super) fn forget(name: &ProductName, printer: &mut Printer) -> Result<Exit, Failure> {
    if let Some(uploader) = subject::uploader(name) {
        uploader.forget()?;
    }
    if let Some(path) = Preference::path(&subject::directories(), name) {
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
    // Somebody who forgets often means to say no.
    if consent::ask(name).given {
        printer.note(&format!("to turn it off, too: ktel telemetry --product {name} off"));
    }
    Ok(Exit::Done)
}
