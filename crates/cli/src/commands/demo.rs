//! `ktel demo`: the whole catalog on a cluster that exists only in memory.

use ktel::{Catalog, Cluster, Product, Workflow};
use ktel_model::standard::dictionary;
use ktel_snapshot::Snapshot;

use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;

/// The field whose entry in the dictionary is shown.
const EXPLAINED: (&str, &str) = ("identify-platform", "kubernetes_version");

pub(super) fn run(printer: &mut Printer) -> Result<Exit, Failure> {
    let catalog = Catalog::built_in();
    let workflow = Workflow::builder()
        .jobs(catalog.jobs().cloned())
        .build()
        .map_err(|error| Failure::usage(error, None::<String>))?;
    let client = || kube::Client::new(Snapshot::demo().service(), "default");
    let product = Product { name: Some("example-gateway".into()), ..Product::default() };
    printer.say(
        "A made-up cluster in memory; every job of the catalog reads it, as it would a real one.\n",
    );
    let outcome = super::runtime()?
        .block_on(async { workflow.run(&Cluster::new(client(), product), clock::now()).await });
    printer.out(format!("{:#}\n", outcome.report.to_json()))?;
    for failure in &outcome.failures {
        printer.error(&format!("job `{}`: {}", failure.job, failure.error), None);
    }
    let (job, field) = EXPLAINED;
    let schema = catalog.find(job)?;
    let entry = dictionary::describe_field(schema.schema(), field).unwrap_or_default();
    printer.say(&format!(
        "\nEvery value above is declared. The dictionary says of one of them:\n\n{entry}"
    ));
    printer.say(
        "What next?
  ktel jobs describe mesh-detect              what a job reads, sends, and why
  ktel workflows run --workflow all           your own cluster; nothing is sent anywhere
  ktel workflows run --workflow all --coarse  the same, blurred
  ktel jobs rbac --jobs cluster-state         the smallest role that a job needs",
    );
    Ok(if outcome.failures.is_empty() { Exit::Done } else { Exit::JobsFailed })
}
