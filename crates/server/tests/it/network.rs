//! What only a database behind a network can do: break, be held, be full, and be spied upon.

use std::sync::Arc;

use http::Request;
use ktel_server::store::{Appended, Error, Place};
use ktel_server::{Catalog, Store};
use ktel_testkit::certificates::Authority;
use ktel_testkit::postgres::Postgres;
use serde_json::json;
use tokio_postgres::NoTls;

use crate::routes::{Server, TOKEN, report};
use crate::support::{pods, record, table};

fn open(url: &str) -> Result<Store, Error> {
    Store::open(&url.parse()?, &Catalog::built_in().tables())
}

/// Does something behind the store's back.
pub(crate) async fn meddle(url: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let said = async move {
        client.batch_execute(sql).await.unwrap();
        drop(client); // which ends the connection
    };
    tokio::join!(said, connection).1.unwrap();
}

/// Asks a question whose answer is yes or no.
pub(crate) async fn holds(url: &str, sql: &str) -> bool {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    let asked = async move { client.query_one(sql, &[]).await.unwrap().get(0) };
    tokio::join!(asked, connection).0
}

fn one(number: i64) -> ktel_server::record::Record {
    record(&number.to_string(), vec![pods(number)])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_broke_while_nobody_wrote_is_made_again() {
    let postgres = Postgres::shared();
    let url = postgres.database();
    let store = open(&url).unwrap();
    store.append(one(1)).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    meddle(&url, end).await;
    assert_eq!(store.append(one(2)).await.unwrap(), Appended::New);
    meddle(&url, end).await;
    store.probe().await.unwrap();
    assert_eq!(store.rows(&table("ktel/cluster-state")).await.unwrap().len(), 2);
}

#[test]
fn a_crash_of_the_database_loses_no_answered_record_even_where_it_is_told_to_be_fast() {
    const SENDERS: i64 = 16;
    let mut postgres = Postgres::start();
    let url = postgres.database();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let fast = "ALTER DATABASE fresh_0 SET synchronous_commit = off; \
                ALTER SYSTEM SET wal_writer_delay = '10s'; SELECT pg_reload_conf()";
    let fast: Vec<&str> = fast.split(';').collect();
    for sql in fast {
        runtime.block_on(meddle(&url, sql));
    }
    let store = Arc::new(open(&url).unwrap());
    let answered = Arc::new(std::sync::Mutex::new(Vec::new()));
    let mut senders = tokio::task::JoinSet::new();
    let enough = Arc::new(tokio::sync::Semaphore::new(0));
    for sender in 0..SENDERS {
        let (store, answered) = (Arc::clone(&store), Arc::clone(&answered));
        let enough = Arc::clone(&enough);
        let send = async move {
            for number in (sender..).step_by(SENDERS as usize) {
                if store.append(one(number)).await.is_err() {
                    return;
                }
                answered.lock().unwrap().push(number);
                enough.add_permits(1);
            }
        };
        senders.spawn_on(send, runtime.handle());
    }
    runtime.block_on(async { enough.acquire_many(300).await.unwrap().forget() });
    postgres.crash();
    // Each has ended with an error, or goes on with the database that is there again.
    senders.abort_all();
    let answered = answered.lock().unwrap().clone();
    drop(runtime);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let again = open(&url).unwrap();
    let repeated = runtime.block_on(again.append_all(answered.iter().copied().map(one).collect()));
    let lost = repeated.unwrap().into_iter().filter(|it| !matches!(it, Ok(Appended::Repeated)));
    assert_eq!(lost.count(), 0, "of {}", answered.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_and_a_held_table_have_their_own_errors() {
    let postgres = Postgres::shared();
    let url = postgres.database();
    let store = open(&url).unwrap();
    let fail = |code: &str| {
        format!(
            "CREATE OR REPLACE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$; \
             CREATE OR REPLACE TRIGGER fail BEFORE INSERT ON ktel_records \
             FOR EACH ROW WHEN (NEW.id LIKE '%7') EXECUTE FUNCTION fail()"
        )
    };
    let all = || store.append_all((6..9).map(one).collect());
    for (code, is_it) in [
        ("53100", (|it| matches!(it, Error::Full)) as fn(&Error) -> bool),
        ("55P03", |it| matches!(it, Error::Busy)),
        ("57014", |it| matches!(it, Error::Busy)),
        ("40P01", |it| matches!(it, Error::Busy)),
    ] {
        meddle(&url, &fail(code)).await;
        for answer in all().await.unwrap() {
            assert!(answer.as_ref().is_err_and(is_it), "{code}: {answer:?}");
        }
    }
    // What is wrong with one record is not the others' fault.
    meddle(&url, &fail("22021")).await;
    let answers = all().await.unwrap();
    let stored: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(stored, [true, false, true], "{answers:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_tries_again_later_when_the_disk_is_full() {
    let url = Postgres::shared().database();
    let server = Server::start_on(&url.parse().unwrap(), tempfile::tempdir().unwrap()).await;
    let fail = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$; \
                CREATE TRIGGER fail BEFORE INSERT ON ktel_records \
                FOR EACH ROW EXECUTE FUNCTION fail()";
    meddle(&url, fail).await;
    let report = report("0123456789abcdef", &json!(3)).to_string();
    let request = Request::post("/v1/reports").header("authorization", format!("Bearer {TOKEN}"));
    let answer = server.answer(request.body(report.into()).unwrap()).await;
    // OTLP's table has 503 and no 507, and so have many clients.
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_fails_takes_its_record_along_and_leaves_a_connection_that_works() {
    let postgres = Postgres::shared();
    let url = postgres.database();
    let store = open(&url).unwrap();
    let fail = "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN RAISE EXCEPTION USING ERRCODE = '53100'; END $$; \
                CREATE TRIGGER fail BEFORE INSERT ON ktel_cluster_state_v1 \
                FOR EACH ROW WHEN (NEW.pods = 7) EXECUTE FUNCTION fail()";
    meddle(&url, fail).await;
    let all = || store.append_all((6..9).map(one).collect());
    for answer in all().await.unwrap() {
        assert!(answer.as_ref().is_err_and(|it| matches!(it, Error::Full)), "{answer:?}");
    }
    store.probe().await.unwrap();
    meddle(&url, "DROP TRIGGER fail ON ktel_cluster_state_v1").await;
    let answers: Vec<Appended> = all().await.unwrap().into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [Appended::New; 3], "no record was there without its row");
    assert_eq!(store.rows(&table("ktel/cluster-state")).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_may_start_at_once() {
    const PROCESSES: usize = 6;
    let postgres = Postgres::shared();
    let url = postgres.database();
    let start = |_| {
        let url = url.clone();
        std::thread::spawn(move || open(&url))
    };
    let started: Vec<_> = (0..PROCESSES).map(start).collect();
    let mut stores = Vec::new();
    for store in started {
        stores.push(store.join().unwrap().unwrap());
    }
    // All of them make the month's partitions, too.
    let appends = stores.iter().zip(0..).map(|(store, number)| store.append(one(number)));
    for stored in futures::future::join_all(appends).await {
        assert_eq!(stored.unwrap(), Appended::New);
    }
}

#[test]
fn a_password_is_shown_nowhere() {
    for url in [
        "postgres://me:sesame@127.0.0.1:1/db",
        "postgresql://me:sesame@127.0.0.1:1/db",
        "postgres://me:ses?ame=sesame@127.0.0.1/db",
        "postgres://me:ses/sesame@127.0.0.1/db",
        "postgres://me:se:sesame@127.0.0.1:x/db",
        "postgres://me@127.0.0.1:1/db?password=sesame",
        "postgres://me@127.0.0.1:1/db?sslmode=sesame",
        "postgres://me:sesame@database.invalid/db",
    ] {
        let place = url.parse::<Place>();
        let mut shown = format!("{place:?}");
        if let Ok(place) = place {
            let error = Store::open(&place, &[]).map(drop).unwrap_err();
            shown += &format!("{error:?} {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                shown += &error.to_string();
                cause = error.source();
            }
        }
        assert!(!shown.contains("sesame"), "{url}: {shown}");
    }
}

/// Set for the process that opens a store as its environment says: which.
const CLIENT: &str = "KTEL_TEST_TLS_STORE";

#[test]
fn a_client_opens_what_it_is_told_to() {
    let Ok(url) = std::env::var(CLIENT) else { return };
    drop(open(&url).unwrap());
}

#[test]
fn a_network_is_crossed_with_tls_or_not_at_all() {
    let postgres = Postgres::start();
    let folder = tempfile::tempdir().unwrap();
    let (ours, strangers) = (Authority::new(), Authority::new());
    for (name, authority) in [("ours", &ours), ("strangers", &strangers)] {
        std::fs::write(folder.path().join(name), authority.certificate_pem()).unwrap();
    }
    let url = postgres.database();
    let opens = |mode: &str, trusted: &str| {
        let me = std::env::current_exe().unwrap();
        let client = std::process::Command::new(me)
            .args(["--exact", "network::a_client_opens_what_it_is_told_to"])
            .env(CLIENT, format!("{url}?sslmode={mode}"))
            .env("SSL_CERT_FILE", folder.path().join(trusted))
            .output();
        client.unwrap().status.success()
    };
    // Without TLS, and on this machine.
    assert!(opens("prefer", "ours") && opens("disable", "ours") && !opens("require", "ours"));
    postgres.secure(&ours.server());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !opens("require", "ours") {
        assert!(std::time::Instant::now() < deadline, "it takes TLS");
    }
    assert!(!opens("require", "strangers"), "a certificate that nobody trusts");
    postgres.secure(&ours.server_elsewhere());
    while opens("require", "ours") {
        assert!(std::time::Instant::now() < deadline, "it has another name");
    }
}
