//! Flags that several commands have.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::complete;
use super::values::duration;

#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    /// Store data in this folder, or in postgres://… [default: a folder in this user's state
    /// directory]
    #[arg(
        help_heading = "Store",
        long,
        value_name = "PLACE",
        env = "KTEL_STORE",
        hide_env_values = true
    )]
    pub(crate) store: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ClusterArguments {
    /// The kubeconfig file [default: KUBECONFIG, ~/.kube/config, or the pod's service account]
    #[arg(help_heading = "Cluster", long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig
    #[arg(help_heading = "Cluster", long, value_name = "NAME", add = complete::contexts())]
    pub(crate) context: Option<String>,
    /// Read objects in JSON or YAML from a file, a directory or standard input (-), instead of a cluster
    #[arg(help_heading = "Cluster", long, value_name = "PATH", conflicts_with_all = ["kubeconfig", "context"])]
    pub(crate) snapshot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SelectionArguments {
    /// Jobs, separated by commas (see `ktel jobs list`)
    #[arg(help_heading = "Jobs", long, value_name = "JOB,…", value_delimiter = ',', add = complete::jobs())]
    pub(crate) jobs: Vec<String>,
    /// Add the job of this schema file (repeatable)
    #[arg(help_heading = "Jobs", long, value_name = "FILE")]
    pub(crate) jobs_from: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SendingArguments {
    /// Also write every request, without secrets, to the end of this file
    #[arg(help_heading = "Delivery", long, value_name = "FILE")]
    pub(crate) capture: Option<PathBuf>,
    /// Send without an outbox: try until `--send-timeout`, then the report is lost and the exit code is 3
    #[arg(help_heading = "Delivery", long)]
    pub(crate) no_spool: bool,
    /// Maximum time of delivery to a server, with all attempts; then the report waits in the outbox
    #[arg(help_heading = "Delivery", long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) send_timeout: Duration,
}

// The format of what a command prints for reading: the same option for every such command.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Format {
    /// The format
    #[arg(short, long, value_name = "FORMAT", default_value = "table")]
    pub(crate) output: OutputFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    // What a person reads, which is not always a table.
    #[value(alias = "text")]
    Table,
    Json,
    Yaml,
}
