//! `ktel outbox`: the reports that wait for their servers.

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use jiff::Timestamp;
use ktel::destination::{Capture, Owner, Remote, ReportServer};
use ktel::outbox::{self, Lane, Name, Outbox};
use ktel_delivery::courier::{self, Account};
use ktel_delivery::spool::{Held, Stored};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::arguments::shared::{Format, OutputFormat};
use crate::arguments::values::duration;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::servers;
use crate::table::table;
use crate::{clock, listing};

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// List what waits, and for which server
    List(Format),
    /// Print a waiting report, byte for byte
    Show {
        /// The name of the report, as `ktel outbox list` prints it
        name: String,
    },
    /// Send everything that waits
    Flush {
        /// Maximum time of delivery to a server; what is not delivered then keeps waiting
        #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
        send_timeout: Duration,
        /// Also write every request, without secrets, to the end of this file
        #[arg(long, value_name = "FILE")]
        capture: Option<PathBuf>,
    },
    /// Drop waiting reports
    Drop {
        /// Names of reports, as `ktel outbox list` prints them
        names: Vec<String>,
        /// Drop everything
        #[arg(long, conflicts_with = "names")]
        all: bool,
    },
}

pub(super) fn run(command: OutboxCommand, printer: &mut Printer) -> Result<Exit, Failure> {
    let Some(outbox) = servers::outbox() else {
        let error = anyhow::anyhow!("there is no place for an outbox: HOME is not set");
        return Err(Failure::usage(error, Some("set HOME or XDG_STATE_HOME")));
    };
    match command {
        OutboxCommand::List(Format { output }) => list(&outbox, output, printer),
        OutboxCommand::Show { name } => show(&outbox, &name, printer),
        OutboxCommand::Flush { send_timeout, capture } => {
            let capture = servers::capture(capture.as_deref())?;
            runtime()?.block_on(flush(&outbox, send_timeout, capture, printer))
        }
        OutboxCommand::Drop { names, all: false } if names.is_empty() => {
            let error = anyhow::anyhow!("no report is named, and `--all` is not set");
            Err(Failure::usage(
                error,
                Some(
                    "`ktel outbox list` shows the names; `ktel outbox drop --all` drops everything",
                ),
            ))
        }
        OutboxCommand::Drop { names, all } => drop_some(&outbox, &names, all, printer),
    }
}

/// What waits for one server, and why it is held.
struct Waiting {
    parcels: Vec<(Name, Stored)>,
    held: Option<Held>,
}

fn list(outbox: &Outbox, output: OutputFormat, printer: &mut Printer) -> Result<Exit, Failure> {
    let now = clock::since_epoch();
    let lanes = outbox.lanes()?.into_iter().map(|lane| {
        let parcels = lane.waiting(now)?;
        Ok(Waiting { parcels, held: lane.spool.held().map_err(outbox::Error::from)? })
    });
    let waiting = lanes.collect::<Result<Vec<Waiting>, outbox::Error>>()?;
    match output {
        OutputFormat::Json => printer.out(listing::json(&json_of(&waiting)))?,
        OutputFormat::Yaml => printer.out(listing::yaml(&json_of(&waiting)))?,
        OutputFormat::Table => print_table(&waiting, printer)?,
    }
    for lane in outbox.lanes()? {
        let status = lane.spool.status().map_err(outbox::Error::from)?;
        for (why, parcels) in status.drops.iter() {
            printer.say(&format!("dropped so far, {}: {parcels}", why.word()));
        }
    }
    Ok(Exit::Done)
}

fn json_of(waiting: &[Waiting]) -> Value {
    let of_lane = |Waiting { parcels, held }: &Waiting| {
        let one = |(name, stored): &(Name, Stored)| {
            let held = held.as_ref().filter(|held| held.holds(stored.id)).map(|held| {
                json!({
                    "reason": held.hold.word(), "message": held.message, "time": time(held.time),
                })
            });
            let parcel = &stored.parcel;
            json!({
                "name": name.to_string(), "since": time(stored.time), "server": parcel.to,
                "bytes": parcel.body.len(), "key": parcel.key, "held": held,
            })
        };
        parcels.iter().map(one).collect::<Vec<Value>>()
    };
    waiting.iter().flat_map(of_lane).collect()
}

