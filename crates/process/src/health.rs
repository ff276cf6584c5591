//! The endpoint for probes and for Prometheus: `/healthz`, `/readyz` and `/metrics`.

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::limits::{
    HEALTH_ACCEPT_PAUSE, HEALTH_CONNECTIONS_MAX, HEALTH_HEAD_WITHIN, READY_WITHIN,
};
use crate::metrics::{self, Metrics};

/// Liveness: the process answers.
pub const HEALTHZ: &str = "/healthz";
/// Readiness: the process can do its work.
pub const READYZ: &str = "/readyz";
/// Metrics, as Prometheus scrapes them.
pub const METRICS: &str = "/metrics";

/// Whether a process can do its work now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It can.
    Ready,
    /// It cannot; the text says why.
    NotReady(String),
}

/// Gives the three routes. `ready` is asked for each request to `/readyz`, and has one second.
pub fn routes<S, F, R>(metrics: Arc<Metrics>, ready: F) -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    F: Fn() -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Readiness> + Send + 'static,
{
    liveness()
        .route(METRICS, get(move || exposition(Arc::clone(&metrics))))
        .route(READYZ, get(move || answer(ready())))
}

/// Gives the route that costs nothing, for a command that guards the others itself.
pub fn liveness<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
{
    Router::new().route(HEALTHZ, get(|| async { "ok\n" }))
}

/// Serves routes on a listener until `stop` is cancelled. Connections are bounded, in number and in
/// how long they may be silent.
pub async fn serve(listener: TcpListener, routes: Router, stop: CancellationToken) {
    let permits = Arc::new(Semaphore::new(HEALTH_CONNECTIONS_MAX));
    let mut connections = JoinSet::new();
    let accepting = async {
        loop {
            while connections.try_join_next().is_some() {}
            let permit = Arc::clone(&permits).acquire_owned().await;
            let permit = permit.expect("the semaphore is never closed");
            match listener.accept().await {
                Ok((stream, _)) => {
                    let served = connection(stream, routes.clone());
                    connections.spawn(async move {
                        served.await;
                        drop(permit);
                    });
                }
                Err(error) => {
                    warn!(
                        error = &error as &dyn std::error::Error,
                        "the health endpoint cannot accept a connection"
                    );
                    sleep(HEALTH_ACCEPT_PAUSE).await;
                }
            }
        }
    };
    stop.run_until_cancelled(accepting).await;
}

/// Serves routes on a listener for as long as `work` runs, and gives the result of that.
pub async fn serve_during<T>(
    listener: TcpListener,
    routes: Router,
    work: impl Future<Output = T>,
) -> T {
    let stop = CancellationToken::new();
    tokio::select! {
        result = work => result,
        () = serve(listener, routes, stop.clone()) => unreachable!("nobody cancels the token"),
    }
}

async fn connection(stream: TcpStream, routes: Router) {
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEALTH_HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    if let Err(error) = served.await {
        debug!(error = &error as &dyn std::error::Error, "a connection to the health endpoint");
    }
}

async fn answer(ready: impl Future<Output = Readiness>) -> Response {
    let late = || Readiness::NotReady("the readiness check timed out".into());
    match timeout(READY_WITHIN, ready).await.unwrap_or_else(|_| late()) {
        Readiness::Ready => "ok\n".into_response(),
        Readiness::NotReady(why) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response()
        }
    }
}

/// Answers with metrics in the format of OpenMetrics.
pub async fn exposition(metrics: Arc<Metrics>) -> Response {
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], metrics.text()).into_response()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::{Instant, timeout};
    use tokio_util::sync::CancellationToken;

    use super::{Readiness, liveness, routes, serve};
    use crate::limits::{HEALTH_CONNECTIONS_MAX, HEALTH_HEAD_WITHIN};
    use crate::metrics::{CONTENT_TYPE, Metrics};

    async fn get(port: u16, path: &str) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn probes_follow_what_the_process_says_and_metrics_have_their_type() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let is_ready = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&is_ready);
        let routes = routes(Arc::new(Metrics::new("test")), move || {
            let is_ready = asked.load(Ordering::Relaxed);
            async move {
                if is_ready { Readiness::Ready } else { Readiness::NotReady("no store".into()) }
            }
        });
        let stop = CancellationToken::new();
        let asking = async {
            assert!(get(port, "/healthz").await.starts_with("HTTP/1.1 200 OK"));
            let waiting = get(port, "/readyz").await;
            assert!(waiting.starts_with("HTTP/1.1 503"), "{waiting}");
            assert!(waiting.ends_with("no store\n"), "{waiting}");
            is_ready.store(true, Ordering::Relaxed);
            assert!(get(port, "/readyz").await.starts_with("HTTP/1.1 200 OK"));
            let metrics = get(port, "/metrics").await;
            assert!(metrics.contains(CONTENT_TYPE), "{metrics}");
            assert!(metrics.contains("ktel_build_info{"), "{metrics}");
            assert!(get(port, "/other").await.starts_with("HTTP/1.1 404"));
            stop.cancel();
        };
        tokio::join!(serve(listener, routes, stop.clone()), asking);
    }

    #[tokio::test(start_paused = true)]
    async fn silent_connections_make_room_for_a_probe() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = CancellationToken::new();
        let routes = liveness();
        let asking = async {
            let mut silent = Vec::new();
            for _ in 0..HEALTH_CONNECTIONS_MAX {
                silent.push(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap());
            }
            let start = Instant::now();
            assert!(get(port, "/healthz").await.starts_with("HTTP/1.1 200 OK"));
            assert!(start.elapsed() >= HEALTH_HEAD_WITHIN, "the limit was not reached");
            stop.cancel();
        };
        tokio::join!(serve(listener, routes, stop.clone()), asking);
    }

    #[tokio::test]
    async fn it_answers_as_long_as_the_work_goes_on() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let routes = liveness();
        let work = async {
            let silent = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.unwrap();
            (silent, get(port, "/healthz").await)
        };
        let (mut silent, answer) = super::serve_during(listener, routes, work).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        // The port may be that of another test by now, but this connection was made to this server. It ends with it, long
        // before its time to send a request is over.
        let ended = timeout(HEALTH_HEAD_WITHIN / 2, silent.read(&mut [0])).await;
        assert!(matches!(ended, Ok(Ok(0) | Err(_))), "{ended:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_readiness_check_that_hangs_is_not_ready_after_a_second() {
        let answer = super::answer(std::future::pending()).await;
        assert_eq!(answer.status(), 503);
    }
}
