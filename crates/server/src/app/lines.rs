//! Stores lines that nobody vouches for.

use bytes::Bytes;

use super::App;
use crate::ingest::{self, Context, Read, Sender};
use crate::store::Error;

impl App {
    /// Reads what can be stored of some lines; the others are counted.
    pub(crate) fn read_lines(&self, lines: &[Bytes]) -> Vec<Read> {
        let context = Context {
            catalog: &self.catalog,
            today: self.today(),
            bound: None,
            sender: Sender::Line,
            key: None,
            signer: None,
        };
        let mut all = Vec::new();
        for line in lines {
            match ingest::line(context, line) {
                Ok(read) => all.push(read),
                Err(reason) => self.count_refused(reason.words().0, 1),
            }
        }
        all
    }

    /// Stores what was read with one sync. Each has its id by now, so that trying again stores it once.
    pub(crate) async fn keep_lines(&self, all: Vec<Read>) -> Result<(), Error> {
        self.keep(all).await.map(drop)
    }

    /// Counts lines that are lost because the store did not take them.
    pub(crate) fn lose_lines(&self, count: usize) {
        self.count_refused("store", count);
    }
}
