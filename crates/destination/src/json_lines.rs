//! Several items of JSON in one exchange, a line each.

use std::pin::Pin;

use ktel_delivery::courier::{Carrier, Join};
use ktel_delivery::spool::Stored;
use ktel_delivery::{Parcel, Verdict};

use crate::Sender;
use crate::limits::JOINED_BYTES_MAX;

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

/// A sender to a receiver that accepts lines of JSON, as ours does.
#[derive(Debug, Clone, Copy)]
pub struct JsonLines<'s> {
    sender: &'s Sender,
    /// How many items one exchange carries at the most.
    at_once: usize,
}

impl<'s> JsonLines<'s> {
    /// Sends up to `at_once` items in one exchange.
    #[must_use]
    pub fn new(sender: &'s Sender, at_once: usize) -> Self {
        Self { sender, at_once }
    }
}

impl Carrier for JsonLines<'_> {
    fn carry<'a>(
        &'a self,
        parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        self.sender.carry(parcel)
    }

    fn configuration(&self) -> u32 {
        self.sender.configuration()
    }

    fn joiner(&self) -> Option<&dyn Join> {
        Some(self)
    }
}

impl Join for JsonLines<'_> {
    fn may_join(&self, batch: &[Stored], next: &Stored) -> bool {
        // Each ends with a line feed.
        let bytes = |stored: &Stored| stored.parcel.body.len() + 1;
        batch.len() < self.at_once
            && batch.iter().map(bytes).sum::<usize>() + bytes(next) <= JOINED_BYTES_MAX
            // The others were `next` before.
            && batch.first().is_some_and(is_line)
            && is_line(next)
    }

    fn join(&self, batch: &[Stored]) -> Parcel {
        let bodies: Vec<&[u8]> = batch.iter().map(|stored| &stored.parcel.body[..]).collect();
        let first = batch.first().map(|stored| stored.parcel.clone());
        let Parcel { to, key, .. } = first.expect("a batch is not empty");
        let key = format!("{key}+{}", batch.len());
        Parcel { to, key, content_type: LINES.to_owned(), body: bodies.join(&b'\n').into() }
    }
}

fn is_line(stored: &Stored) -> bool {
    stored.parcel.content_type == JSON && !stored.parcel.body.contains(&b'\n')
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{JOINED_BYTES_MAX, Join, JsonLines, Stored};
    use crate::{Parcel, ReportServer, Sender, Tokens};

    fn sender() -> Sender {
        let Ok(ReportServer::Remote(remote)) = "http://127.0.0.1:1".parse() else {
            panic!("a server behind a network")
        };
        remote.sender(&Tokens::default(), || Duration::ZERO).unwrap()
    }

    fn stored(id: u64, content_type: &str, body: &str) -> Stored {
        let (to, key, content_type) = ("there".into(), format!("key-{id}"), content_type.into());
        let body = body.to_owned().into();
        let parcel = Parcel { to, key, content_type, body };
        Stored { id, time: Duration::ZERO, parcel }
    }

    #[test]
    fn items_become_lines_with_a_key_of_their_own() {
        let batch = [1, 2, 3].map(|id| stored(id, "application/json", "{}"));
        let sender = sender();
        let joined = JsonLines::new(&sender, 3).join(&batch);
        assert_eq!(&joined.body[..], b"{}\n{}\n{}");
        assert_eq!((joined.key.as_str(), joined.to.as_str()), ("key-1+3", "there"));
        assert_eq!(joined.content_type, "application/x-ndjson");
    }

    #[test]
    fn only_items_of_one_line_are_joined_within_their_bounds() {
        let sender = sender();
        let lines = JsonLines::new(&sender, 3);
        let item = |bytes: usize| stored(1, "application/json", &"x".repeat(bytes));
        let half = JOINED_BYTES_MAX / 2 - 1;
        for (batch, next, expected) in [
            (vec![item(2); 1], item(2), true),
            (vec![item(2); 2], item(2), true),
            (vec![item(2); 3], item(2), false),
            (vec![item(half)], item(half), true),
            (vec![item(half)], item(half + 1), false),
            (vec![item(2)], stored(2, "application/json", "{\n}"), false),
            (vec![item(2)], stored(2, "text/plain", "{}"), false),
            (vec![stored(2, "application/json", "{\n}")], item(2), false),
            (vec![stored(2, "text/plain", "{}")], item(2), false),
        ] {
            assert_eq!(lines.may_join(&batch, &next), expected, "{batch:?} {next:?}");
        }
    }
}
