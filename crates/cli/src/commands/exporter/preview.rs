//! `ktel exporter preview`: what Exporters would deliver, measured on the newest samples. Nothing is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use ktel_exporter::plan::SourcePlan;
use ktel_exporter::preview::{self, Budget};
use ktel_exporter::settings::Settings;
use ktel_exporter::source::Reader;

use super::file::{FileArguments, FromFile, compiled};
use super::settings;
use crate::arguments::shared::Format;
use crate::arguments::values::duration;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::listing;
use crate::printer::Printer;
use crate::runtime::runtime;

mod figures;
mod json;
mod previewed;
mod text;

use previewed::{Previewed, Source};

#[derive(Debug, Args)]
pub(crate) struct PreviewArguments {
    #[command(flatten)]
    of_file: FileArguments,
    /// How much of the past to look at, in whole windows
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    over: Duration,
    /// Maximum time to read a source; what was read by then is shown
    #[arg(long, value_name = "TIME", default_value = "1m", value_parser = duration)]
    timeout: Duration,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(arguments: &PreviewArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    let settings = settings::load(&arguments.of_file.config)?;
    let reader = settings::reader(&settings)?;
    let found = compiled(&arguments.of_file, &settings, &|_, _| BTreeMap::new(), printer)?;
    let budget = Budget { over: arguments.over, ..Budget::within(arguments.timeout) };
    let shown: Vec<Previewed> = runtime()?.block_on(async {
        let mut shown = Vec::new();
        for exporter in found {
            let mut sources = Vec::new();
            for source in &exporter.plan.sources {
                printer.note(&format!("{}: reads `{}`", exporter.key, source.name));
                sources.push(read(&reader, &exporter, source, &settings, &budget).await);
            }
            shown.push(Previewed { exporter, sources });
        }
        shown
    });
    let output = arguments.format.output;
    printer.out(listing::text(output, || text::write(&shown), &json::write(&shown)))?;
    let mut exit = Exit::Done;
    for Previewed { exporter, sources } in &shown {
        for (plan, source) in exporter.plan.sources.iter().zip(sources) {
            if let Err(error) = &source.preview {
                printer.error(&format!("{}: source `{}`: {error}", exporter.key, plan.name), None);
                exit = Exit::JobsFailed;
            }
        }
    }
    Ok(exit)
}

async fn read(
    reader: &Reader,
    exporter: &FromFile,
    source: &SourcePlan,
    settings: &Settings,
    budget: &Budget,
) -> Source {
    let asked = reader.asks(&exporter.plan.tenant, &source.selection);
    let preview = preview::source(reader, &exporter.plan, source, settings, budget);
    Source { asked, preview: Box::pin(preview).await }
}
