//! Serves the routes on a listener, with limits on connections and on the time that a head takes.

use std::io;
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::limits::{CONNECTIONS_MAX, HEAD_WITHIN};

/// Serves until it is told to stop; then finishes the requests that are under way.
///
/// # Errors
/// When connections can be kept apart no longer. One that cannot be accepted is no error.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    stop: CancellationToken,
) -> io::Result<()> {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let slot = Arc::clone(&slots).acquire_owned().await.map_err(io::Error::other)?;
            Ok::<_, io::Error>((slot, listener.accept().await))
        };
        let (slot, accepted) = tokio::select! {
            next = next => next?,
            () = stop.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _peer)) => stream,
            Err(error) => {
                warn!(error = &error as &dyn std::error::Error, "a connection was not accepted");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        connections.spawn(async move {
            // A client that hangs up in the middle is its own affair.
            drop(connection.await);
            drop(slot);
        });
        while connections.try_join_next().is_some() {}
    }
    graceful.shutdown().await;
    Ok(())
}
