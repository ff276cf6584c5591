//! The HTTP client for all receivers: bounded in time and bytes, no redirects, no secrets in output.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use http_body_util::BodyExt;
use reqwest::redirect::Policy;
use thiserror::Error;
use tokio::time::timeout;

use crate::fault::{Fault, FaultKind};
use crate::gzip;
use crate::limits;
use crate::resolve::{ForHttp, Resolve};
use crate::tls::{self, Trust};
use crate::verdict::{Answer, retry_after};

mod settings;
mod streamed;

pub use reqwest::Url;
pub use settings::{Protocol, Settings};
pub use streamed::Streamed;

/// Speaks HTTP. Proxies come from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
#[derive(Clone)]
pub struct Client {
    client: reqwest::Client,
    exchange_within: Duration,
    resolver: Option<Arc<dyn Resolve>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Client") // its default headers may hold secrets
    }
}

/// Why no client can be made.
#[derive(Debug, Error)]
pub enum Error {
    /// A file of certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] tls::Error),
    /// The HTTP library reports an error.
    #[error("set up the HTTP client")]
    Client {
        /// Why.
        source: reqwest::Error,
    },
}

/// A request that is posted.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where to.
    pub url: Url,
    /// Headers; mark secrets with `set_sensitive`.
    pub headers: HeaderMap,
    /// The content type of the body.
    pub content_type: HeaderValue,
    /// The body.
    pub body: Bytes,
    /// Whether the receiver understands gzip.
    pub gzip: bool,
}

/// The answer to a request.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, and the trailers among them.
    pub headers: HeaderMap,
    /// How long the receiver asks us to wait.
    pub retry_after: Option<Duration>,
    /// The body, cut at [`limits::RECEIVER_ANSWER_BYTES_MAX`].
    pub body: Bytes,
}

impl Reply {
    /// Gives the parts that a verdict is made of.
    #[must_use]
    pub fn answer(&self) -> Answer<'_> {
        Answer { status: self.status, retry_after: self.retry_after, body: &self.body }
    }
}

impl Client {
    /// Makes a client for a receiver. For a receiver of `http` the list of certificate authorities may
    /// be empty; then no TLS connection, to a proxy for example, is trusted.
    ///
    /// # Errors
    /// When a file of certificates cannot be used, or there are no authorities for TLS.
    pub fn new(receiver: &Url, trust: &Trust, protocol: Protocol) -> Result<Self, Error> {
        Self::with(receiver, trust, Settings { protocol, ..Settings::default() })
    }

    /// Makes a client as [`new`](Self::new) does, with settings of the caller's.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with(receiver: &Url, trust: &Trust, settings: Settings) -> Result<Self, Error> {
        let Settings { protocol, reach_within, exchange_within, idle_connections, resolver } =
            settings;
        let mut tls = match receiver.scheme() {
            "http" => trust.configure_without_tls()?,
            _ => trust.configure()?,
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("ktel/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(reach_within)
            .timeout(exchange_within)
            .pool_max_idle_per_host(idle_connections);
        if let Some(resolver) = &resolver {
            builder = builder.no_proxy().dns_resolver(ForHttp(Arc::clone(resolver)));
        }
        tls.alpn_protocols = match protocol {
            Protocol::Any => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Protocol::Two => {
                builder = builder.http2_prior_knowledge();
                vec![b"h2".to_vec()]
            }
        };
        let client = builder.tls_backend_preconfigured(tls).build();
        let client = client.map_err(|source| Error::Client { source })?;
        Ok(Self { client, exchange_within, resolver })
    }

    /// Posts once. `now` is the time since the epoch, for answers that name a date.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn post(&self, request: Request, now: Duration) -> Result<Reply, Fault> {
        let exchange = timeout(self.exchange_within, self.exchange(request, now)).await;
        exchange.unwrap_or_else(|_| Err(Fault::new(FaultKind::Timeout, "no answer in time")))
    }

