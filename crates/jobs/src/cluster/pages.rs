//! Reads objects page by page. Only one page is in memory at a time.

use std::marker::PhantomData;

use ktel_model::standard::schema::{Reads, Source};
use kube::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::discovery::Discovery;
use super::protobuf::fields;
use super::read::{self, Encoding, METADATA_LIST, OBJECT, ReadFailure, Target, encode};
use crate::error::Error;
use crate::limits;

/// Reads the objects of a source page by page.
///
/// *Guarantees:* a kind that is not served has no pages and is no error
/// ([`served`](Self::served) tells). When the continue token has expired (410), the reading starts
/// again, once. The page then says so, and the caller has to forget the pages before it.
pub struct Pages<'a, T> {
    client: &'a Client,
    discovery: &'a Discovery,
    source: Source,
    reads: Reads,
    protobuf: Option<&'static fields::List>,
    size: u32,
    position: Position,
    restarts_left: u8,
    served: bool,
    items: PhantomData<fn() -> T>,
}

enum Position {
    Start,
    After { path: String, token: String },
    End,
}

/// Some of the objects.
#[derive(Debug)]
pub struct Page<T> {
    /// The objects.
    pub items: Vec<T>,
    /// How many more there are, where the server says so.
    pub remaining: Option<u64>,
    /// Whether this is the first page again. The pages before it no longer count.
    pub restarted: bool,
    /// The resource version of the list. A watch can start from it.
    pub version: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct List<T> {
    #[serde(default)]
    pub(super) metadata: ListMetadata,
    // A Go server writes `null` for an empty list.
    #[serde(default = "none")]
    pub(super) items: Option<Vec<T>>,
}

fn none<T>() -> Option<T> {
    None
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListMetadata {
    #[serde(default, rename = "continue")]
    pub(super) token: Option<String>,
    #[serde(default)]
    pub(super) remaining_item_count: Option<u64>,
    #[serde(default)]
    pub(super) resource_version: Option<String>,
}

impl<'a, T: DeserializeOwned> Pages<'a, T> {
    /// Starts at the first page.
    #[must_use]
    pub fn new(
        client: &'a Client,
        discovery: &'a Discovery,
        source: &Source,
        reads: Reads,
        size: u32,
    ) -> Self {
        Self {
            client,
            discovery,
            source: source.clone(),
            reads,
            protobuf: None,
            size,
            position: Position::Start,
            restarts_left: limits::PAGES_RESTARTS_MAX,
            served: true,
            items: PhantomData,
        }
    }

    /// Asks for protobuf. `T` gets the fields of `list` only. A server that does not write this kind as
    /// protobuf answers JSON.
    #[must_use]
    pub(crate) fn in_protobuf(self, list: &'static fields::List) -> Self {
        Self { protobuf: Some(list), ..self }
    }

    /// Asks for metadata alone from now on.
    pub(crate) fn only_metadata(&mut self, list: &'static fields::List) {
        (self.reads, self.protobuf) = (Reads::Metadata, Some(list));
    }

    /// Sets the size of the pages that follow.
    pub(crate) fn resize(&mut self, size: u32) {
        self.size = size;
    }

    /// Tells whether the server has the kind. This is known after the first [`next`](Self::next).
    #[must_use]
    pub fn served(&self) -> bool {
        self.served
    }

    /// Tells whether another page follows.
    #[must_use]
    pub fn has_more(&self) -> bool {
        matches!(self.position, Position::After { .. })
    }

    /// Gives the next page, or `None` after the last.
    ///
    /// # Errors
    /// When the server does not answer with success. No page can be read after that.
    pub async fn next(&mut self) -> Result<Option<Page<T>>, Error> {
        let mut restarted = false;
        loop {
            let (path, token) = match std::mem::replace(&mut self.position, Position::End) {
                Position::End => return Ok(None),
                Position::After { path, token } => (path, Some(token)),
                Position::Start => {
                    match list_path(self.client, self.discovery, &self.source).await? {
                        Some(path) => (path, None),
                        None => {
                            self.served = false;
                            return Ok(None);
                        }
                    }
                }
            };
            let target = Target::resource("list", &self.source.group, &self.source.resource);
            let uri = list_uri(&path, &self.source, self.size, token.as_deref());
            let json = match self.reads {
                Reads::Metadata => METADATA_LIST,
                Reads::Object => OBJECT,
            };
            let encoding = match self.protobuf.filter(|list| path.starts_with(list.path)) {
                Some(list) => Encoding::Protobuf { list, json },
                None => Encoding::Json(json),
            };
            match read::get_in::<List<T>>(self.client, &uri, encoding, &target).await {
                Ok(list) => {
                    if let Some(token) = list.metadata.token.filter(|token| !token.is_empty()) {
                        self.position = Position::After { path, token };
                    }
                    return Ok(Some(Page {
                        items: list.items.unwrap_or_default(),
                        remaining: list.metadata.remaining_item_count,
                        restarted,
                        version: list.metadata.resource_version,
                    }));
                }
                Err(ReadFailure::NotFound) => {
                    self.served = false;
                    return Ok(None);
                }
                Err(ReadFailure::Gone) if self.restarts_left > 0 => {
                    self.restarts_left -= 1;
                    self.position = Position::Start;
                    restarted = true;
                }
                Err(ReadFailure::Gone) => return Err(Error::Expired { what: target.what }),
                Err(ReadFailure::Other(error)) => return Err(error),
            }
        }
    }
}

/// Finds the path under which the objects of a source are listed; `None` when they are not served.
pub async fn list_path(
    client: &Client,
    discovery: &Discovery,
    source: &Source,
) -> Result<Option<String>, Error> {
    let Source { group, resource, namespace, .. } = source;
    let prefix = if group.is_empty() {
        // The core group has one version, and a kind that it lacks answers 404: no need to ask.
        "/api/v1".to_owned()
    } else {
        match discovery.served(client, group, resource).await? {
            Some(served) => format!("/apis/{group}/{}", served.version),
            None => return Ok(None),
        }
    };
    Ok(Some(match namespace {
        Some(namespace) => format!("{prefix}/namespaces/{}/{resource}", encode(namespace)),
        None => format!("{prefix}/{resource}"),
    }))
}

/// Builds the request for one page. `resourceVersion` is never set: with `0` the server ignores
/// `limit` and returns everything.
#[must_use]
pub fn list_uri(path: &str, source: &Source, size: u32, token: Option<&str>) -> String {
    let mut uri = format!("{path}?limit={size}");
    if let Some(labels) = &source.labels {
        uri.push_str("&labelSelector=");
        uri.push_str(&encode(labels));
    }
    if let Some(token) = token {
        uri.push_str("&continue=");
        uri.push_str(&encode(token));
    }
    uri
}
