//! The metrics of a receiver, as Prometheus scrapes them.
//!
//! They count single reports at the moment at which they come, which readers of charts must not see. So they have a listener
//! of their own, for the operator's network; with the other routes they are for administrators.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Extension, State};
use axum::response::Response;
use ktel_process::health::{self, Readiness};
use ktel_process::metrics::Metrics;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;

use super::authentication::AuthResult;
use super::state::App;

/// Gives the routes of the listener for monitoring: health and metrics, without a token.
pub fn router(app: &Arc<App>) -> Router {
    let asked = Arc::clone(app);
    health::routes(Arc::new(metrics(app)), move || {
        let app = Arc::clone(&asked);
        async move {
            match app.store.probe().await {
                Ok(()) => Readiness::Ready,
                Err(error) => Readiness::NotReady(error.to_string()),
            }
        }
    })
}

/// Answers an administrator.
pub(super) async fn read(
    State(app): State<Arc<App>>,
    Extension(auth): Extension<AuthResult>,
) -> Response {
    match App::admin_token(&auth) {
        Ok(_) => health::exposition(Arc::new(metrics(&app))).await,
        Err(answer) => *answer,
    }
}

fn metrics(app: &Arc<App>) -> Metrics {
    let collector = Box::new(AppMetrics(Arc::clone(app)));
    Metrics::new("server").with(|registry| registry.register_collector(collector))
}

#[derive(Debug)]
struct AppMetrics(Arc<App>);

impl Collector for AppMetrics {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.counters().encode(self.0.connections(), &mut encoder)
    }
}
