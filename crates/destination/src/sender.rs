//! A receiver with its secrets read and its connection set up.

use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, TE};
use ktel_delivery::courier::Carrier;
use ktel_delivery::http::{self as wire, BadHeader, Client, Request, Url, sensitive};
use ktel_delivery::secret::{Secret, read_text};
use ktel_delivery::verdict::{Hold, Rejection, Trouble, http as plain, otlp, splunk as judge};
use ktel_delivery::{Parcel, Verdict, line, tls};
use ktel_model::names;
use ktel_otlp::{Signal, grpc};
use serde_json::json;
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::time::sleep;

use super::address::{Address, Protocol, Wire};
use super::splunk::{self, Collector};
use super::{Capture, Outgoing, Remote, items};
use crate::limits::{ACK_POLL_EVERY, ACK_POLLS_MAX};

/// The tokens that the caller has.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// `KTEL_SPLUNK_TOKEN`.
    pub splunk: Option<Secret>,
    /// `KTEL_TOKEN`.
    pub bearer: Option<Secret>,
}

/// Why nothing can be sent to a receiver yet; all of it the user can mend.
#[derive(Debug, Error)]
pub enum NotReady {
    /// Splunk always wants a token.
    #[error("`{server}` needs a token")]
    NoToken {
        /// The receiver.
        server: String,
    },
    /// A file of secrets cannot be read.
    #[error("read `{}` for `{server}`", path.display())]
    Read {
        /// The receiver.
        server: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line of a file of headers is none.
    #[error("line {line} of `{}` is no header", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// A header that HTTP does not allow.
    #[error("send to `{server}`")]
    BadHeader {
        /// The receiver.
        server: String,
        /// Which.
        source: BadHeader,
    },
    /// Certificates, or the client itself.
    #[error("connect to `{server}`")]
    Client {
        /// The receiver.
        server: String,
        /// Why not.
        source: wire::Error,
    },
}

impl NotReady {
    /// Says what to do next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoToken { .. } => Some(
                "set KTEL_SPLUNK_TOKEN, or name a file that holds it: `?token_file=FILE`".into(),
            ),
            Self::Header { .. } => Some("write one `Name: value` per line".into()),
            Self::Read { .. } | Self::BadHeader { .. } | Self::Client { .. } => None,
        }
    }
}

/// Carries parcels to one receiver.
pub struct Sender {
    kind: Kind,
    headers: HeaderMap,
    /// What a receiver may repeat in its answer, and nobody may print.
    secrets: Vec<Secret>,
    capture: Option<Capture>,
    configuration: u32,
    now: fn() -> Duration,
}

enum Kind {
    Splunk { client: Client, collector: Collector, channel: Option<String> },
    Line(line::Client),
    Https { client: Client, endpoint: Url, gzip: bool },
    OtlpGrpc { client: Client, endpoint: Url },
    OtlpHttp { client: Client, endpoint: Url },
}

impl fmt::Debug for Sender {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Sender") // all it holds is either known or secret
    }
}

impl Remote {
    /// Reads the secrets and certificates that sending needs. `now` gives the time since the epoch.
    ///
    /// # Errors
    /// When one is missing or cannot be used.
    pub fn sender(&self, tokens: &Tokens, now: fn() -> Duration) -> Result<Sender, NotReady> {
        let Address { protocol, trust, .. } = &self.address;
        let server = || self.text.clone();
        let client = |receiver: &Url, protocol| {
            Client::new(receiver, trust, protocol)
                .map_err(|source| NotReady::Client { server: server(), source })
        };
        let kind = match protocol.clone() {
            Protocol::Splunk(collector) => Kind::Splunk {
                client: client(&collector.endpoint, wire::Protocol::Any)?,
                channel: collector.ack.then(splunk::channel),
                collector,
            },
            Protocol::Line { wire, host, port, .. } => {
                let wire = match wire {
                    Wire::Tcp => line::Wire::Tcp,
                    Wire::Udp => line::Wire::Udp,
                    Wire::Tls => line::Wire::Tls(Arc::new(trust.configure().map_err(
                        |error: tls::Error| NotReady::Client {
                            server: server(),
                            source: error.into(),
                        },
                    )?)),
                };
                Kind::Line(line::Client { wire, host, port, settings: line::Settings::default() })
            }
            Protocol::Https { endpoint, gzip, .. } => {
                Kind::Https { client: client(&endpoint, wire::Protocol::Any)?, endpoint, gzip }
            }
            Protocol::OtlpGrpc { mut endpoint } => {
                endpoint.set_path(Signal::Logs.grpc_path());
                Kind::OtlpGrpc { client: client(&endpoint, wire::Protocol::Two)?, endpoint }
            }
            Protocol::OtlpHttp { endpoint } => {
                Kind::OtlpHttp { client: client(&endpoint, wire::Protocol::Any)?, endpoint }
            }
        };
        let mut secrets = Vec::new();
        let headers = self.headers(&kind, tokens, &mut secrets)?;
        let configuration = self.configuration(&headers);
        Ok(Sender { kind, headers, secrets, capture: None, configuration, now })
    }

