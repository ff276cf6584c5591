//! Stores unauthenticated lines.

use bytes::Bytes;

use super::state::App;
use crate::ingest::{self, Context, Read, Sender};
use crate::store::error::Error;

impl App {
    /// Parses lines. Those that cannot be stored are counted as rejected.
    pub(crate) fn read_lines(&self, lines: &[Bytes]) -> Vec<Read> {
        let context = Context {
            catalog: &self.catalog,
            today: self.today(),
            token_product: None,
            sender: Sender::Line,
            key: None,
            signer: None,
        };
        let mut all = Vec::new();
        for line in lines {
            match ingest::line(context, line) {
                Ok(read) => all.push(read),
                Err(reason) => self.count_rejected(reason.code_and_message().0, 1),
            }
        }
        all
    }

    /// Stores parsed lines with one sync. Each has an id already, so that a retry stores it once.
    pub(crate) async fn store_lines(&self, all: Vec<Read>) -> Result<(), Error> {
        self.store_items(all).await.map(drop)
    }

    /// Counts lines that were lost because the store failed.
    pub(crate) fn count_lost_lines(&self, count: usize) {
        self.count_rejected("store", count);
    }
}