fn print_table(waiting: &[Waiting], printer: &mut Printer) -> Result<(), Failure> {
    let rows = waiting.iter().flat_map(|Waiting { parcels, held }| {
        parcels.iter().map(move |(name, Stored { id, parcel, time: since })| {
            let held = held.as_ref().filter(|held| held.holds(*id));
            let held = held.map_or("-", |held| held.hold.word());
            let bytes = parcel.body.len().to_string();
            [name.to_string(), time(*since), bytes, held.to_owned(), parcel.to.clone()]
        })
    });
    let rows: Vec<[String; 5]> = rows.collect();
    if rows.is_empty() {
        printer.say("nothing waits");
        return Ok(());
    }
    printer.out(table(["NAME", "SINCE", "BYTES", "HELD", "SERVER"], rows))?;
    for Waiting { parcels, held } in waiting {
        // The newest one has the options of the last configuration.
        let (Some(held), Some((_, newest))) = (held, parcels.last()) else { continue };
        let server = &newest.parcel.to;
        let text = format!("held, tried at {}: {}", time(held.time), held.message);
        let remedy = match server.parse() {
            Ok(ReportServer::Remote(remote)) => remote.remedy(held.hold, Owner::User),
            _ => format!("`{server}` is no server that reports can be sent to"),
        };
        printer.say(&format!("{server} {text}\n  {remedy}"));
    }
    Ok(())
}

fn time(since_epoch: Duration) -> String {
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    // Beyond the calendar: a file that was tampered with.
    Timestamp::from_second(seconds).map_or_else(|_| "?".to_owned(), |time| time.to_string())
}

fn named(name: &str) -> Result<Name, Failure> {
    name.parse()
        .map_err(|error: outbox::NoName| Failure::usage(error, Some("see `ktel outbox list`")))
}

fn gone(name: &str) -> Failure {
    let error = anyhow::anyhow!("`{name}` does not wait in the outbox");
    Failure::usage(error, Some("see `ktel outbox list`"))
}

fn show(outbox: &Outbox, name: &str, printer: &mut Printer) -> Result<Exit, Failure> {
    let stored = outbox.find(&named(name)?, clock::since_epoch())?.ok_or_else(|| gone(name))?;
    printer.say(&format!("to {}, {}:", stored.parcel.to, stored.parcel.content_type));
    printer.out(&stored.parcel.body)?;
    Ok(Exit::Done)
}

fn drop_some(
    outbox: &Outbox,
    names: &[String],
    all: bool,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let mut dropped = 0;
    if all {
        for lane in outbox.lanes()? {
            dropped += lane.spool.clear().map_err(outbox::Error::from)?;
        }
    }
    let names: Result<Vec<Name>, Failure> = names.iter().map(|name| named(name)).collect();
    for name in names? {
        if !outbox.drop_one(&name)? {
            return Err(gone(&name.to_string()));
        }
        dropped += 1;
    }
    printer.say(&format!("dropped {dropped}"));
    Ok(Exit::Done)
}

async fn flush(
    outbox: &Outbox,
    send_timeout: Duration,
    capture: Option<Capture>,
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let lanes = outbox.lanes()?;
    let flushed = lanes.iter().map(|lane| flush_lane(lane, send_timeout, capture.clone()));
    let mut exit = Exit::Done;
    for result in futures::future::join_all(flushed).await {
        match result {
            Ok(None) => {}
            Ok(Some(Flushed { remote, account, left })) => {
                let server = remote.url();
                let rejected: u64 = account.rejected.values().sum();
                let accepted = account.accepted;
                printer.say(&format!(
                    "{server}: {accepted} delivered, {rejected} rejected, {left} waiting"
                ));
                servers::report_rejected(server, &account, printer);
                if let Some(held) = &account.held {
                    servers::report_held(&remote, held, Owner::User, printer);
                }
                if left > 0 || rejected > 0 {
                    exit = Exit::NotDelivered;
                }
            }
            Err(failure) => {
                printer.failure(&failure);
                exit = Exit::NotDelivered;
            }
        }
    }
    Ok(exit)
}

struct Flushed {
    remote: Box<Remote>,
    account: Account,
    left: u64,
}

async fn flush_lane(
    lane: &Lane,
    send_timeout: Duration,
    capture: Option<Capture>,
) -> Result<Option<Flushed>, Failure> {
    let now = clock::since_epoch();
    // The newest one has the options of the last configuration.
    let Some((_, newest)) = lane.waiting(now)?.pop() else { return Ok(None) };
    let server = newest.parcel.to;
    let Ok(ReportServer::Remote(remote)) = server.parse() else {
        let error = anyhow::anyhow!("`{server}` is no server that reports can be sent to");
        return Err(Failure::usage(error, Some("drop it with `ktel outbox drop`")));
    };
    let sender = servers::sender(&remote, capture)?;
    let spool = |error| Failure::from(outbox::Error::from(error));
    let Some(_delivering) = lane.spool.deliver().map_err(spool)? else {
        let error = anyhow::anyhow!("another process delivers to `{server}` at the moment");
        return Err(Failure::usage(error, None::<String>));
    };
    let deadline = Instant::now() + send_timeout;
    let delivered = courier::deliver(&lane.spool, &sender, deadline, clock::clock(), |_, _| ());
    let account = Box::pin(delivered).await.map_err(spool)?;
    let left = lane.spool.status().map_err(spool)?.parcels;
    Ok(Some(Flushed { remote, account, left }))
}
