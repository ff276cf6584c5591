//! What nobody can beat: an answer to each request, and nothing else.

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use http::StatusCode;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::load::{self, Answered, Load};

pub(crate) async fn run(load: Load) -> anyhow::Result<Answered> {
    let router = Router::new().route("/bare", post(async |_body: Bytes| StatusCode::OK));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let sent = async {
        let answered = load::send(address, "/bare", load).await;
        stop.cancel();
        answered
    };
    let (sent, served) = tokio::join!(
        sent,
        ktel_server::serve::serve(router, load::listener_config(listener), stop.clone())
    );
    served?;
    sent
}
