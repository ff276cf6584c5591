//! Tokens of OAuth 2.0 by client credentials (RFC 6749 §4.4): fetched once, kept until shortly before they expire.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use ktel_delivery::Secret;
use ktel_delivery::http::{Client, Request, Url, sensitive};
use ktel_delivery::verdict::{self, Hold, Trouble, Verdict};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::error::SetupError;
use super::judge::Judgement;
use crate::limits::{
    TOKEN_BYTES_MAX, TOKEN_LIFETIME_MAX, TOKEN_LIFETIME_UNKNOWN, TOKEN_RENEWED_BEFORE,
};

/// Fetches tokens and keeps the last one.
pub(super) struct Tokens {
    client: Client,
    url: Url,
    headers: HeaderMap,
    form: String,
    last: Mutex<Option<Token>>,
}

/// A token, as the header that carries it.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) header: HeaderValue,
    fetched: Instant,
    renew: Instant,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Tokens") // never what it holds
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    token_type: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Tokens {
    pub(super) fn new(
        client: Client,
        url: Url,
        id: &str,
        secret: &Secret,
        scopes: &[String],
    ) -> Result<Self, SetupError> {
        let encoded = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        // Both are encoded as in a form before they are joined, §2.3.1.
        let pair = STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret.reveal())));
        let (name, value) = sensitive(AUTHORIZATION.as_str(), &format!("Basic {pair}"))?;
        let mut headers = HeaderMap::new();
        headers.insert(name, value);
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        if !scopes.is_empty() {
            form.append_pair("scope", &scopes.join(" "));
        }
        Ok(Self { client, url, headers, form: form.finish(), last: Mutex::new(None) })
    }

    /// Gives the token; fetches one if there is none, or it expires soon. Others wait meanwhile.
    pub(super) async fn get(&self, now: Duration) -> Result<Token, Verdict> {
        let mut last = self.last.lock().await;
        if let Some(token) = last.as_ref().filter(|token| Instant::now() < token.renew) {
            return Ok(token.clone());
        }
        let token = self.fetch(now).await?;
        *last = Some(token.clone());
        Ok(token)
    }

    /// Forgets a token that a sink does not accept, and says what that means: another one may be accepted, unless this
    /// one is new.
    pub(super) async fn rejected(&self, token: &Token, judgement: Judgement) -> Judgement {
        let mut last = self.last.lock().await;
        if last.as_ref().is_some_and(|last| last.header == token.header) {
            *last = None;
        }
        if token.fetched.elapsed() < TOKEN_RENEWED_BEFORE {
            return judgement;
        }
        Judgement::By(Verdict::retry(Trouble::Unavailable, "the token is not accepted any more"))
    }

    async fn fetch(&self, now: Duration) -> Result<Token, Verdict> {
        let request = Request {
            url: self.url.clone(),
            headers: self.headers.clone(),
            content_type: HeaderValue::from_static("application/x-www-form-urlencoded"),
            body: self.form.clone().into(),
            gzip: false,
        };
        let reply = self.client.post(request, now).await?;
        match verdict::http::judge(reply.answer()) {
            Verdict::Accepted => token(&reply.body),
            // §5.2: a wrong client is a 400 or 401. What it is about is in the token server's words.
            Verdict::Rejected { message, .. } => {
                Err(Verdict::held(Hold::Unauthorized, format!("token server: {message}")))
            }
            Verdict::Held { hold: Hold::Unprocessed, message } => {
                Err(Verdict::retry(Trouble::Unavailable, format!("token server: {message}")))
            }
            mut other => {
                if let Some(message) = other.message_mut() {
                    *message = format!("token server: {message}");
                }
                Err(other)
            }
        }
    }
}

fn token(body: &[u8]) -> Result<Token, Verdict> {
    let malformed =
        |what: &str| Verdict::held(Hold::Misconfigured, format!("token server: {what}"));
    // The parser's error would quote the token.
    let answer: Answer =
        serde_json::from_slice(body).map_err(|_| malformed("its answer holds no token"))?;
    if !answer.token_type.is_empty() && !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(malformed("its token is not of type `bearer`"));
    }
    if answer.access_token.len() > TOKEN_BYTES_MAX {
        return Err(malformed("its token is too long"));
    }
    let (_, header) = sensitive(AUTHORIZATION.as_str(), &format!("Bearer {}", answer.access_token))
        .map_err(|_| malformed("its token has characters that HTTP forbids"))?;
    let lifetime = answer.expires_in.map_or(TOKEN_LIFETIME_UNKNOWN, Duration::from_secs);
    let lifetime = lifetime.min(TOKEN_LIFETIME_MAX);
    let fetched = Instant::now();
    // A token that lives shorter than that is renewed after half its life.
    let early = TOKEN_RENEWED_BEFORE.min(lifetime / 2);
    Ok(Token { header, fetched, renew: fetched + (lifetime - early) })
}
