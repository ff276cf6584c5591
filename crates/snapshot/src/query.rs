//! The query of a list or watch.

use std::time::Duration;

use crate::limits::{URL_QUERY_BYTES_MAX, WATCH_LIFETIME, WATCH_LIFETIME_MAX};
use crate::percent;
use crate::select::Selector;
use crate::status::Status;

/// The parameters that the snapshot supports, as they were given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) limit: usize,
    pub(crate) token: Option<String>,
    pub(crate) labels: String,
    pub(crate) fields: String,
    pub(crate) watch: bool,
    pub(crate) revision: Option<u64>,
    pub(crate) revision_match: String,
    pub(crate) bookmarks: bool,
    pub(crate) initial_events: Option<bool>,
    timeout_seconds: Option<u64>,
}

impl Query {
    /// Reads a query string.
    ///
    /// # Errors
    ///
    /// A number is invalid, or the string cannot be decoded.
    pub(crate) fn parse(text: &str) -> Result<Self, Status> {
        if text.len() > URL_QUERY_BYTES_MAX {
            return Err(Status::bad_request("the query is too long"));
        }
        let mut query = Self::default();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) =
                (percent::decode(name, true), percent::decode(value, true))
            else {
                return Err(Status::bad_request(format!("invalid URL escape in \"{pair}\"")));
            };
            query.set(&name, value)?;
        }
        Ok(query)
    }

    fn set(&mut self, name: &str, value: String) -> Result<(), Status> {
        match name {
            "limit" => {
                let limit = number::<i64>(name, &value)?.unwrap_or(0);
                self.limit = usize::try_from(limit).unwrap_or(0); // zero and less ask for all
            }
            "continue" => self.token = Some(value).filter(|token| !token.is_empty()),
            "labelSelector" => self.labels = value,
            "fieldSelector" => self.fields = value,
            "watch" => self.watch = flag(&value),
            "resourceVersion" => self.revision = number(name, &value)?,
            "resourceVersionMatch" => self.revision_match = value,
            "allowWatchBookmarks" => self.bookmarks = flag(&value),
            "sendInitialEvents" => self.initial_events = Some(flag(&value)),
            "timeoutSeconds" => self.timeout_seconds = number(name, &value)?,
            _ => {} // `pretty`, `timeout`, …: as the API server, which ignores what it does not know
        }
        Ok(())
    }

    /// Returns how long a watch may live.
    pub(crate) fn lifetime(&self) -> Duration {
        match self.timeout_seconds {
            None | Some(0) => WATCH_LIFETIME,
            Some(seconds) => Duration::from_secs(seconds).min(WATCH_LIFETIME_MAX),
        }
    }

    /// Returns the selector, or `None` when everything is asked for.
    pub(crate) fn selector(
        &self,
        resource: &crate::resource::Resource,
    ) -> Result<Option<Selector>, Status> {
        Selector::parse(&self.labels, &self.fields, resource)
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &str) -> Result<Option<T>, Status> {
    if value.is_empty() {
        return Ok(None);
    }
    let wrong = |_| Status::bad_request(format!("invalid value for {name}: \"{value}\""));
    value.parse().map(Some).map_err(wrong)
}

/// Reads a flag as the API machinery does: all but `false` and `0` is true.
fn flag(value: &str) -> bool {
    !value.eq_ignore_ascii_case("false") && value != "0"
}
