//! The version of the API server.

use kube::Client;
use serde::Deserialize;

use super::read::{self, OBJECT, Target};
use crate::error::Error;

/// The answer of `/version`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerVersion {
    /// As in `v1.23.4-gke.900`.
    #[serde(default)]
    pub git_version: String,
    /// As in `linux/amd64`.
    #[serde(default)]
    pub platform: String,
}

pub(crate) async fn read(client: &Client) -> Result<ServerVersion, Error> {
    let target = Target::path("/version");
    let answer = read::get(client, "/version", OBJECT, &target).await;
    answer.map_err(|failure| failure.into_error(&target))
}
