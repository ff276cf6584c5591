//! `ktel exporter test`: one data point to a sink, and what the receiver says to it.

use std::collections::BTreeMap;

use anyhow::anyhow;
use clap::Args;
use ktel_delivery::verdict::Verdict;
use ktel_exporter::compile::{Missing, SecretNeeds};
use ktel_exporter::plan::{Compression, SinkPlan};
use ktel_exporter::probe;
use ktel_exporter::sink::{Judgement, Outcome, reason};

use super::file::{FileArguments, FromFile, compiled, now};
use super::secrets::{SecretArguments, variable};
use super::settings;
use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    #[command(flatten)]
    of_file: FileArguments,
    /// The sink; where several Exporters have one of this name, each is tested
    #[arg(long, value_name = "NAME")]
    sink: String,
    #[command(flatten)]
    secrets: SecretArguments,
}

pub(super) fn run(arguments: &TestArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let settings = settings::load(&arguments.of_file.config)?;
    let found = compiled(&arguments.of_file, &settings, &|_, _| BTreeMap::new(), printer)?;
    let (mut known, mut tested, mut exit) = (Vec::new(), 0, Exit::Done);
    for exporter in &found {
        for (sink, needs) in exporter.plan.sinks.iter().zip(&exporter.secrets) {
            known.push(sink.name.as_str());
            if sink.name != arguments.sink {
                continue;
            }
            tested += 1;
            if !test(exporter, sink, needs, &arguments.secrets, printer)? {
                exit = Exit::NotDelivered;
            }
        }
    }
    if tested == 0 {
        let error = anyhow!("no sink `{}` can be used", arguments.sink);
        return Err(Failure::usage(error, Some(format!("these can: {}", known.join(", ")))));
    }
    Ok(exit)
}

/// Tests a sink; tells whether the receiver has the data point.
fn test(
    exporter: &FromFile,
    sink: &SinkPlan,
    needs: &SecretNeeds,
    secrets: &SecretArguments,
    printer: &mut Printer,
) -> Result<bool, Failure> {
    let name = format!("{}: sink `{}`", exporter.key, sink.name);
    let credentials = secrets.credentials(needs).map_err(|missing| {
        let hint = missing.first().map(|(Missing::Absent(key) | Missing::Unusable(key))| {
            let (name, variable) = (&key.name, variable(key));
            format!("name its directory with `--secret {name}=DIR`, or set the variable {variable}")
        });
        let missing: Vec<String> = missing.iter().map(ToString::to_string).collect();
        Failure::usage(anyhow!("{name}: {}", missing.join("; ")), hint)
    })?;
    let request = probe::request(&exporter.plan.id, sink, now());
    let raw = request.body.len();
    let sent = probe::send(request, sink, &credentials, clock::since_epoch());
    let outcome = runtime()?.block_on(sent);
    let outcome = outcome.map_err(|error| {
        let error = anyhow::Error::new(error).context(name.clone());
        Failure::usage(error, Some("check the Secret and `tls` of the sink"))
    })?;
    let codec = match sink.compression {
        Compression::None => String::new(),
        Compression::Gzip => format!(", {} with gzip", outcome.bytes),
        Compression::Zstd => format!(", {} with zstd", outcome.bytes),
    };
    printer.out(format!(
        "{name}: 1 data point, {raw} bytes{codec}, to {}\n{}\n",
        sink.endpoint,
        answer(&outcome)
    ))?;
    let is_delivered = probe::is_delivered(&outcome);
    let advice = probe::advice(&outcome.judgement);
    if !is_delivered {
        printer.error(&format!("{name}: the data point was not delivered"), advice);
    } else if let Some(advice) = advice {
        printer.warn(&format!("{name}: {advice}"));
    }
    Ok(is_delivered)
}

/// Says what came back.
fn answer(outcome: &Outcome) -> String {
    let status = match outcome.status {
        Some(status) => format!("status {status}"),
        None => "no answer".to_owned(),
    };
    let (word, message) = match &outcome.judgement {
        Judgement::Split { message } => ("TooLarge", message.as_str()),
        Judgement::By(verdict) => (reason(verdict), message(verdict)),
    };
    let rejected = match &outcome.judgement {
        Judgement::By(Verdict::PartlyAccepted { rejected, .. }) => format!(", {rejected} rejected"),
        _ => String::new(),
    };
    // It may begin with the status, too.
    let message = message.strip_prefix(&status).unwrap_or(message).trim_start_matches(": ");
    let message = if message.is_empty() { String::new() } else { format!(": {message}") };
    format!("{status} after {} ms: {word}{rejected}{message}", outcome.took.as_millis())
}

fn message(verdict: &Verdict) -> &str {
    match verdict {
        Verdict::Accepted | Verdict::AcceptedSlowly => "",
        Verdict::PartlyAccepted { message, .. }
        | Verdict::Retry { message, .. }
        | Verdict::Held { message, .. }
        | Verdict::Rejected { message, .. } => message,
    }
}
