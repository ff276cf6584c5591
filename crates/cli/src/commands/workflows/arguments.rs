//! The flags of `ktel workflows`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::arguments::shared::{ClusterArguments, SelectionArguments, SendingArguments};
use crate::arguments::values::{at_least_one, duration, namespaced, standard_input};

#[derive(Debug, Subcommand)]
pub(crate) enum WorkflowsCommand {
    /// Run jobs once, print the report and send it to every report server
    Run(Box<RunArguments>),
    /// List the named sets of jobs
    List,
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    /// Run a named set of jobs (see `ktel workflows list`)
    #[arg(long, value_name = "NAME")]
    pub(crate) workflow: Option<String>,
    /// Send the report to this server (repeatable): splunk://, splunk+tls://, https://, otlp://, file:PATH …
    #[arg(long = "report-server", visible_alias = "server", value_name = "URL")]
    pub(crate) report_servers: Vec<String>,
    #[command(flatten)]
    pub(crate) sending: SendingArguments,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    /// The namespace of the product
    #[arg(short, long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// The product's name; without a selector, also its label app.kubernetes.io/name
    #[arg(long, value_name = "NAME")]
    pub(crate) product: Option<String>,
    /// The label selector of the product's workload
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) product_selector: Option<String>,
    /// Also read the metadata of Helm's release Secret (needs `list` on secrets)
    #[arg(long)]
    pub(crate) read_helm_release: bool,
    /// The service that publishes the product; its annotations also say whether it is part of a mesh
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = namespaced)]
    pub(crate) publish_service: Option<(String, String)>,
    /// Send ranges and months instead of exact values
    #[arg(long)]
    pub(crate) coarse: bool,
    /// Print the request that each report server would get, OTLP as JSON, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// With --dry-run: add the bytes of each body to the end of this file
    #[arg(long, value_name = "FILE", requires = "dry_run")]
    pub(crate) raw: Option<PathBuf>,
    /// Send nothing if the user, the machine or the cluster has turned telemetry off
    #[arg(long)]
    pub(crate) respect_consent: bool,
    /// What to do when a key of standard input is also the name of a job
    #[arg(long, value_name = "HOW", default_value = "fail")]
    pub(crate) merge: Merge,
    /// Maximum time of the whole run
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Maximum time of each job
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = duration)]
    pub(crate) job_timeout: Duration,
    /// How many jobs run at once
    #[arg(long, value_name = "N", default_value_t = ktel::limits::CONCURRENCY, value_parser = at_least_one)]
    pub(crate) concurrency: usize,
    /// The format of the printed report
    #[arg(short, long, value_name = "FORMAT", default_value = "json")]
    pub(crate) output: Output,
    /// `-` reads a JSON object from standard input and adds it to the report
    #[arg(value_name = "-", value_parser = standard_input)]
    pub(crate) input: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Merge {
    /// Exit with an error before the cluster is read
    Fail,
    /// Send the value of standard input instead of the job's section
    Override,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Json,
    Yaml,
    Table,
}
