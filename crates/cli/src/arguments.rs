//! Every word that the command line understands.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use ktel::event::{ErrorCategory, Outcome};
use ktel_server::token::Role;

use crate::lines_address::LinesAddress;

/// Telemetry for Kubernetes software: what a product may learn about its use, said in the open.
#[derive(Debug, Parser)]
#[command(name = "ktel", version, propagate_version = false, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Print nothing but results and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Say more; twice, say everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run jobs against a cluster and ship the report
    #[command(subcommand)]
    Workflows(Workflows),
    /// See what jobs there are, what they read and send, and which role they need
    #[command(subcommand)]
    Jobs(Jobs),
    /// Check, show and compare files of the standard
    #[command(subcommand)]
    Schema(Schema),
    /// See, send and drop the reports that wait for their servers
    #[command(subcommand)]
    Outbox(Outbox),
    /// Carry waiting reports out of a site without a network
    #[command(subcommand)]
    Bundle(Bundle),
    /// Record and upload usage events, one per command of a product
    #[command(subcommand)]
    Events(Events),
    /// See what a product's telemetry does on this machine, and say yes or no
    Telemetry(Telemetry),
    /// Check queries, and see what is sent of them for a tenant
    #[command(subcommand)]
    Metricsql(Metricsql),
    /// Receive reports and events, keep what is declared, and chart it
    Serve(Serve),
    /// Ask a receiver's store in SQL, of groups that are large enough
    Query(Query),
    /// Say who may send to a receiver, and who may read it
    #[command(subcommand)]
    Token(Token),
    /// Report from within a cluster, for as long as it runs
    #[command(subcommand)]
    Agent(Agent),
    /// Run the whole catalog on a made-up cluster, and ship the report to a receiver of its own
    Demo {
        /// Keep the receiver, and print the address of its charts
        #[arg(long)]
        stay: bool,
    },
    /// Print completions for a shell
    Completions {
        /// Which shell
        shell: Shell,
    },
    /// Print the manual page, or write one per command
    Man {
        /// Write one page per command here
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Listen here; port 0 takes any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) store: StoreArgument,
    /// Also accept documents of Kamaji's clients, without a token, on this address; they are marked as
    /// unauthenticated
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen_legacy: Option<SocketAddr>,
    /// Respond there exactly as Kamaji's own receiver does, with its wrong status codes
    #[arg(long, requires = "listen_legacy")]
    pub(crate) compat: bool,
    /// Accept the tokens in this folder: its files ingest, reader and admin
    #[arg(long, value_name = "FOLDER")]
    pub(crate) tokens: Option<PathBuf>,
    /// Also accept lines of syslog, without a token, at tcp://, tls:// or udp:// and an address; they are
    /// marked as unauthenticated (repeatable)
    #[arg(long, value_name = "URL")]
    pub(crate) listen_lines: Vec<LinesAddress>,
    /// Serve TLS with this certificate chain, in PEM; a renewed file is loaded within seconds
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Require client certificates that one of these authorities signed, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_client_authority: Option<PathBuf>,
    /// Show charts without a token; the minimum group size still applies
    #[arg(long)]
    pub(crate) public: bool,
    /// Show only groups of at least this many senders to readers; at least 5
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(5..))]
    pub(crate) min_group_size: u32,
    /// Show the decisions in this YAML file on the transparency page: date, what and link of each
    #[arg(long, value_name = "FILE")]
    pub(crate) decisions: Option<PathBuf>,
    /// Accept this file of the standard too (repeatable)
    #[arg(long = "schema", value_name = "FILE")]
    pub(crate) schemas: Vec<PathBuf>,
}

