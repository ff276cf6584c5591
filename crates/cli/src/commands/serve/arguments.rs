//! The flags of `ktel serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use ktel_server::limits::{MIN_GROUP_SIZE_LEAST, MIN_GROUP_SIZE_MOST};

use crate::arguments::complete;
use crate::arguments::shared::StoreArguments;
use crate::arguments::values::listener;
use crate::lines_address::LinesAddress;

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// The address to listen on; port 0 uses a free port
    #[arg(help_heading = "Listeners", long, value_name = "ADDRESS", default_value = "127.0.0.1:8090", env = "KTEL_LISTEN", value_parser = listener)]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Also accept documents of Kamaji's clients, without a token, on this address; they are marked
    /// as unauthenticated
    #[arg(help_heading = "Listeners", long, value_name = "ADDRESS", value_parser = listener)]
    pub(crate) listen_legacy: Option<SocketAddr>,
    /// Respond there exactly as Kamaji's own receiver does, with its wrong status codes
    #[arg(help_heading = "Listeners", long, requires = "listen_legacy")]
    pub(crate) compat: bool,
    /// Also serve health and metrics on this address, without a token and without TLS. With the other routes, metrics are
    /// for administrators: they count single reports
    #[arg(long, value_name = "ADDRESS", value_parser = listener)]
    pub(crate) listen_metrics: Option<SocketAddr>,
    /// Accept the tokens in this folder: its files ingest, public, reader and admin
    #[arg(help_heading = "Access", long, value_name = "FOLDER")]
    pub(crate) tokens: Option<PathBuf>,
    /// Also accept lines of syslog, without a token, at tcp://, tls:// or udp:// and an address;
    /// they are marked as unauthenticated (repeatable)
    #[arg(help_heading = "Listeners", long, value_name = "URL")]
    pub(crate) listen_lines: Vec<LinesAddress>,
    /// Serve TLS with this certificate chain, in PEM; a renewed file is loaded within seconds
    #[arg(help_heading = "TLS", long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(help_heading = "TLS", long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Require client certificates that one of these authorities signed, in PEM
    #[arg(help_heading = "TLS", long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_client_authority: Option<PathBuf>,
    /// Show what is published without a token
    #[arg(help_heading = "Access", long)]
    pub(crate) public: bool,
    /// Show everybody a page with the published data of this product, at /public/NAME (repeatable)
    #[arg(long = "public-page", value_name = "NAME")]
    pub(crate) public_pages: Vec<String>,
    /// Publish only what has reports with more than this many tokens, in multiples of it; 5 to 32
    #[arg(help_heading = "Publication", long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(i64::from(MIN_GROUP_SIZE_LEAST)..=i64::from(MIN_GROUP_SIZE_MOST)))]
    pub(crate) min_group_size: u32,
    /// Show the decisions in this YAML file on the transparency page: date, what and link of each
    #[arg(help_heading = "Publication", long, value_name = "FILE")]
    pub(crate) decisions: Option<PathBuf>,
    /// Chart how many have versions past their end of life, by the days in this YAML file:
    /// VENDOR/SCHEMA, FIELD, VERSION: DAY
    #[arg(long, value_name = "FILE")]
    pub(crate) end_of_life: Option<PathBuf>,
    /// Accept the commands of this product in its events (repeatable)
    #[arg(help_heading = "Accepted data", long = "product", value_name = "NAME|FILE", add = complete::products())]
    pub(crate) products: Vec<String>,
    /// Accept data of this schema file too (repeatable)
    #[arg(help_heading = "Accepted data", long = "schema", value_name = "FILE")]
    pub(crate) schemas: Vec<PathBuf>,
}
