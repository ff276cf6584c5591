//! Reads objects of a cluster within one run.

use ktel_model::standard::schema::{Reads, Source};
use kube::Client;
use serde::de::DeserializeOwned;

use super::discovery::Discovery;
use super::pages::Pages;
use super::read::{self, METADATA, OBJECT, ReadFailure, Target, encode};
use crate::error::Error;

/// A client, and what the server was found to serve during this run.
pub(crate) struct ClusterReader {
    pub(crate) client: Client,
    pub(crate) discovery: Discovery,
}

impl ClusterReader {
    pub(crate) fn new(client: Client) -> Self {
        Self { client, discovery: Discovery::default() }
    }

    /// Reads objects page by page.
    pub(crate) fn pages<T: DeserializeOwned>(
        &self,
        source: &Source,
        reads: Reads,
        page_size: u32,
    ) -> Pages<'_, T> {
        Pages::new(&self.client, &self.discovery, source, reads, page_size)
    }

    /// Reads one object; `None` when there is no such object, or no such kind.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        group: &str,
        resource: &str,
        namespace: Option<&str>,
        name: &str,
        reads: Reads,
    ) -> Result<Option<T>, Error> {
        let prefix = if group.is_empty() {
            "/api/v1".to_owned()
        } else {
            match self.discovery.served(&self.client, group, resource).await? {
                Some(served) => format!("/apis/{group}/{}", served.version),
                None => return Ok(None),
            }
        };
        let namespace = namespace.map(|one| format!("/namespaces/{}", encode(one)));
        let uri = format!("{prefix}{}/{resource}/{}", namespace.unwrap_or_default(), encode(name));
        let accept = match reads {
            Reads::Metadata => METADATA,
            Reads::Object => OBJECT,
        };
        let target = Target::resource("get", group, resource);
        match read::get(&self.client, &uri, accept, &target).await {
            Ok(object) => Ok(Some(object)),
            Err(ReadFailure::NotFound) => Ok(None),
            Err(failure) => Err(failure.into_error(&target)),
        }
    }
}
