//! Ours: the real routes, served as the program serves them, on a real store.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;
use ktel_server::app::{App, router};
use ktel_server::store::Place;
use ktel_server::token::{Role, TokenRecord};
use ktel_server::{Catalog, Store, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::kamaji;
use crate::load::{self, Load};
use crate::run::Run;
use crate::same::DAY;

fn now() -> Timestamp {
    format!("{DAY}T10:00:00Z").parse().expect("a time")
}

pub(crate) async fn run(place: &str, load: Load) -> anyhow::Result<Run> {
    let catalog = Catalog::built_in();
    let parsed: Place = place.parse()?;
    let store = Store::open(&parsed, &catalog.tables())?;
    for connection in 0..load::TOKENS {
        store.add_token(TokenRecord::of(&load::token(connection), Role::Ingest, None)).await?;
    }
    let app = Arc::new(App::new(catalog.clone(), store, now).await?);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = CancellationToken::new();
    let start = Instant::now();
    let sent = async {
        let answered = load::send(address, "/v1/reports", load).await;
        let took = start.elapsed();
        stop.cancel();
        answered.map(|answered| (answered, took))
    };
    let served = serve::serve(router(app), load::listener_config(listener), stop.clone());
    let (sent, served) = tokio::join!(sent, served);
    served?;
    let (answered, took) = sent?;
    let there = count(place, &parsed, "ktel_records").await?;
    let mut rows = there;
    for table in catalog.tables() {
        rows += count(place, &parsed, &table.name).await?;
    }
    Ok(Run { answered, there, rows, took })
}

/// Counts with a connection of its own what the database holds.
async fn count(place: &str, parsed: &Place, table: &str) -> anyhow::Result<usize> {
    let asked = format!("SELECT count(*) FROM {table}");
    match parsed {
        Place::Folder(folder) => {
            let file = Path::new(folder).join("telemetry.sqlite");
            let count: i64 =
                rusqlite::Connection::open(file)?.query_row(&asked, [], |row| row.get(0))?;
            Ok(usize::try_from(count)?)
        }
        Place::Postgres(_) => kamaji::count(place, &asked).await,
    }
}
