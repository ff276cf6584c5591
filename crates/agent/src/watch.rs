//! Follows the objects of one kind: a list, then the changes since, and again a list after a gap.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use ktel_delivery::backoff::Backoff;
use ktel_model::standard::schema::Reads;
use kube::Client;
use kube::client::Body;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, info, warn};

use crate::file::Watched;
use crate::lifecycle::Values;
use crate::limits;
use crate::state::{Seen, number};
use ktel_jobs::Error;
use ktel_jobs::cluster::Discovery;
use ktel_jobs::cluster::pages::{Pages, list_path, list_uri};
use ktel_jobs::cluster::read::{METADATA, OBJECT, encode};

/// A watch of metadata has the same type as one object's, with each line an event around it.
const WATCH_METADATA: &str = METADATA;

/// Takes what a watcher sees.
pub(super) trait WatchHandler {
    /// Takes what was seen of an object: its UID and its version, and its fields unless it is gone.
    fn see(&self, id: (&str, &str), seen: Seen, now: Option<Values>);
    /// Takes the end of a list of all objects.
    fn end_list(&self, listed: &HashSet<u128>);
    /// Takes that the API server has answered: all objects are listed, or it does not have the kind.
    fn answered(&self);
}

/// Follows one kind.
pub(super) struct Watcher<'a, W> {
    pub(super) client: &'a Client,
    pub(super) watched: &'a Watched,
    pub(super) handler: W,
    pub(super) jitter: fn() -> f64,
}

/// How a watch ended.
#[derive(Debug)]
enum Ended {
    /// The server closed it, as it does every few minutes; it can go on from this version.
    Closed,
    /// The server has forgotten the version: only a list helps.
    Gone,
    /// Something broke.
    Broken(Error),
}

#[derive(Deserialize)]
struct Change {
    #[serde(rename = "type")]
    kind: String,
    object: Value,
}

