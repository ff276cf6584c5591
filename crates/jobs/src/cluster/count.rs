//! Counting a kind in one request, whatever the size of the cluster.

use ktel_model::standard::schema::{Reads, Source};
use kube::Client;
use serde::de::IgnoredAny;

use super::Shared;
use super::pages::Pages;
use crate::error::Error;
use crate::limits;

/// What the first page says about the whole.
#[derive(Debug, PartialEq, Eq)]
enum Counted {
    All(u64),
    /// The server does not say how many are left, as it does with selectors.
    Unsaid,
}

/// Decides from the first page, which holds one object at the most.
fn decide(items: usize, remaining: Option<u64>, more: bool) -> Counted {
    match (remaining, more) {
        (Some(remaining), _) => Counted::All(items as u64 + remaining),
        (None, false) => Counted::All(items as u64),
        (None, true) => Counted::Unsaid,
    }
}

impl Shared {
    /// Counts the objects of `source`; `None` when the server does not have the kind.
    pub(crate) async fn count(
        &self,
        client: &Client,
        source: &Source,
    ) -> Result<Option<u64>, Error> {
        // The path of a source says what to read in an object; it does not matter here.
        let source = Source { path: None, ..source.clone() };
        let read = Box::pin(count(client, self, &source));
        self.counts.get_or(source.clone(), read).await
    }
}

async fn count(client: &Client, shared: &Shared, source: &Source) -> Result<Option<u64>, Error> {
    let mut first = Pages::<IgnoredAny>::new(client, shared, source, Reads::Metadata, 1);
    let Some(page) = first.next().await? else {
        return Ok(first.served().then_some(0));
    };
    match decide(page.items.len(), page.remaining, first.has_more()) {
        Counted::All(count) => Ok(Some(count)),
        Counted::Unsaid => by_pages(client, shared, source).await,
    }
}

async fn by_pages(client: &Client, shared: &Shared, source: &Source) -> Result<Option<u64>, Error> {
    let size = limits::PAGE;
    let mut pages = Pages::<IgnoredAny>::new(client, shared, source, Reads::Metadata, size);
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
    fn the_first_page_tells_the_whole_unless_the_server_keeps_it_to_itself() {
        let table = [
            ((0, None, false), Counted::All(0)),
            ((1, None, false), Counted::All(1)),
            ((1, Some(149_999), true), Counted::All(150_000)),
            ((1, None, true), Counted::Unsaid),
            // An estimate of nothing beside a token is still the server's word.
            ((1, Some(0), true), Counted::All(1)),
        ];
        for ((items, remaining, more), expected) in table {
            assert_eq!(decide(items, remaining, more), expected, "{items} {remaining:?} {more}");
        }
    }
}
