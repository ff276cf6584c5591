//! What a receiver does besides answering.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ktel_server::receiver::{Config, Receiver};
use ktel_server::store::Place;
use ktel_server::{Catalog, Store};
use tokio::sync::oneshot;

use crate::support::{TODAY, pods, record};

/// Days since the first one; the clock of the receiver stands in a `fn`.
static DAYS: AtomicI64 = AtomicI64::new(0);

fn now() -> Timestamp {
    let first = TimeZone::UTC.to_timestamp(TODAY.at(12, 0, 0, 0)).unwrap();
    first + SignedDuration::from_hours(24 * DAYS.load(Ordering::Relaxed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_old_is_deleted_without_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::Folder(folder.path().into());
    let store = Store::open(&place, &Catalog::built_in().tables()).unwrap();
    store.append(record("1", vec![pods(1)])).await.unwrap();
    assert_eq!(store.records().await.unwrap().len(), 1);
    DAYS.store(1000, Ordering::Relaxed);
    let config = Config::new(place, "127.0.0.1:0".parse().unwrap(), now);
    let receiver = Receiver::open(config).await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let looking = async {
        while !store.records().await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(stop);
    };
    let serving = receiver.serve_until(async { drop(stopped.await) });
    let both = async { tokio::join!(serving, looking) };
    tokio::time::timeout(Duration::from_secs(60), both).await.expect("the record is deleted");
}