#[derive(Debug, Args)]
#[group(id = "question", required = true, multiple = false, args = ["sql", "rows", "audit", "tables"])]
pub(crate) struct Query {
    /// One SELECT
    #[arg(value_name = "SQL")]
    pub(crate) sql: Option<String>,
    /// Print the newest rows of a schema's table instead, of ktel_records or of ktel_items
    #[arg(long, value_name = "TABLE")]
    pub(crate) rows: Option<String>,
    /// Print the audit log, the newest entry first
    #[arg(long)]
    pub(crate) audit: bool,
    /// Print the tables that SQL can read
    #[arg(long)]
    pub(crate) tables: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgument,
    /// Write the answer as table, json, csv or ndjson
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    pub(crate) output: AnswerForm,
    /// The purpose of the query; the transparency page shows it
    #[arg(long, value_name = "TEXT", requires = "sql")]
    pub(crate) purpose: Option<String>,
    /// Return only groups of at least this many senders; at least 5
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(5..))]
    pub(crate) min_group_size: u32,
    /// Know this file of the standard too (repeatable)
    #[arg(long = "schema", value_name = "FILE")]
    pub(crate) schemas: Vec<PathBuf>,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum AnswerForm {
    /// For people
    Table,
    /// One object with columns and rows
    Json,
    /// For spreadsheets
    Csv,
    /// One object a line
    Ndjson,
}

