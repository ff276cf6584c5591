//! Objects by pages: nothing is kept but the page at hand.

use std::marker::PhantomData;

use ktel_model::standard::schema::{Reads, Source};
use kube::Client;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Shared;
use super::read::{self, Failure, METADATA_LIST, OBJECT, Target, encode};
use crate::error::Error;

/// Reads the objects of a source page by page.
///
/// *Guarantees:* a kind that is not served has no pages and is no error
/// ([`served`](Self::served) tells). When the server forgets its place (410) the reading starts again, once;
/// the page then says so, and what was summed up before must be thrown away.
pub struct Pages<'a, T> {
    client: &'a Client,
    shared: &'a Shared,
    source: Source,
    reads: Reads,
    size: u32,
    place: Place,
    restarts_left: u8,
    served: bool,
    items: PhantomData<fn() -> T>,
}

enum Place {
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
    /// Whether this is the first page again, and all before it is void.
    pub restarted: bool,
    /// The state of the server that the pages show; a watch goes on from there.
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
    /// Begins at the first page.
    #[must_use]
    pub fn new(
        client: &'a Client,
        shared: &'a Shared,
        source: &Source,
        reads: Reads,
        size: u32,
    ) -> Self {
        Self {
            client,
            shared,
            source: source.clone(),
            reads,
            size,
            place: Place::Start,
            restarts_left: 1,
            served: true,
            items: PhantomData,
        }
    }

    /// Tells whether the server has the kind; meaningful once a page was asked for.
    #[must_use]
    pub fn served(&self) -> bool {
        self.served
    }

    /// Tells whether there is a page behind the one given last.
    #[must_use]
    pub fn has_more(&self) -> bool {
        matches!(self.place, Place::After { .. })
    }

    /// Gives the next page, or `None` behind the last.
    ///
    /// # Errors
    /// When the server refuses or does not answer; the reading cannot go on then.
    pub async fn next(&mut self) -> Result<Option<Page<T>>, Error> {
        let mut restarted = false;
        loop {
            let (path, token) = match std::mem::replace(&mut self.place, Place::End) {
                Place::End => return Ok(None),
                Place::After { path, token } => (path, Some(token)),
                Place::Start => match list_path(self.client, self.shared, &self.source).await? {
                    Some(path) => (path, None),
                    None => {
                        self.served = false;
                        return Ok(None);
                    }
                },
            };
            let target = Target::resource("list", &self.source.group, &self.source.resource);
            let uri = list_uri(&path, &self.source, self.size, token.as_deref());
            let accept = match self.reads {
                Reads::Metadata => METADATA_LIST,
                Reads::Object => OBJECT,
            };
            match read::get::<List<T>>(self.client, &uri, accept, &target).await {
                Ok(list) => {
                    if let Some(token) = list.metadata.token.filter(|token| !token.is_empty()) {
                        self.place = Place::After { path, token };
                    }
                    return Ok(Some(Page {
                        items: list.items.unwrap_or_default(),
                        remaining: list.metadata.remaining_item_count,
                        restarted,
                        version: list.metadata.resource_version,
                    }));
                }
                Err(Failure::NotFound) => {
                    self.served = false;
                    return Ok(None);
                }
                Err(Failure::Gone) if self.restarts_left > 0 => {
                    self.restarts_left -= 1;
                    self.place = Place::Start;
                    restarted = true;
                }
                Err(Failure::Gone) => return Err(Error::Expired { what: target.what }),
                Err(Failure::Other(error)) => return Err(error),
            }
        }
    }
}

/// Finds the path under which the objects of a source are listed; `None` when they are not served.
pub async fn list_path(
    client: &Client,
    shared: &Shared,
    source: &Source,
) -> Result<Option<String>, Error> {
    let Source { group, resource, namespace, .. } = source;
    let prefix = if group.is_empty() {
        // The core group has one version, and a kind that it lacks answers 404: no need to ask.
        "/api/v1".to_owned()
    } else {
        match shared.served(client, group, resource).await? {
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
