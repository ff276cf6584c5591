//! Stores lines that nobody vouches for.

use bytes::Bytes;

use super::App;
use crate::ingest::{self, Context, Sender};
use crate::store::Error;

impl App {
    /// Stores what can be stored of some lines, with one sync; the others are counted.
    pub(crate) async fn keep_lines(&self, lines: Vec<Bytes>) -> Result<(), Error> {
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
            match ingest::line(context, &line) {
                Ok(read) => all.push(read),
                Err(reason) => self.count_refused(reason.words().0, 1),
            }
        }
        let count = all.len();
        if let Err(error) = self.keep(all).await {
            self.count_refused("store", count);
            return Err(error);
        }
        Ok(())
    }
}
