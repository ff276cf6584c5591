//! The HTTP client for all receivers: bounded in time and bytes, no redirects, no secrets in output.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{
    CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use reqwest::redirect::Policy;
use thiserror::Error;
use tokio::time::timeout;

use crate::fault::{Fault, FaultKind};
use crate::gzip;
use crate::limits;
use crate::tls::{self, Trust};
use crate::verdict::{Answer, retry_after};

pub use reqwest::Url;

/// Speaks HTTP. Proxies come from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
#[derive(Clone)]
pub struct Client(reqwest::Client);

impl std::fmt::Debug for Client {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Client") // its default headers may hold secrets
    }
}

/// The version of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, or HTTP/2 where TLS agrees on it.
    Any,
    /// HTTP/2 from the first byte, as gRPC needs.
    Two,
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
        let mut tls = match receiver.scheme() {
            "http" => trust.configure_without_tls()?,
            _ => trust.configure()?,
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("ktel/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .connect_timeout(limits::REACH_WITHIN)
            .timeout(limits::EXCHANGE_WITHIN)
            .pool_max_idle_per_host(2);
        tls.alpn_protocols = match protocol {
            Protocol::Any => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            Protocol::Two => {
                builder = builder.http2_prior_knowledge();
                vec![b"h2".to_vec()]
            }
        };
        let client = builder.tls_backend_preconfigured(tls).build();
        Ok(Self(client.map_err(|source| Error::Client { source })?))
    }

    /// Posts once. `now` is the time since the epoch, for answers that name a date.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn post(&self, request: Request, now: Duration) -> Result<Reply, Fault> {
        let exchange = timeout(limits::EXCHANGE_WITHIN, self.exchange(request, now)).await;
        exchange.unwrap_or_else(|_| Err(Fault::new(FaultKind::Timeout, "no answer in time")))
    }

    /// Sends one GET.
    ///
    /// # Errors
    /// When no answer came.
    pub async fn get(&self, url: Url, headers: HeaderMap, now: Duration) -> Result<Reply, Fault> {
        let sent = self.0.get(url).headers(headers).send().await;
        reply(sent.map_err(|error| Fault::of(&error.without_url()))?, now).await
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
        let sent = self.0.get(url).headers(headers).send().await;
        let response = sent.map_err(|error| Fault::of(&error.without_url()))?;
        let (parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        match Limited::new(body, bytes_max).collect().await {
            Ok(collected) => Ok((parts.status.as_u16(), collected.to_bytes())),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(Fault::new(FaultKind::TooLong, "the document is too long"))
            }
            Err(error) => Err(Fault::of(&*error)),
        }
    }

    async fn exchange(&self, request: Request, now: Duration) -> Result<Reply, Fault> {
        let Request { url, headers, content_type, body, gzip: takes_gzip } = request;
        let mut post = self.0.post(url).headers(headers).header(CONTENT_TYPE, content_type);
        if takes_gzip && body.len() >= limits::GZIP_FROM_BYTES {
            post = post.header(CONTENT_ENCODING, "gzip").body(gzip::compress(&body));
        } else {
            post = post.body(body);
        }
        let sent = post.send().await;
        reply(sent.map_err(|error| Fault::of(&error.without_url()))?, now).await
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
