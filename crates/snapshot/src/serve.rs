//! The API over HTTP/1.1 on a socket, for benches and for tests that need a real connection.

use std::io;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::limits::CLIENTS_MAX;
use crate::service::Service;

/// Serves the API on a listener until the future is dropped, which ends every connection.
///
/// # Errors
///
/// The listener cannot accept.
pub async fn serve(service: Service, listener: TcpListener) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(CLIENTS_MAX));
    let mut connections = JoinSet::new();
    loop {
        let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(service.clone());
        connections.spawn(async move {
            // A client may close its connection at any time.
            drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
            drop(slot);
        });
        while connections.try_join_next().is_some() {}
    }
}