    /// Identifies what a person can correct: the URL, the credentials, and the file of authorities. 32 bits
    /// of a digest do not tell a token.
    fn configuration(&self, headers: &HeaderMap) -> u32 {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        };
        add(self.text.as_bytes());
        for (name, value) in headers {
            add(name.as_str().as_bytes());
            add(value.as_bytes());
        }
        if let Some(tls::Pem::File(path)) = &self.address.trust.authorities {
            // If it cannot be read, there is no sender.
            add(read_text(path).unwrap_or_default().as_bytes());
        }
        digest.finalize().first_chunk().copied().map(u32::from_be_bytes).unwrap_or_default()
    }

    fn headers(
        &self,
        kind: &Kind,
        tokens: &Tokens,
        secrets: &mut Vec<Secret>,
    ) -> Result<HeaderMap, NotReady> {
        let server = || self.text.clone();
        let bad = |source| NotReady::BadHeader { server: server(), source };
        let mut headers = HeaderMap::new();
        let (scheme, token) = match kind {
            Kind::Line(_) => return Ok(headers),
            Kind::Splunk { .. } => ("Splunk", &tokens.splunk),
            _ => ("Bearer", &tokens.bearer),
        };
        if let Some(path) = &self.address.headers_file {
            let read = |source| NotReady::Read { server: server(), path: path.clone(), source };
            let text = read_text(path).map_err(read)?;
            for (index, line) in
                text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty())
            {
                let header = || NotReady::Header { path: path.clone(), line: index + 1 };
                let (name, value) = line.split_once(':').ok_or_else(header)?;
                secrets.push(Secret::new(value));
                let (name, value) = sensitive(name.trim(), value.trim()).map_err(bad)?;
                headers.append(name, value);
            }
        }
        let token = match &self.address.token_file {
            Some(path) => Some(Secret::read(path).map_err(|source| NotReady::Read {
                server: server(),
                path: path.clone(),
                source,
            })?),
            None => token.clone(),
        };
        match token {
            Some(token) => {
                secrets.push(token.clone());
                let value = format!("{scheme} {}", token.reveal());
                let (name, value) = sensitive(AUTHORIZATION.as_str(), &value).map_err(bad)?;
                headers.insert(name, value);
            }
            None if matches!(kind, Kind::Splunk { .. }) && !headers.contains_key(AUTHORIZATION) => {
                return Err(NotReady::NoToken { server: server() });
            }
            None => {}
        }
        Ok(headers)
    }
}

/// The header of a request that ktel's server checks and does not store.
const TEST: HeaderName = HeaderName::from_static(names::TEST);

/// What a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The beginning of the body, without secrets.
    pub body: String,
}

impl Sender {
    /// Writes every request to a file before it is sent. Nothing is compressed then, so that the file has
    /// exactly what was sent, except secrets.
    #[must_use]
    pub fn captured(mut self, capture: Option<Capture>) -> Self {
        self.capture = capture;
        self
    }

    /// Gives the request that a parcel becomes. Nothing is sent.
    ///
    /// # Errors
    /// When a header cannot carry it.
    pub fn outgoing(&self, parcel: &Parcel) -> Result<Outgoing, Verdict> {
        Ok(match &self.kind {
            Kind::Line { .. } => Outgoing::line(&parcel.body),
            Kind::Https { endpoint, gzip, .. } => {
                Outgoing::of(&self.request(endpoint, parcel, *gzip)?)
            }
            Kind::OtlpHttp { endpoint, .. } => Outgoing::of(&self.request(endpoint, parcel, true)?),
            Kind::OtlpGrpc { endpoint, .. } => Outgoing::of(&self.framed(endpoint, parcel)?),
            Kind::Splunk { collector, channel, .. } => {
                let mut request = self.request(&collector.endpoint, parcel, true)?;
                if let Some(channel) =
                    channel.as_deref().and_then(|id| HeaderValue::from_str(id).ok())
                {
                    request.headers.insert(names::SPLUNK_CHANNEL, channel);
                }
                Outgoing::of(&request)
            }
        })
    }

    /// Sends a request, after it was written down.
    async fn exchange(&self, client: &Client, request: Request) -> Result<wire::Reply, Verdict> {
        self.record(|| Outgoing::of(&request))?;
        Ok(client.post(request, (self.now)()).await?)
    }

    fn record(&self, outgoing: impl FnOnce() -> Outgoing) -> Result<(), Verdict> {
        let Some(capture) = &self.capture else { return Ok(()) };
        capture.write(&outgoing()).map_err(|error| {
            let message = format!("nothing is sent that cannot be captured: {error}");
            Verdict::retry(Trouble::Unavailable, message)
        })
    }

    fn framed(&self, endpoint: &Url, parcel: &Parcel) -> Result<Request, Verdict> {
        let mut request = self.request(endpoint, parcel, false)?;
        request.content_type = HeaderValue::from_static(grpc::CONTENT_TYPE);
        request.headers.insert(TE, HeaderValue::from_static("trailers"));
        request.body =
            grpc::frame(&parcel.body).expect("a parcel is far smaller than 4 GiB").into();
        Ok(request)
    }

