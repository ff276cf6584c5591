//! `ktel outbox`: the reports that wait for their servers.

use std::time::Duration;

use clap::Subcommand;
use jiff::Timestamp;
use ktel::destination::ReportServer;
use ktel::outbox::{self, Lane, Name, Outbox};
use ktel_delivery::courier::{self, Account};
use ktel_delivery::spool::Stored;
use serde_json::json;
use tokio::time::Instant;

use crate::arguments::shared::ListOutput;
use crate::arguments::values::duration;
use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::servers;
use crate::table::table;

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// List what waits, and for which server
    List {
        /// How it is printed
        #[arg(short, long, value_name = "FORMAT", default_value = "table")]
        output: ListOutput,
    },
    /// Print a waiting report, byte for byte
    Show {
        /// Which, as `ktel outbox list` names it
        name: String,
    },
    /// Send everything that waits
    Flush {
        /// Give up on a server after this long
        #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
        send_timeout: Duration,
    },
    /// Drop waiting reports
    Drop {
        /// Which, as `ktel outbox list` names them
        #[arg(required_unless_present = "all")]
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
        OutboxCommand::List { output } => list(&outbox, output, printer),
        OutboxCommand::Show { name } => show(&outbox, &name, printer),
        OutboxCommand::Flush { send_timeout } => {
            runtime()?.block_on(flush(&outbox, send_timeout, printer))
        }
        OutboxCommand::Drop { names, all } => drop_some(&outbox, &names, all, printer),
    }
}

fn list(outbox: &Outbox, output: ListOutput, printer: &mut Printer) -> Result<Exit, Failure> {
    let waiting = outbox.waiting(clock::since_epoch())?;
    let since = |stored: &Stored| {
        let seconds = i64::try_from(stored.time.as_secs()).unwrap_or(i64::MAX);
        // Beyond the calendar: a file that was tampered with.
        Timestamp::from_second(seconds).map_or_else(|_| "?".to_owned(), |time| time.to_string())
    };
    match output {
        ListOutput::Json => {
            let one = |(name, stored): &(Name, Stored)| {
                let parcel = &stored.parcel;
                json!({
                    "name": name.to_string(), "since": since(stored), "server": parcel.to,
                    "bytes": parcel.body.len(), "key": parcel.key,
                })
            };
            let all: Vec<_> = waiting.iter().map(one).collect();
            printer.out(format!("{:#}\n", json!(all)))?;
        }
        ListOutput::Table => {
            if waiting.is_empty() {
                printer.say("nothing waits");
            } else {
                let rows = waiting.iter().map(|(name, stored)| {
                    let Stored { parcel, .. } = stored;
                    let bytes = parcel.body.len().to_string();
                    [name.to_string(), since(stored), bytes, parcel.to.clone()]
                });
                printer.out(table(["NAME", "SINCE", "BYTES", "SERVER"], rows))?;
            }
        }
    }
    for lane in outbox.lanes()? {
        let status = lane.spool.status().map_err(outbox::Error::from)?;
        for (why, parcels) in status.drops.iter() {
            printer.say(&format!("dropped so far, {}: {parcels}", why.word()));
        }
    }
    Ok(Exit::Done)
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
    printer: &mut Printer,
) -> Result<Exit, Failure> {
    let lanes = outbox.lanes()?;
    let flushed = lanes.iter().map(|lane| flush_lane(lane, send_timeout));
    let mut exit = Exit::Done;
    for result in futures::future::join_all(flushed).await {
        match result {
            Ok(None) => {}
            Ok(Some(Flushed { server, account, left })) => {
                let refused: u64 = account.rejected.values().sum();
                let accepted = account.accepted;
                printer.say(&format!(
                    "{server}: {accepted} delivered, {refused} refused, {left} waiting"
                ));
                servers::tell_rejected(&server, &account, printer);
                if left > 0 || refused > 0 {
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
    server: String,
    account: Account,
    left: u64,
}

async fn flush_lane(lane: &Lane, send_timeout: Duration) -> Result<Option<Flushed>, Failure> {
    let now = clock::since_epoch();
    let Some((_, first)) = lane.waiting(now)?.into_iter().next() else { return Ok(None) };
    let server = first.parcel.to;
    let Ok(ReportServer::Remote(remote)) = server.parse() else {
        let error = anyhow::anyhow!("`{server}` is no server that reports can be sent to");
        return Err(Failure::usage(error, Some("drop it with `ktel outbox drop`")));
    };
    let sender = servers::sender(&remote)?;
    let spool = |error| Failure::from(outbox::Error::from(error));
    let Some(_delivering) = lane.spool.deliver().map_err(spool)? else {
        let error = anyhow::anyhow!("another process delivers to `{server}` at the moment");
        return Err(Failure::usage(error, None::<String>));
    };
    let deadline = Instant::now() + send_timeout;
    let delivered = courier::deliver(&lane.spool, &sender, deadline, clock::clock(), |_, _| ());
    let account = Box::pin(delivered).await.map_err(spool)?;
    let left = lane.spool.status().map_err(spool)?.parcels;
    Ok(Some(Flushed { server, account, left }))
}
