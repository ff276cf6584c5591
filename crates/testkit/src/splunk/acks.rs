//! What was taken on which channel, and whether it is known to be safe.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::limits::PENDING_ACKS_MAX;

#[derive(Debug, Default)]
pub(super) struct Acks {
    /// By token and channel.
    channels: HashMap<(String, String), Channel>,
    pub(super) held: bool,
}

#[derive(Debug, Default)]
struct Channel {
    next: u64,
    /// Whether each is safe; gone once a client was told so.
    pending: HashMap<u64, bool>,
}

#[derive(Deserialize)]
struct Poll {
    acks: Vec<u64>,
}

impl Acks {
    /// Gives the number under which a request was taken; none when too many wait.
    pub(super) fn take(&mut self, token: &str, channel: &str) -> Option<u64> {
        let safe = !self.held;
        let channel = self.channels.entry((token.to_owned(), channel.to_owned())).or_default();
        if channel.pending.len() >= PENDING_ACKS_MAX {
            return None;
        }
        let number = channel.next;
        channel.next += 1;
        channel.pending.insert(number, safe);
        Some(number)
    }

    /// Makes everything safe that waits.
    pub(super) fn release(&mut self) {
        self.held = false;
        let pending = self.channels.values_mut().flat_map(|channel| channel.pending.values_mut());
        pending.for_each(|safe| *safe = true);
    }

    /// Forgets all channels, as a restart does.
    pub(super) fn forget(&mut self) {
        self.channels.clear();
    }

    /// Answers a poll, if it is one; says of each `true` only once.
    pub(super) fn poll(&mut self, token: &str, channel: &str, body: &[u8]) -> Option<Value> {
        let Poll { acks } = serde_json::from_slice(body).ok()?;
        let mut known = self.channels.get_mut(&(token.to_owned(), channel.to_owned()));
        let mut answer = Map::new();
        for number in acks {
            let pending = known.as_mut().map(|channel| &mut channel.pending);
            let safe = pending.is_some_and(|pending| {
                let safe = pending.get(&number) == Some(&true);
                safe && pending.remove(&number).is_some()
            });
            answer.insert(number.to_string(), safe.into());
        }
        Some(json!({ "acks": answer }))
    }
}
