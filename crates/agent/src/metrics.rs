//! The product's own Prometheus endpoint: read twice, and reported as coarse numbers of declared fields.
//!
//! Only declared series are remembered, and only what a schema declares leaves; see [`series`].

use std::collections::BTreeMap;
use std::path::PathBuf;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{ACCEPT, AUTHORIZATION, HeaderValue};
use ktel_delivery::fault::Fault;
use ktel_delivery::http::{Client as Http, Protocol, Url, sensitive};
use ktel_delivery::secret::Secret;
use ktel_delivery::tls::{Pem, Trust};
use kube::Client;
use thiserror::Error as ThisError;
use tokio::time::{Instant, timeout};

use crate::file::{Endpoint, Metrics};
use crate::limits;
use ktel_destination::NotReady;
use ktel_jobs::cluster::read::{self, Target as Read};
use ktel_jobs::{Error as ReadError, Reason};

mod exposition;
mod series;

pub(super) use series::{Grouping, Measure, Reading, Series, Target};

/// The form that every client library speaks; the newer ones add nothing that is reported.
const TEXT: &str = "text/plain; version=0.0.4";

/// Reads an endpoint.
pub(super) struct Scraper {
    way: Way,
    series: Vec<Series>,
}

enum Way {
    Direct { http: Http, url: Url, token_file: Option<PathBuf> },
    Proxied { client: Client, uri: String },
}

/// Why metrics could not be read.
#[derive(Debug, ThisError)]
pub(super) enum Error {
    #[error("read the token `{}`", path.display())]
    Token {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The token cannot stand in a header.
    #[error(transparent)]
    Header(#[from] ktel_delivery::http::BadHeader),
    /// No answer, or one that is too long.
    #[error("no metrics: {0}")]
    Silent(#[from] Fault),
    /// Another answer than metrics.
    #[error("the endpoint answered {status}")]
    UnexpectedStatus {
        /// The HTTP status.
        status: u16,
    },
    /// The API server between.
    #[error(transparent)]
    Proxy(ReadError),
    /// The text.
    #[error(transparent)]
    Reading(#[from] series::Error),
}

impl Error {
    /// Gives the word that is sent; no text is.
    pub(super) fn reason(&self) -> &'static str {
        match self {
            Self::Token { .. } | Self::Header(_) => Reason::Unauthorized,
            Self::Silent(_) => Reason::Unreachable,
            Self::UnexpectedStatus { status: 401 } => Reason::Unauthorized,
            Self::UnexpectedStatus { status: 403 } => Reason::Forbidden,
            Self::UnexpectedStatus { .. } | Self::Reading(series::Error::Malformed { .. }) => {
                Reason::BadAnswer
            }
            Self::Reading(series::Error::TooMany { .. }) => Reason::TooMany,
            Self::Proxy(error) => error.reason(),
        }
        .word()
    }
}

impl Scraper {
    /// Sets the way up; no request is made.
    pub(super) fn new(metrics: &Metrics, client: &Client) -> Result<Self, NotReady> {
        let Metrics { from, token_file, ca_file, series } = metrics;
        let way = match from {
            Endpoint::Url(url) => {
                let trust = Trust { authorities: ca_file.clone().map(Pem::File), identity: None };
                let http = Http::new(url, &trust, Protocol::Any);
                let http =
                    http.map_err(|source| NotReady::Client { server: url.to_string(), source })?;
                Way::Direct { http, url: url.clone(), token_file: token_file.clone() }
            }
            Endpoint::Service { namespace, name, path } => {
                let uri = format!("/api/v1/namespaces/{namespace}/services/{name}/proxy/{path}");
                Way::Proxied { client: client.clone(), uri }
            }
        };
        Ok(Self { way, series: series.clone() })
    }

    /// Reads the endpoint once, and keeps what is declared.
    pub(super) async fn read(&self) -> Result<Reading, Error> {
        let text = self.text().await?;
        Ok(Reading::of(&text, &self.series, Instant::now())?)
    }

    /// Gives the fields, each with its path in the schema.
    pub(super) fn fields(
        &self,
        before: Option<&Reading>,
        now: &Reading,
    ) -> BTreeMap<String, serde_json::Value> {
        series::fields(&self.series, before, now)
    }

    async fn text(&self) -> Result<Bytes, Error> {
        match &self.way {
            Way::Direct { http, url, token_file } => {
                let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(TEXT))]);
                if let Some(path) = token_file {
                    // Read each time: what mounts it puts a new one there before the old one ends.
                    let token = Secret::read(path)
                        .map_err(|source| Error::Token { path: path.clone(), source })?;
                    let value = format!("Bearer {}", token.reveal());
                    let (name, value) = sensitive(AUTHORIZATION.as_str(), &value)?;
                    headers.insert(name, value);
                }
                let read = http.read(url.clone(), headers, limits::SCRAPE_BYTES_MAX).await;
                match read? {
                    (200, text) => Ok(text),
                    (status, _) => Err(Error::UnexpectedStatus { status }),
                }
            }
            Way::Proxied { client, uri } => {
                let target = Read::resource("get", "", "services/proxy");
                let most = limits::SCRAPE_BYTES_MAX;
                let read = read::get_bytes(client, uri, TEXT, &target, most);
                let read = timeout(limits::SCRAPE_WITHIN, read).await;
                match read {
                    Ok(read) => read.map_err(|failure| Error::Proxy(failure.into_error(&target))),
                    Err(_) => {
                        Err(Error::Proxy(ReadError::Timeout { after: limits::SCRAPE_WITHIN }))
                    }
                }
            }
        }
    }
}
