//! Flags that several commands have.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::values::duration;

#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    /// Store data in this folder, or in postgres://… [default: a folder in this user's state
    /// directory]
    #[arg(long, value_name = "PLACE", env = "KTEL_STORE", hide_env_values = true)]
    pub(crate) store: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ClusterArguments {
    /// The kubeconfig file [default: KUBECONFIG, ~/.kube/config, or the pod's service account]
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Read objects in JSON or YAML from a file, a directory or standard input (-), instead of a cluster
    #[arg(long, value_name = "PATH", conflicts_with_all = ["kubeconfig", "context"])]
    pub(crate) snapshot: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SelectionArguments {
    /// Jobs, separated by commas (see `ktel jobs list`)
    #[arg(long, value_name = "JOB,…", value_delimiter = ',')]
    pub(crate) jobs: Vec<String>,
    /// Add the job of this schema file (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) jobs_from: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SendingArguments {
    /// Also write every request, without secrets, to the end of this file
    #[arg(long, value_name = "FILE")]
    pub(crate) capture: Option<PathBuf>,
    /// Send without an outbox: try until `--send-timeout`, then the report is lost and the exit code is 3
    #[arg(long)]
    pub(crate) no_spool: bool,
    /// Maximum time of delivery to a server, with all attempts; then the report waits in the outbox
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) send_timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListOutput {
    Table,
    Json,
}
