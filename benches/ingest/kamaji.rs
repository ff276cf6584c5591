//! Kamaji's way: an answer at once, and then one statement and one commit for each request,
//! by a task that nobody waits for.
//!
//! It does what Kamaji does with a body and no less: reads it as JSON and keeps it whole. As
//! there, four connections write, and a task gives up after five seconds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_postgres::{Client, NoTls, Statement};
use tokio_util::sync::CancellationToken;

use crate::load::{self, Load};
use crate::run::Run;

/// The default of Kamaji's pool on a machine like this.
const POOL: usize = 4;
/// How long one of its tasks tries.
const TRIES_FOR: Duration = Duration::from_secs(5);
/// How long rows may come after the last answer.
const WAITED: Duration = Duration::from_secs(20);
const TABLE: &str = "CREATE TABLE events (uuid varchar(36) NOT NULL PRIMARY KEY, event_type varchar \
                     NOT NULL, payload jsonb NOT NULL, created_at timestamptz NOT NULL)";
const INSERT: &str = "INSERT INTO events (uuid, event_type, payload, created_at) \
                      VALUES ($1, 'stats', $2::text::jsonb, now()) ON CONFLICT (uuid) DO UPDATE \
                      SET payload = excluded.payload, created_at = excluded.created_at";

struct Pool {
    free: Semaphore,
    clients: Mutex<Vec<(Client, Statement)>>,
}

pub(crate) async fn run(url: &str, load: Load) -> anyhow::Result<Run> {
    let mut drivers = JoinSet::new();
    let mut clients = Vec::new();
    for number in 0..POOL {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        drivers.spawn(connection);
        if number == 0 {
            client.batch_execute(TABLE).await?;
        }
        let statement = client.prepare(INSERT).await?;
        clients.push((client, statement));
    }
    let pool = Arc::new(Pool { free: Semaphore::new(POOL), clients: Mutex::new(clients) });
    let router = Router::new().route("/stats", post(take)).with_state(pool);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let start = Instant::now();
    let sent = async {
        let answered = load::send(address, "/stats", load).await;
        let took = start.elapsed();
        stop.cancel();
        answered.map(|answered| (answered, took))
    };
    let (sent, served) = tokio::join!(
        sent,
        ktel_server::serve::serve(router, load::listener_config(listener), stop.clone())
    );
    served?;
    let (answered, mut took) = sent?;
    // What its tasks still write counts, and the time that they take.
    let asked = "SELECT count(*) FROM events";
    let mut there = count(url, asked).await?;
    while there < answered.reports && start.elapsed() < took + WAITED {
        sleep(Duration::from_millis(500)).await;
        let now = count(url, asked).await?;
        if now == there {
            break;
        }
        (there, took) = (now, start.elapsed());
    }
    Ok(Run { answered, there, rows: there, took })
}

#[expect(clippy::disallowed_methods, reason = "this is what Kamaji does")]
async fn take(State(pool): State<Arc<Pool>>, body: Bytes) -> StatusCode {
    let Ok(payload) = serde_json::from_slice::<Value>(&body) else {
        return StatusCode::INTERNAL_SERVER_ERROR;
    };
    tokio::spawn(async move {
        // Whether it was in time is known to nobody, as there.
        drop(keep(&pool, &payload).await);
    });
    StatusCode::OK
}

async fn keep(pool: &Pool, payload: &Value) -> anyhow::Result<()> {
    let start = Instant::now();
    let _slot = timeout(TRIES_FOR, pool.free.acquire()).await??;
    let taken = pool.clients.lock().await.pop();
    let (client, statement) = taken.ok_or_else(|| anyhow::anyhow!("a slot has a client"))?;
    let id = payload["id"].as_str().unwrap_or_default();
    let left = TRIES_FOR.saturating_sub(start.elapsed());
    let kept = timeout(left, client.execute(&statement, &[&id, &payload.to_string()])).await;
    pool.clients.lock().await.push((client, statement));
    kept??;
    Ok(())
}

pub(crate) async fn count(url: &str, asked: &str) -> anyhow::Result<usize> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let asked = async move {
        let row = client.query_one(asked, &[]).await?;
        anyhow::Ok(usize::try_from(row.try_get::<_, i64>(0)?)?)
    };
    let (count, ended) = tokio::join!(asked, connection);
    ended?;
    count
}
