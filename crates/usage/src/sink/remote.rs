//! Sends events to a receiver without storing them, over UDP, TLS or HTTPS.

use std::io;

use ktel_delivery::courier::Carrier;

use super::{Record, Sink};
use ktel_destination::{Remote, Sender};

/// Sends each event on its own, once.
#[derive(Debug)]
pub struct RemoteSink {
    remote: Remote,
    sender: Sender,
    product: String,
}

impl RemoteSink {
    /// Sends a product's events to a receiver.
    #[must_use]
    pub fn new(remote: Remote, sender: Sender, product: &str) -> Self {
        Self { remote, sender, product: product.to_owned() }
    }
}

impl Sink for RemoteSink {
    fn emit(&mut self, record: &Record) -> io::Result<()> {
        let events = std::slice::from_ref(record.fields());
        let parcel = self.remote.events(&self.product, String::new(), events);
        let parcel = parcel.map_err(io::Error::other)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let verdict = runtime.block_on(self.sender.carry(&parcel));
        if verdict.is_accepted() { Ok(()) } else { Err(io::Error::other("not accepted")) }
    }

    fn is_immediate(&self) -> bool {
        false
    }
}
