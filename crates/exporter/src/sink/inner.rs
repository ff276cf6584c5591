//! What a sender is made of.

use http::header::HeaderMap;
use ktel_delivery::http::{Client, Url};

use super::judge::Redactor;
use super::oauth::Tokens;
use crate::plan::Compression;

/// What a sender is made of.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) client: Client,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) compression: Compression,
    pub(super) oauth: Option<Tokens>,
    pub(super) redactor: Redactor,
}
