//! Receives OTLP over HTTP and counts: points, and bytes on the wire. It keeps nothing.

use std::io::Read;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use ktel_otlp::{Limits, MetricData, MetricsData};
use tokio::net::TcpListener;

/// What arrived.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    points: AtomicU64,
    wire_bytes: AtomicU64,
}

/// The counts at a moment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrived {
    pub(crate) points: u64,
    pub(crate) wire_bytes: u64,
}

impl Counts {
    pub(crate) fn now(&self) -> Arrived {
        Arrived {
            points: self.points.load(Ordering::Relaxed),
            wire_bytes: self.wire_bytes.load(Ordering::Relaxed),
        }
    }
}

/// Starts a receiver on a runtime of its own.
pub(crate) fn start() -> anyhow::Result<(SocketAddr, Arc<Counts>)> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let counts = Arc::new(Counts::default());
    let routes = Router::new()
        .route("/v1/metrics", post(receive))
        .layer(DefaultBodyLimit::max(64 << 20))
        .with_state(counts.clone());
    std::thread::spawn(move || -> anyhow::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener)?;
            axum::serve(listener, routes).await.context("serve")
        })
    });
    Ok((address, counts))
}

async fn receive(
    State(counts): State<Arc<Counts>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<([(header::HeaderName, &'static str); 1], &'static [u8]), StatusCode> {
    counts.wire_bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
    let encoding = headers.get(header::CONTENT_ENCODING).map(header::HeaderValue::as_bytes);
    let points = match encoding {
        None | Some(b"identity") => count(&body),
        Some(b"gzip") => {
            let mut plain = Vec::new();
            let read = flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut plain);
            read.ok().and_then(|_| count(&plain))
        }
        Some(b"zstd") => zstd::decode_all(&body[..]).ok().and_then(|plain| count(&plain)),
        Some(_) => None,
    };
    counts.points.fetch_add(points.ok_or(StatusCode::BAD_REQUEST)?, Ordering::Relaxed);
    Ok(([(header::CONTENT_TYPE, "application/x-protobuf")], b""))
}

fn count(body: &[u8]) -> Option<u64> {
    let data = MetricsData::read(body, &Limits::default()).ok()?;
    let scopes = data.resource_metrics.iter().flat_map(|resource| resource.scope_metrics);
    let metrics = scopes.flat_map(|scope| scope.metrics);
    let points = metrics.map(|metric| match metric.data {
        MetricData::Sum(sum) => sum.data_points.iter().count(),
        MetricData::Gauge(gauge) => gauge.data_points.iter().count(),
        _ => 0,
    });
    Some(points.sum::<usize>() as u64)
}
