//! The flags of `ktel workflows`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::arguments::complete;
use crate::arguments::shared::{
    ClusterArguments, Format, OutputFormat, SelectionArguments, SendingArguments,
};
use crate::arguments::values::{at_least_one, duration, namespaced, standard_input};

#[derive(Debug, Subcommand)]
pub(crate) enum WorkflowsCommand {
    /// Run jobs once, print the report and send it to every report server
    Run(Box<RunArguments>),
    /// List the named sets of jobs
    List(Format),
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) selection: SelectionArguments,
    /// Run a named set of jobs (see `ktel workflows list`)
    #[arg(help_heading = "Jobs", long, value_name = "NAME", add = complete::workflows())]
    pub(crate) workflow: Option<String>,
    /// Send the report to this server (repeatable): splunk://, splunk+tls://, https://, otlp://, file:PATH …
    #[arg(
        help_heading = "Delivery",
        long = "report-server",
        visible_alias = "server",
        value_name = "URL"
    )]
    pub(crate) report_servers: Vec<String>,
    #[command(flatten)]
    pub(crate) sending: SendingArguments,
    #[command(flatten)]
    pub(crate) cluster: ClusterArguments,
    /// The namespace of the product
    #[arg(help_heading = "Product", short, long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// The product's name; without a selector, also its label app.kubernetes.io/name
    #[arg(help_heading = "Product", long, value_name = "NAME")]
    pub(crate) product: Option<String>,
    /// The label selector of the product's workload
    #[arg(help_heading = "Product", long, value_name = "SELECTOR")]
    pub(crate) product_selector: Option<String>,
    /// Also read the metadata of Helm's release Secret (needs `list` on secrets)
    #[arg(help_heading = "Product", long)]
    pub(crate) read_helm_release: bool,
    /// The service that publishes the product; its annotations also say whether it is part of a mesh
    #[arg(help_heading = "Product", long, value_name = "NAMESPACE/NAME", value_parser = namespaced)]
    pub(crate) publish_service: Option<(String, String)>,
    /// Send ranges and months instead of exact values
    #[arg(help_heading = "What is sent", long)]
    pub(crate) coarse: bool,
    /// Print the request that each report server would get, OTLP as JSON, and send nothing
    #[arg(help_heading = "What is sent", long)]
    pub(crate) dry_run: bool,
    /// With --dry-run: add the bytes of each body to the end of this file
    #[arg(help_heading = "What is sent", long, value_name = "FILE", requires = "dry_run")]
    pub(crate) raw: Option<PathBuf>,
    /// Send nothing if the user, the machine or the cluster has turned telemetry off
    #[arg(help_heading = "What is sent", long)]
    pub(crate) respect_consent: bool,
    /// What to do when a key of standard input is also the name of a job
    #[arg(help_heading = "Input and output", long, value_name = "HOW", default_value = "fail")]
    pub(crate) merge: Merge,
    /// Maximum time of the whole run
    #[arg(help_heading = "Limits", long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Maximum time of each job
    #[arg(help_heading = "Limits", long, value_name = "TIME", default_value = "2m", value_parser = duration)]
    pub(crate) job_timeout: Duration,
    /// How many jobs run at once
    #[arg(help_heading = "Limits", long, value_name = "N", default_value_t = ktel::limits::CONCURRENCY, value_parser = at_least_one)]
    pub(crate) concurrency: usize,
    /// The format
    #[arg(
        help_heading = "Input and output",
        short,
        long,
        value_name = "FORMAT",
        default_value = "json"
    )]
    pub(crate) output: OutputFormat,
    /// `-` reads a JSON object from standard input and adds it to the report
    #[arg(help_heading = "Input and output", value_name = "-", value_parser = standard_input)]
    pub(crate) input: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Merge {
    /// Exit with an error before the cluster is read
    Fail,
    /// Send the value of standard input instead of the job's section
    Override,
}
