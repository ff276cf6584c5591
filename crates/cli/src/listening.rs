//! The endpoint for health and metrics of a command that runs until it is stopped.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;

use crate::failure::Failure;
use crate::printer::Printer;

/// Opens the endpoint, if one is asked for, and prints where it is.
pub(crate) async fn listen(
    address: Option<SocketAddr>,
    printer: &mut Printer,
) -> Result<Option<TcpListener>, Failure> {
    let Some(address) = address else { return Ok(None) };
    let listener = TcpListener::bind(address).await;
    let listener = listener.with_context(|| format!("listen on {address}"));
    let listener = listener.map_err(|error| {
        Failure::usage(error, Some("`--listen` takes an address of this machine and a free port"))
    })?;
    printer.say(&format!("health and metrics on http://{}", listener.local_addr()?));
    Ok(Some(listener))
}