    /// Asks whether a parcel would be accepted, and gives the answer. ktel's server stores nothing of it;
    /// other receivers take it for any other parcel. `None` where a protocol has no answers.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn test(&self, parcel: &Parcel) -> Result<Option<Answered>, Verdict> {
        let (client, url, gzip) = match &self.kind {
            Kind::Https { client, endpoint, gzip } => (client, endpoint, *gzip),
            Kind::OtlpHttp { client, endpoint } => (client, endpoint, true),
            Kind::Splunk { client, collector, .. } => (client, &collector.endpoint, true),
            Kind::OtlpGrpc { .. } | Kind::Line { .. } => return Ok(None),
        };
        let mut request = self.request(url, parcel, gzip)?;
        request.headers.insert(TEST, HeaderValue::from_static("1"));
        let reply = self.exchange(client, request).await?;
        let mut body = String::from_utf8_lossy(&reply.body).into_owned();
        for secret in &self.secrets {
            body = body.replace(secret.reveal(), "…");
        }
        Ok(Some(Answered { status: reply.status, body }))
    }
}

impl Carrier for Sender {
    fn carry<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            let mut verdict = self.send(parcel).await.unwrap_or_else(|verdict| verdict);
            if let Some(message) = verdict.message_mut() {
                for secret in &self.secrets {
                    *message = message.replace(secret.reveal(), "…");
                }
            }
            verdict
        })
    }

    fn configuration(&self) -> u32 {
        self.configuration
    }
}

impl Sender {
    async fn send(&self, parcel: &Parcel) -> Result<Verdict, Verdict> {
        match &self.kind {
            Kind::Line(client) => {
                self.record(|| Outgoing::line(&parcel.body))?;
                Ok(client.send(&parcel.body).await)
            }
            Kind::Splunk { client, collector, channel } => {
                self.event(client, collector, channel.as_deref(), parcel).await
            }
            Kind::Https { client, endpoint, gzip } => {
                let reply = self.post(client, endpoint, parcel, *gzip).await?;
                Ok(plain::judge_items(reply.answer(), || items::count(&parcel.body)))
            }
            Kind::OtlpHttp { client, endpoint } => {
                let reply = self.post(client, endpoint, parcel, true).await?;
                Ok(otlp::judge_http(reply.answer(), &reply.headers, Signal::Logs))
            }
            Kind::OtlpGrpc { client, endpoint } => {
                let reply = self.exchange(client, self.framed(endpoint, parcel)?).await?;
                Ok(otlp::judge_grpc(reply.answer(), &reply.headers))
            }
        }
    }

    fn request(&self, url: &Url, parcel: &Parcel, gzip: bool) -> Result<Request, Verdict> {
        let text = |text: &str| {
            let bad = |_| Verdict::rejected(Rejection::Unsafe, "a header cannot carry it");
            HeaderValue::from_str(text).map_err(bad)
        };
        let mut headers = self.headers.clone();
        headers.insert(names::IDEMPOTENCY_KEY, text(&parcel.key)?);
        Ok(Request {
            url: url.clone(),
            headers,
            content_type: text(&parcel.content_type)?,
            body: parcel.body.clone(),
            gzip: gzip && self.capture.is_none(),
        })
    }

    async fn post(
        &self,
        client: &Client,
        url: &Url,
        parcel: &Parcel,
        gzip: bool,
    ) -> Result<wire::Reply, Verdict> {
        self.exchange(client, self.request(url, parcel, gzip)?).await
    }

    async fn event(
        &self,
        client: &Client,
        collector: &Collector,
        channel: Option<&str>,
        parcel: &Parcel,
    ) -> Result<Verdict, Verdict> {
        let mut request = self.request(&collector.endpoint, parcel, true)?;
        let channel = channel.map(|id| (id, HeaderValue::from_str(id).expect("a UUID is ASCII")));
        if let Some((_, value)) = &channel {
            request.headers.insert(names::SPLUNK_CHANNEL, value.clone());
        }
        let reply = self.exchange(client, request).await?;
        let judged = judge::judge(reply.answer());
        let Some((channel, value)) = channel.filter(|_| judged.verdict.is_accepted()) else {
            return Ok(judged.verdict);
        };
        let Some(ack_id) = judged.ack_id else {
            let message = "this token has no acknowledgements: remove `?ack=1`";
            return Ok(Verdict::held(Hold::Misconfigured, message));
        };
        let mut headers = self.headers.clone();
        headers.insert(names::SPLUNK_CHANNEL, value);
        for _ in 0..ACK_POLLS_MAX {
            let ask = Request {
                url: collector.acks(channel),
                headers: headers.clone(),
                content_type: HeaderValue::from_static("application/json"),
                body: Bytes::from(json!({"acks": [ack_id]}).to_string()),
                gzip: false,
            };
            // A poll that fails says nothing about the event.
            if let Ok(reply) = self.exchange(client, ask).await
                && splunk::is_stored(&reply.body, ack_id)
            {
                return Ok(judged.verdict);
            }
            sleep(ACK_POLL_EVERY).await;
        }
        Ok(Verdict::retry(Trouble::Unconfirmed, "taken, and never confirmed to be stored"))
    }
}
