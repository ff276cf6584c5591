//! Watches: what exists, then what changes, as a stream of JSON lines.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};

use crate::collection::Walk;
use crate::key::KeyRange;
use crate::limits::{BOOKMARK_PERIOD, CHUNK_BYTES};
use crate::object::{Form, Item, TypeMeta, write_json};
use crate::query::Query;
use crate::resource::Resource;
use crate::select::Selector;
use crate::status::Status;
use crate::store::{Change, Store};

/// What is watched.
pub(crate) struct Target {
    pub(crate) resource: Arc<Resource>,
    pub(crate) version: String,
    pub(crate) namespace: Option<String>,
    pub(crate) form: Form,
    pub(crate) selector: Option<Selector>,
}

/// One client's watch.
pub(crate) struct Watch {
    store: Arc<Store>,
    wake: Receiver<u64>,
    target: Target,
    type_meta: TypeMeta,
    range: KeyRange,
    /// What existed when the watch began and has not been sent yet.
    initial: Option<Walk>,
    /// Whether a bookmark says that the initial objects are complete.
    mark_end: bool,
    bookmarks: bool,
    /// Changes up to here were sent.
    sent: u64,
    end: Instant,
    bookmark_at: Instant,
    ended: bool,
}

impl Watch {
    /// Begins a watch.
    ///
    /// # Errors
    ///
    /// The query has parameters that exclude each other.
    pub(crate) fn begin(store: &Arc<Store>, target: Target, query: &Query) -> Result<Self, Status> {
        if query.initial_events.is_some() && query.revision_match != "NotOlderThan" {
            let message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            return Err(Status::bad_request(message));
        }
        let wake = store.subscribe();
        let state = store.state();
        let from = query.revision.filter(|revision| *revision > 0);
        let initial = query.initial_events.unwrap_or(from.is_none());
        let range = KeyRange::of(target.namespace.as_deref());
        let shelf = state.catalog.of_kind(&target.resource.group, &target.resource.kind);
        let walk = shelf.filter(|_| initial).map(|shelf| shelf.collection.walk(&range));
        let sent = if initial { state.revision } else { from.unwrap_or(state.revision) };
        let now = Instant::now();
        Ok(Self {
            store: Arc::clone(store),
            wake,
            type_meta: TypeMeta::of(&target.resource, &target.version, target.form),
            target,
            range,
            initial: walk,
            mark_end: query.initial_events == Some(true) && query.bookmarks,
            bookmarks: query.bookmarks,
            sent,
            end: now + query.lifetime(),
            bookmark_at: now + BOOKMARK_PERIOD,
            ended: false,
        })
    }

    /// Waits for the next events and returns them; `None` at the end of the watch.
    pub(crate) async fn next(mut self) -> Option<(Vec<u8>, Self)> {
        loop {
            let mut out = Vec::new();
            if self.ended {
                return None;
            }
            if !self.existing(&mut out) {
                self.changes(&mut out);
            }
            if !out.is_empty() {
                return Some((out, self));
            }
            tokio::select! {
                changed = self.wake.changed() => self.ended = changed.is_err(),
                () = sleep_until(self.end) => {
                    self.ended = true;
                    self.bookmark(false, &mut out);
                }
                () = sleep_until(self.bookmark_at) => self.bookmark(false, &mut out),
            }
            if !out.is_empty() {
                return Some((out, self));
            }
        }
    }

    /// Writes objects that existed at the beginning; returns whether any of this phase was left.
    fn existing(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(mut walk) = self.initial.take() else {
            if std::mem::take(&mut self.mark_end) {
                self.bookmark(true, out);
            }
            return !out.is_empty();
        };
        while out.len() < CHUNK_BYTES {
            let Some((_, item)) = walk.next() else { return self.existing(out) };
            if self.selects(&item) {
                self.event("ADDED", &item, out);
            }
        }
        self.initial = Some(walk);
        true
    }

    /// Writes the changes since the last that was sent.
    fn changes(&mut self, out: &mut Vec<u8>) {
        self.wake.mark_unchanged();
        let state = self.store.state();
        if self.sent < state.forgotten {
            let status = Status::too_old(self.sent, state.forgotten).to_value();
            line(&json!({"type": "ERROR", "object": status}), out);
            self.ended = true;
            return;
        }
        for change in state.history.iter().filter(|change| change.revision > self.sent) {
            if change.resource.is(&self.target.resource) && self.range.contains(&change.key) {
                self.change(change, out);
            }
        }
        self.sent = self.sent.max(state.revision);
    }

    /// Writes a change as a client with this selector sees it.
    fn change(&self, change: &Change, out: &mut Vec<u8>) {
        let before = change.before.as_ref().is_some_and(|item| self.selects(item));
        let after = !change.deleted && self.selects(&change.item);
        match (before, after) {
            (false, false) => {}
            (false, true) => self.event("ADDED", &change.item, out),
            (true, true) => self.event("MODIFIED", &change.item, out),
            (true, false) => self.event("DELETED", &change.item, out),
        }
    }

    fn selects(&self, item: &Item) -> bool {
        self.target.selector.as_ref().is_none_or(|selector| selector.matches(item))
    }

    fn event(&self, event: &str, item: &Item, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{{\"type\":\"{event}\",\"object\":").as_bytes());
        item.write(Some(&self.type_meta), self.target.form, out);
        out.extend_from_slice(b"}\n");
    }

    fn bookmark(&mut self, end_of_initial: bool, out: &mut Vec<u8>) {
        self.bookmark_at = Instant::now() + BOOKMARK_PERIOD;
        if !self.bookmarks {
            return;
        }
        let mut metadata = json!({"resourceVersion": self.sent.to_string()});
        if end_of_initial {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let TypeMeta { kind, api_version } = &self.type_meta;
        let object = json!({"kind": kind, "apiVersion": api_version, "metadata": metadata});
        line(&json!({"type": "BOOKMARK", "object": object}), out);
    }
}

fn line(value: &Value, out: &mut Vec<u8>) {
    write_json(value, out);
    out.push(b'\n');
}