    /// Sends one GET.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn get(&self, url: Url, headers: HeaderMap, now: Duration) -> Result<Reply, Fault> {
        reply(self.send(&url, self.client.get(url.clone()).headers(headers)).await?, now).await
    }

    /// Reads a document of at most `bytes_max` bytes, and gives the status too.
    ///
    /// # Errors
    /// When no answer came, or it is longer.
    pub async fn read(
        &self,
        url: Url,
        headers: HeaderMap,
        bytes_max: usize,
    ) -> Result<(u16, Bytes), Fault> {
        let mut answer = self.get_streamed(url, headers, bytes_max).await?;
        let mut document = BytesMut::new();
        while let Some(piece) = answer.next().await? {
            document.extend_from_slice(&piece);
        }
        Ok((answer.status, document.freeze()))
    }

    /// Sends one GET, and leaves the body of the answer to be read: at most `bytes_max` bytes.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn get_streamed(
        &self,
        url: Url,
        headers: HeaderMap,
        bytes_max: usize,
    ) -> Result<Streamed, Fault> {
        let get = self.client.get(url.clone()).headers(headers);
        Ok(Streamed::new(self.send(&url, get).await?, bytes_max))
    }

    /// Posts once, and leaves the body of the answer to be read: at most `bytes_max` bytes.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn post_streamed(
        &self,
        request: Request,
        bytes_max: usize,
    ) -> Result<Streamed, Fault> {
        Ok(Streamed::new(self.send_post(request).await?, bytes_max))
    }

    async fn exchange(&self, request: Request, now: Duration) -> Result<Reply, Fault> {
        reply(self.send_post(request).await?, now).await
    }

    async fn send_post(&self, request: Request) -> Result<reqwest::Response, Fault> {
        let Request { url, headers, content_type, body, gzip: takes_gzip } = request;
        let mut post = self.client.post(url.clone()).headers(headers);
        post = post.header(CONTENT_TYPE, content_type);
        if takes_gzip && body.len() >= limits::GZIP_FROM_BYTES {
            post = post.header(CONTENT_ENCODING, "gzip").body(gzip::compress(&body));
        } else {
            post = post.body(body);
        }
        self.send(&url, post).await
    }

    async fn send(
        &self,
        url: &Url,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, Fault> {
        self.check_address(url).await?;
        request.send().await.map_err(|error| Fault::of(&error.without_url()))
    }

    /// Asks the caller's resolver for a host that is written as an address; the HTTP library would not.
    async fn check_address(&self, url: &Url) -> Result<(), Fault> {
        let (Some(resolver), Some(host)) = (&self.resolver, url.host_str()) else { return Ok(()) };
        // A name is no address; the library has it resolved.
        let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() else { return Ok(()) };
        let found = timeout(self.exchange_within, resolver.resolve(&address.to_string())).await;
        let found = found.map_err(|_| Fault::new(FaultKind::Timeout, "resolving took too long"))?;
        let found = found.map_err(|error| Fault::of(&error))?;
        if found.contains(&address) {
            return Ok(());
        }
        let message = format!("the address {address} is not allowed");
        Err(Fault::new(FaultKind::Unreachable, message))
    }
}

async fn reply(response: reqwest::Response, now: Duration) -> Result<Reply, Fault> {
    let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
    let mut headers = parts.headers;
    let retry_after = headers
        .get(RETRY_AFTER)
        // A value that is no text is ignored.
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry_after::parse(value, std::time::UNIX_EPOCH + now));
    let body = beginning(body, &mut headers).await?;
    Ok(Reply { status: parts.status.as_u16(), headers, retry_after, body })
}

/// Reads a body up to its limit, and the trailers unless the limit was reached. A longer body is cut:
/// the status and the beginning of the body are enough for a verdict.
async fn beginning(mut body: reqwest::Body, headers: &mut HeaderMap) -> Result<Bytes, Fault> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // The answer broke off; the rest of it could have changed the verdict.
        let frame = frame.map_err(|error| Fault::of(&error))?;
        match frame.into_data() {
            Ok(data) => {
                let room = limits::RECEIVER_ANSWER_BYTES_MAX - read.len();
                read.extend_from_slice(&data[..data.len().min(room)]);
                if data.len() > room {
                    break;
                }
            }
            Err(frame) => headers.extend(frame.into_trailers().unwrap_or_default()),
        }
    }
    Ok(read.freeze())
}

/// Makes a header that is never printed.
///
/// # Errors
/// When the name or the value cannot stand in a header; the value is not quoted.
pub fn sensitive(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), BadHeader> {
    let bad = || BadHeader { name: name.to_owned() };
    // The errors of the library would quote the value.
    let header = HeaderName::try_from(name).map_err(|_| bad())?;
    let mut value = HeaderValue::try_from(value).map_err(|_| bad())?;
    value.set_sensitive(true);
    Ok((header, value))
}

/// A header that cannot be sent.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("header `{name}` cannot be sent: its name or its value has characters that HTTP forbids")]
pub struct BadHeader {
    name: String,
}
