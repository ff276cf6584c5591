//! Counts a kind in one request, whatever the size of the cluster.

use ktel_model::standard::schema::{Reads, Source};
use serde::de::IgnoredAny;

use super::reader::ClusterReader;
use crate::error::Error;
use crate::limits;

/// What the first page says about the number of all objects.
#[derive(Debug, PartialEq, Eq)]
enum Counted {
    All(u64),
    /// The server does not say how many are left. With a selector it never does.
    Unknown,
}

/// Decides from the first page, which holds one object at the most.
fn decide(items: usize, remaining: Option<u64>, more: bool) -> Counted {
    match (remaining, more) {
        (Some(remaining), _) => Counted::All(items as u64 + remaining),
        (None, false) => Counted::All(items as u64),
        (None, true) => Counted::Unknown,
    }
}

/// Counts the objects of `source`; `None` when the server does not have the kind.
pub(crate) async fn count(reader: &ClusterReader, source: &Source) -> Result<Option<u64>, Error> {
    let mut first = reader.pages::<IgnoredAny>(source, Reads::Metadata, 1);
    let Some(page) = first.next().await? else {
        return Ok(first.served().then_some(0));
    };
    match decide(page.items.len(), page.remaining, first.has_more()) {
        Counted::All(count) => Ok(Some(count)),
        Counted::Unknown => by_pages(reader, source).await,
    }
}

async fn by_pages(reader: &ClusterReader, source: &Source) -> Result<Option<u64>, Error> {
    let mut pages = reader.pages::<IgnoredAny>(source, Reads::Metadata, limits::PAGE);
    let mut count = 0;
    while let Some(page) = pages.next().await? {
        if page.restarted {
            count = 0;
        }
        count += page.items.len() as u64;
    }
    Ok(pages.served().then_some(count))
}

#[cfg(test)]
mod tests {
    use super::{Counted, decide};

    #[test]
    fn the_first_page_is_enough_when_the_server_says_how_many_are_left() {
        let table = [
            ((0, None, false), Counted::All(0)),
            ((1, None, false), Counted::All(1)),
            ((1, Some(149_999), true), Counted::All(150_000)),
            ((1, None, true), Counted::Unknown),
            // The server says that none is left, although it gives a token: its number counts.
            ((1, Some(0), true), Counted::All(1)),
        ];
        for ((items, remaining, more), expected) in table {
            assert_eq!(decide(items, remaining, more), expected, "{items} {remaining:?} {more}");
        }
    }
}