#[derive(Debug, Args)]
pub(crate) struct StoreArgument {
    /// Keep everything in this folder, or at postgres://… [default: a folder of this user's state
    /// directory]
    #[arg(long, value_name = "PLACE", env = "KTEL_STORE", hide_env_values = true)]
    pub(crate) store: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token and print it, once
    Add {
        #[command(flatten)]
        store: StoreArgument,
        /// What it is good for: ingest, reader or admin
        #[arg(long, value_name = "ROLE", default_value = "ingest", value_parser = role)]
        role: Role,
        /// The only product that it speaks for
        #[arg(long, value_name = "NAME")]
        product: Option<String>,
    },
    /// List tokens: the first digits of their hashes, and what they are good for
    List {
        #[command(flatten)]
        store: StoreArgument,
    },
    /// Take a token back; a receiver that runs hears of it within two seconds
    Revoke {
        #[command(flatten)]
        store: StoreArgument,
        /// The first digits of its hash, as `ktel token list` shows them
        #[arg(value_name = "ID")]
        id: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Agent {
    /// Report until a signal ends it
    Run(AgentRun),
    /// Print the smallest roles that a configuration needs
    Rbac {
        /// The configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// The name of the roles
        #[arg(long, value_name = "NAME", default_value = "ktel-agent")]
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AgentRun {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    #[command(flatten)]
    pub(crate) cluster: Cluster,
    /// Send nothing, watch nothing, and make no request
    #[arg(long, value_name = "BOOL", default_value_t = false, default_missing_value = "true", num_args = 0..=1, require_equals = true, action = clap::ArgAction::Set)]
    pub(crate) disable_telemetry: bool,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub(crate) preview: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Metricsql {
    /// Print the canonical form of a query, warnings, and what is sent with labels enforced
    Check {
        /// The query, or - to read one from each line of standard input
        #[arg(value_name = "EXPR", allow_hyphen_values = true)]
        query: String,
        /// Enforce this label in every selector: NAME=VALUE (repeatable; values of one name are
        /// alternatives)
        #[arg(long = "label", value_name = "NAME=VALUE")]
        labels: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Workflows {
    /// Run jobs once, print the report and send it to every report server
    Run(Box<Run>),
    /// List the named sets of jobs
    List,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) selection: Selection,
    /// Run a named set of jobs (see `ktel workflows list`)
    #[arg(long, value_name = "NAME")]
    pub(crate) workflow: Option<String>,
    /// Send the report here (repeatable): splunk://, splunk+tls://, https://, otlp://, file:PATH …
    #[arg(long = "report-server", value_name = "URL")]
    pub(crate) report_servers: Vec<String>,
    #[command(flatten)]
    pub(crate) sending: Sending,
    #[command(flatten)]
    pub(crate) cluster: Cluster,
    /// The namespace of the product
    #[arg(short, long, value_name = "NAME")]
    pub(crate) namespace: Option<String>,
    /// The product's name, also looked for as the label app.kubernetes.io/name
    #[arg(long, value_name = "NAME")]
    pub(crate) product: Option<String>,
    /// The labels that find the product's workload
    #[arg(long, value_name = "SELECTOR")]
    pub(crate) product_selector: Option<String>,
    /// Also read the metadata of Helm's release Secret (needs `list` on secrets)
    #[arg(long)]
    pub(crate) read_helm_release: bool,
    /// Send the blurred form of every value
    #[arg(long)]
    pub(crate) coarse: bool,
    /// Print what each report server would get, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Send nothing where somebody has said no to telemetry
    #[arg(long)]
    pub(crate) respect_consent: bool,
    /// What happens when standard input and a job use the same key
    #[arg(long, value_name = "HOW", default_value = "refuse")]
    pub(crate) merge: Merge,
    /// Give up on the whole after this long
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub(crate) timeout: Duration,
    /// Give up on a job after this long
    #[arg(long, value_name = "TIME", default_value = "2m", value_parser = duration)]
    pub(crate) job_timeout: Duration,
    /// How many jobs run at once
    #[arg(long, value_name = "N", default_value_t = ktel::limits::CONCURRENCY)]
    pub(crate) concurrency: usize,
    /// How the report is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "json")]
    pub(crate) output: Output,
    /// `-` reads a JSON object from standard input and merges it into the report
    #[arg(value_name = "-", value_parser = ["-"], hide_possible_values = true)]
    pub(crate) input: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Sending {
    /// Keep nothing on this machine of what cannot be delivered
    #[arg(long)]
    pub(crate) no_spool: bool,
    /// Give up on a server after this long; the report waits in the outbox then
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) send_timeout: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Jobs, separated by commas (see `ktel jobs list`)
    #[arg(long, value_name = "JOB,…", value_delimiter = ',')]
    pub(crate) jobs: Vec<String>,
    /// Add the job of this file of the standard (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) jobs_from: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Cluster {
    /// The kubeconfig file; else KUBECONFIG, ~/.kube/config, or the pod's service account
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub(crate) context: Option<String>,
    /// Read a cluster from files instead: objects in JSON or YAML, a file or a directory
    #[arg(long, value_name = "PATH", conflicts_with_all = ["kubeconfig", "context"])]
    pub(crate) snapshot: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Merge {
    /// It is an error
    Refuse,
    /// Standard input wins
    Override,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    Json,
    Yaml,
    Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListOutput {
    Table,
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Outbox {
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

#[derive(Debug, Subcommand)]
pub(crate) enum Bundle {
    /// Move everything that waits into a new file
    Export {
        /// The file
        file: PathBuf,
    },
    /// Take the reports of a file into the outbox
    Import {
        /// The file
        file: PathBuf,
        /// Take reports for this server (repeatable)
        #[arg(long = "report-server", value_name = "URL")]
        report_servers: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Record one run of a command, and leave at once
    Emit(Emit),
    /// Send everything that waits to the product's server
    Upload {
        /// The product, by its name or its file
        #[arg(long, value_name = "NAME|FILE")]
        product: String,
        /// Give up after this long; the events wait on
        #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
        send_timeout: Duration,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Emit {
    /// The product, by its name or its file
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) product: String,
    /// The version of the product
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: String,
    /// The words of the command, without arguments and flags
    #[arg(long, value_name = "WORDS")]
    pub(crate) command: String,
    /// How it ended: success, failure, interrupted or panicked
    #[arg(long, value_name = "HOW", value_parser = outcome)]
    pub(crate) outcome: Option<Outcome>,
    /// Why it failed: network, auth, not-found …
    #[arg(long, value_name = "WHY", value_parser = category)]
    pub(crate) error_category: Option<ErrorCategory>,
    /// How long it took; only a bucket is kept
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// Record nothing, whatever else is said
    #[arg(long)]
    pub(crate) no_telemetry: bool,
    /// The product's configuration that is in use
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The profile of the configuration that is in use
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Telemetry {
    /// The product, by its name or its file
    #[arg(long, global = true, value_name = "NAME|FILE", default_value = ktel::product_file::DEMO)]
    pub(crate) product: String,
    /// The product's configuration that is in use
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The profile of the configuration that is in use
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    #[command(subcommand)]
    pub(crate) command: TelemetryCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TelemetryCommand {
    /// Say whether it is on, who decided, and everybody else who has a say
    Status,
    /// Print what would go out next, byte for byte, and explain each value
    Preview,
    /// Print what servers have accepted, and when
    Log,
    /// Say why a field is collected, how it is blurred, and until when
    Explain {
        /// The field
        field: String,
    },
    /// Allow it
    On,
    /// Forbid it, and throw away what waits
    Off,
    /// Erase everything that is kept about you on this machine
    Forget,
    /// Check a receiver's receipt, and say what it proves
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The receipt, or the answer that holds some
    #[arg(value_name = "FILE")]
    pub(crate) receipt: PathBuf,
    /// The report that it should be of, as it was sent; or several, one a line
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// The receiver's key: its id, its digits, or a file of what /v1/keys answers
    #[arg(long, value_name = "KEY", conflicts_with = "server")]
    pub(crate) key: Option<String>,
    /// Ask this receiver for its key
    #[arg(long, value_name = "URL")]
    pub(crate) server: Option<String>,
    /// The receiver accepts this file of the standard too (repeatable)
    #[arg(long = "schema", value_name = "FILE")]
    pub(crate) schemas: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// List all jobs
    List {
        /// How they are printed
        #[arg(short, long, value_name = "FORMAT", default_value = "table")]
        output: ListOutput,
    },
    /// Say what a job reads, sends, and why
    Describe {
        /// The job
        name: String,
    },
    /// Print the smallest role that some jobs need
    Rbac {
        #[command(flatten)]
        selection: Selection,
        /// The name of the role
        #[arg(long, value_name = "NAME", default_value = "ktel")]
        name: String,
        /// Add the role in this namespace that `--read-helm-release` takes
        #[arg(long, value_name = "NAMESPACE")]
        read_helm_release: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Schema {
    /// Check files of the standard, and say how to mend them
    Lint {
        /// Files, or directories of them
        #[arg(required = true)]
        paths: Vec<PathBuf>,
    },
    /// List the built-in schemas
    List,
    /// Show a schema as its users read it
    Show {
        /// A built-in schema, or a file
        name: String,
    },
    /// Print the JSON Schema of a section
    Json {
        /// A built-in schema, or a file
        name: String,
    },
    /// Compare two schemas; what widens the collection comes first
    Diff {
        /// A built-in schema, or a file
        old: String,
        /// A built-in schema, or a file
        new: String,
    },
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let known = Outcome::ALL.into_iter();
    one_of(text, known.map(|outcome| (outcome.word(), outcome)))
}

fn role(text: &str) -> Result<Role, String> {
    let known = Role::ALL.into_iter();
    one_of(text, known.map(|role| (role.as_str(), role)))
}

fn category(text: &str) -> Result<ErrorCategory, String> {
    let known = ErrorCategory::ALL.into_iter();
    one_of(text, known.map(|category| (category.word(), category)))
}

fn one_of<T>(text: &str, known: impl Iterator<Item = (&'static str, T)>) -> Result<T, String> {
    let mut words = Vec::new();
    for (word, value) in known {
        if word == text {
            return Ok(value);
        }
        words.push(word);
    }
    Err(format!("known are {}", words.join(", ")))
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: jiff::SignedDuration =
        text.parse().map_err(|_| "write a time with its unit, as in 30s or 5m".to_owned())?;
    Duration::try_from(parsed)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "a time must be longer than nothing".to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Arguments, duration};
    use clap::CommandFactory;
    use std::time::Duration;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_time_needs_a_unit_and_a_length() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        for wrong in ["30", "", "0s", "-5s", "soon"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