impl<W: WatchHandler> Watcher<'_, W> {
    /// Follows the kind for as long as it is polled.
    pub(super) async fn run(&self) {
        let mut trouble = Trouble { kind: self.watched.name(), failures: 0, jitter: self.jitter };
        let mut place: Option<(String, String)> = None;
        loop {
            let (path, version) = match place.take() {
                Some(place) => place,
                None => match self.list().await {
                    Ok(Some(place)) => {
                        self.handler.answered();
                        place
                    }
                    Ok(None) => {
                        self.handler.answered();
                        trouble.pause(&"the server does not have the kind").await;
                        continue;
                    }
                    Err(error) => {
                        trouble.pause(&error).await;
                        continue;
                    }
                },
            };
            trouble.over();
            let mut version = version;
            let start = Instant::now();
            match self.follow(&path, &mut version).await {
                Ended::Closed => {
                    // Something in between may close every watch at once.
                    sleep(limits::WATCH_AT_LEAST.saturating_sub(start.elapsed())).await;
                    place = Some((path, version));
                }
                Ended::Gone => debug!(kind = self.watched.name(), "the watch is too old; listing"),
                Ended::Broken(error) => {
                    trouble.pause(&error).await;
                    place = Some((path, version));
                }
            }
        }
    }

    /// Lists every object; gives where a watch goes on, or `None` where the kind is not served.
    async fn list(&self) -> Result<Option<(String, String)>, Error> {
        let discovery = Discovery::default();
        let source = &self.watched.source;
        let Some(path) = list_path(self.client, &discovery, source).await? else { return Ok(None) };
        let reads = self.watched.reads();
        let mut pages =
            Pages::<Value>::new(self.client, &discovery, source, reads, ktel_jobs::limits::PAGE);
        let mut listed = HashSet::new();
        let mut version = None;
        while let Some(page) = pages.next().await? {
            if page.restarted {
                listed.clear();
            }
            version = page.version.or(version);
            for object in &page.items {
                if let Some((uid, of)) = identify(object) {
                    listed.insert(number(uid));
                    self.handler.see((uid, of), Seen::Listed, Some(self.values(object)));
                }
            }
        }
        if !pages.served() {
            return Ok(None);
        }
        self.handler.end_list(&listed);
        Ok(version.map(|version| (path, version)))
    }

    fn values(&self, object: &Value) -> Values {
        self.watched.fields.values().map(|extract| extract.value(object)).collect()
    }

    /// Follows changes until the watch ends; `version` is always that of the last one seen.
    async fn follow(&self, path: &str, version: &mut String) -> Ended {
        // The server ends it first, unless the connection is dead and nobody says so.
        let patience = limits::WATCH_FOR + Duration::from_secs(10);
        let followed = timeout(patience, self.stream(path, version)).await;
        followed.unwrap_or_else(|_| Ended::Broken(Error::Timeout { after: patience }))
    }

    async fn stream(&self, path: &str, version: &mut String) -> Ended {
        let mut uri = list_uri(path, &self.watched.source, ktel_jobs::limits::PAGE, None);
        uri.push_str("&watch=true&allowWatchBookmarks=true&resourceVersion=");
        uri.push_str(&encode(version));
        uri.push_str(&format!("&timeoutSeconds={}", limits::WATCH_FOR.as_secs()));
        let accept = match self.watched.reads() {
            Reads::Metadata => WATCH_METADATA,
            Reads::Object => OBJECT,
        };
        let request = Request::get(uri).header(header::ACCEPT, accept).body(Body::empty());
        let request = request.expect("paths and queries are encoded");
        let response = match self.client.send(request).await {
            Ok(response) => response,
            Err(source) => return Ended::Broken(Error::Unreachable { source: Arc::new(source) }),
        };
        match response.status() {
            StatusCode::OK => {}
            StatusCode::GONE => return Ended::Gone,
            status => return Ended::Broken(self.rejected(status.as_u16())),
        }
        let mut pieces = response.into_body().into_data_stream();
        let mut pending = Vec::new();
        while let Some(piece) = pieces.next().await {
            let piece = match piece {
                Ok(piece) => piece,
                Err(source) => return Ended::Broken(self.cut(source)),
            };
            for part in piece.split_inclusive(|byte| *byte == b'\n') {
                pending.extend_from_slice(part);
                if pending.len() > limits::WATCH_LINE_BYTES_MAX {
                    return Ended::Broken(self.cut("a change is too long"));
                }
                if part.ends_with(b"\n") {
                    if let Some(ended) = self.change(&pending, version) {
                        return ended;
                    }
                    pending.clear();
                }
            }
        }
        Ended::Closed
    }

    /// Takes one change; gives how the watch ends, if it says so.
    fn change(&self, line: &[u8], version: &mut String) -> Option<Ended> {
        let Change { kind, object } = match serde_json::from_slice(line) {
            Ok(change) => change,
            Err(source) => {
                let (what, source) = (self.watched.name(), Arc::new(source));
                return Some(Ended::Broken(Error::Malformed { what, source }));
            }
        };
        let seen = match kind.as_str() {
            "ADDED" => Some(Seen::Added),
            "MODIFIED" => Some(Seen::Modified),
            "DELETED" => Some(Seen::Gone),
            "ERROR" => {
                let code = object.get("code").and_then(Value::as_u64).unwrap_or_default();
                let code = u16::try_from(code).unwrap_or_default();
                let gone = code == StatusCode::GONE.as_u16();
                return Some(if gone { Ended::Gone } else { Ended::Broken(self.rejected(code)) });
            }
            // A bookmark has the version only; other types may come one day.
            _ => None,
        };
        if let Some((seen, (uid, of))) = seen.zip(identify(&object)) {
            let now = (seen != Seen::Gone).then(|| self.values(&object));
            self.handler.see((uid, of), seen, now);
        }
        let of = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
        if let Some(of) = of {
            of.clone_into(version);
        }
        None
    }

    fn rejected(&self, code: u16) -> Error {
        let (what, message) = (self.watched.name(), "the watch is rejected".to_owned());
        match code {
            401 => Error::Unauthorized,
            403 => Error::Forbidden { verb: "watch", what },
            code => Error::UnexpectedStatus { what, code, message },
        }
    }

    fn cut(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Cut { what: self.watched.name(), source: Arc::from(source.into()) }
    }
}

/// Finds the UID and the version of an object.
fn identify(object: &Value) -> Option<(&str, &str)> {
    let text = |name| object.pointer(name).and_then(Value::as_str);
    text("/metadata/uid").zip(text("/metadata/resourceVersion"))
}

/// Says once that something does not work, and once that it works again.
pub(super) struct Trouble {
    pub(super) kind: String,
    pub(super) failures: u32,
    pub(super) jitter: fn() -> f64,
}

impl Trouble {
    /// Waits longer after each failure.
    pub(super) async fn pause(&mut self, why: &(dyn std::fmt::Display + Sync)) {
        if self.failures == 0 {
            warn!(kind = self.kind, why = %why, "cannot be followed; trying again");
        }
        let pause = Backoff::default().pause(self.failures, None, (self.jitter)());
        self.failures += 1;
        sleep(pause.min(limits::CLUSTER_RETRY_MAX)).await;
    }

    /// Notes that it works.
    pub(super) fn over(&mut self) {
        if std::mem::take(&mut self.failures) > 0 {
            info!(kind = self.kind, "is followed again");
        }
    }
}

#[cfg(test)]
mod tests;
