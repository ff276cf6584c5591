//! Lines over real sockets: both framings, both dialects, TLS, and what is not let in.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt;
use ktel_server::lines::{serve_datagrams, serve_streams};
use ktel_server::tls::{Files, Tls};
use ktel_testkit::certificates::Authority;
use ktel_testkit::postgres::Postgres;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::network::{holds, meddle};
use crate::routes::{ADMIN, Server};
use crate::support::table;

const SOON: Duration = Duration::from_secs(20);
/// As Kong's ingress controller sends it, host name and all.
pub(crate) const PING: &str = "<14>signal=kic-ping;db=off;feature-fillids=true;hn=alices-laptop;\
                    id=56279633-3131-436b-b8f2-9008a49a2f12;kv=3.9.1;rf=traditional_compatible;\
                    uptime=3600;v=v3.5.0;k8s_arch=linux/arm64;k8s_provider=GKE;\
                    k8sv=v1.2.3-gke-a1fdc32f;k8sv_semver=v1.2.3;k8s_pods_count=1;\
                    k8s_services_count=2;kinm=i2,i3;mdep=i3;mdist=all234,i32,k50;\n";
/// As Kong's command line sends it.
pub(crate) const USAGE: &str = "<14>signal=kongctl;arch=arm64;command_path=\"get apis\";os=darwin;\
                     schema_version=1;timestamp=2026-11-20T14:30:45Z;version=0.4.0\n";

pub(crate) async fn rows(
    server: &Server,
    schema: &str,
    count: usize,
) -> Vec<serde_json::Map<String, Value>> {
    let deadline = Instant::now() + SOON;
    loop {
        let rows = server.store().rows(&table(schema)).await.unwrap();
        if rows.len() >= count {
            return rows;
        }
        assert!(Instant::now() < deadline, "{} of {count} rows of {schema}", rows.len());
        tokio::task::yield_now().await;
    }
}

pub(crate) struct LineServer {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    task: JoinSet<()>,
}

impl LineServer {
    pub(crate) async fn streams(server: &Server, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let serving = serve_streams(server.app(), listener, tls, stop.clone());
        let mut task = JoinSet::new();
        task.spawn(async move { serving.await.unwrap() });
        Self { address, stop, task }
    }

    pub(crate) async fn datagrams(server: &Server) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let stop = CancellationToken::new();
        let mut task = JoinSet::new();
        task.spawn(serve_datagrams(server.app(), socket, stop.clone()));
        Self { address, stop, task }
    }

    pub(crate) async fn close(self) {
        self.stop.cancel();
        self.task.join_all().await;
    }
}

#[tokio::test]
async fn the_line_of_the_ingress_controller_is_stored_as_declared() {
    let server = Server::start().await;
    let listener = LineServer::streams(&server, None).await;
    let mut stream = TcpStream::connect(listener.address).await.unwrap();
    stream.write_all(PING.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let row = rows(&server, "ktel/kic-ping", 1).await.remove(0);
    for (name, value) in [
        ("signal", json!("kic-ping")),
        ("id", json!("56279633-3131-436b-b8f2-9008a49a2f12")),
        ("db", json!("off")),
        ("v", json!("v3.5.0")),
        ("kv", json!("3.9.1")),
        ("rf", json!("traditional_compatible")),
        ("uptime", json!(3600.0)),
        ("feature_fillids", json!(1)),
        ("k8s_arch", json!("linux/arm64")),
        ("k8s_provider", json!("GKE")),
        ("k8sv", json!("v1.2.3")),
        ("k8sv_semver", json!("v1.2.3")),
        ("k8s_pods_count", json!(1)),
        ("k8s_services_count", json!(2)),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
    let items = server.store().items().await.unwrap();
    let mut words: Vec<_> = items
        .iter()
        .map(|item| {
            (item["field"].as_str().unwrap(), item["word"].as_str().unwrap(), &item["number"])
        })
        .collect();
    words.sort_by_key(|(field, word, _)| (*field, *word));
    let (none, all, i, k) = (Value::Null, json!(234), json!(32), json!(50));
    let expected = [
        ("kinm", "i2", &none),
        ("kinm", "i3", &none),
        ("mdep", "i3", &none),
        ("mdist", "all", &all),
        ("mdist", "i", &i),
        ("mdist", "k", &k),
    ];
    assert_eq!(words, expected);
    let record = server.store().records().await.unwrap().remove(0);
    assert_eq!((&record["source"], &record["authenticated"]), (&json!("line"), &json!(0)));
    assert_eq!(record["product"], "kong-ingress-controller");
    assert!(!format!("{row:?}{items:?}{record:?}").contains("alice"));
    listener.close().await;
}

#[tokio::test]
async fn the_datagram_of_the_command_line_is_stored_as_declared() {
    let server = Server::start().await;
    let listener = LineServer::datagrams(&server).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for _ in 0..3 {
        socket.send_to(USAGE.as_bytes(), listener.address).await.unwrap();
        socket.send_to(b"\xff\xfe", listener.address).await.unwrap();
    }
    let rows = rows(&server, "ktel/kongctl", 3).await;
    for (name, value) in [
        ("schema_version", json!(1)),
        ("timestamp", json!("2026-11-20T14:30:45Z")),
        ("version", json!("0.4.0")),
        ("os", json!("darwin")),
        ("arch", json!("arm64")),
        ("command_path", json!("get apis")),
    ] {
        assert_eq!(rows[0][name], value, "{name}");
    }
    listener.close().await;
}

#[tokio::test]
async fn both_framings_and_json_come_over_one_connection_and_a_bad_line_harms_no_other() {
    let server = Server::start().await;
    let listener = LineServer::streams(&server, None).await;
    let json = "<14>1 2026-11-21T10:00:00Z host shop - - - {\"cluster-state\":{\"pods\":2}}";
    let last = "<14>Nov 21 10:00:00 host shop: {\"cluster-state\":{\"pods\":3}}";
    let stream = format!(
        "<14>{{\"cluster-state\":{{\"pods\":1}}}}\nnonsense\n{} {json}{}\n{last}",
        json.len(),
        "x".repeat(70_000),
    );
    let mut client = TcpStream::connect(listener.address).await.unwrap();
    for piece in stream.as_bytes().chunks(1000) {
        client.write_all(piece).await.unwrap();
    }
    client.shutdown().await.unwrap();
    rows(&server, "ktel/cluster-state", 3).await;
    assert_eq!(server.pods().await, [3, 2, 1]);
    listener.close().await;
}

#[tokio::test]
async fn a_length_that_nobody_can_wait_for_ends_the_connection() {
    let server = Server::start().await;
    let listener = LineServer::streams(&server, None).await;
    let mut client = TcpStream::connect(listener.address).await.unwrap();
    client.write_all(b"9999999 <14>").await.unwrap();
    let read = tokio::time::timeout(SOON, client.read(&mut [0; 1])).await.unwrap();
    assert_eq!(read.unwrap_or(0), 0);
    listener.close().await;
}

#[tokio::test]
async fn lines_come_under_tls_and_the_client_may_forget_to_say_goodbye() {
    let server = Server::start().await;
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let files = authority.server().write(folder.path(), "server").unwrap();
    let files = Files {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        client_authority: None,
    };
    let config = Tls::load(files).unwrap().config();
    let listener = LineServer::streams(&server, Some(config)).await;

    // Kong's controllers speak version 1.3 and nothing else.
    let mut roots = rustls::RootCertStore::empty();
    let pem = authority.certificate_pem();
    roots.add(rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let stream = TcpStream::connect(listener.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    stream.write_all(PING.trim_end().as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    stream.get_mut().0.shutdown().await.unwrap();
    rows(&server, "ktel/kic-ping", 1).await;

    // Who does not speak TLS there is sent away.
    let mut plain = TcpStream::connect(listener.address).await.unwrap();
    plain.write_all(PING.as_bytes()).await.unwrap();
    let mut said = Vec::new();
    tokio::time::timeout(SOON, plain.read_to_end(&mut said)).await.unwrap().ok();
    listener.close().await;
    assert_eq!(rows(&server, "ktel/kic-ping", 1).await.len(), 1);
}

#[tokio::test]
async fn a_line_takes_the_place_of_no_report_that_has_a_token() {
    let server = Server::start().await;
    let listener = LineServer::streams(&server, None).await;
    let report = crate::routes::report("0123456789abcdef", &json!(7));
    let mut client = TcpStream::connect(listener.address).await.unwrap();
    client.write_all(format!("<14>{report}\n<14>{report}\n").as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    rows(&server, "ktel/cluster-state", 1).await;
    let (_, answer) = server.post("/v1/reports", report.to_string()).await;
    assert_eq!(answer["stored"], 1, "{answer}");
    assert_eq!(server.pods().await, [7, 7], "the line came twice, and is stored once");
    let own = json!({"schema": "ktel/report", "id": "unsigned-0123456789abcdef"});
    let (status, _) = server.post("/v1/reports", own.to_string()).await;
    assert_eq!(status, 400);
    listener.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_a_stream_wait_for_a_store_that_has_no_place_for_them() {
    let postgres = Postgres::shared();
    let url = postgres.database();
    let server = Server::start_on(&url.parse().unwrap(), tempfile::tempdir().unwrap()).await;
    let full = "CREATE SEQUENCE attempts; \
                CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS \
                $$ BEGIN PERFORM nextval('attempts'); RAISE EXCEPTION USING ERRCODE = '53100'; END $$; \
                CREATE TRIGGER fail BEFORE INSERT ON ktel_records \
                FOR EACH ROW EXECUTE FUNCTION fail()";
    meddle(&url, full).await;
    let listener = LineServer::streams(&server, None).await;
    let mut client = TcpStream::connect(listener.address).await.unwrap();
    client.write_all(format!("{PING}{USAGE}").as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    // A sequence keeps its value when its transaction fails.
    let deadline = Instant::now() + SOON;
    while !holds(&url, "SELECT is_called FROM attempts").await {
        assert!(Instant::now() < deadline, "the store was never asked");
    }
    meddle(&url, "DROP TRIGGER fail ON ktel_records").await;
    rows(&server, "ktel/kic-ping", 1).await;
    rows(&server, "ktel/kongctl", 1).await;
    let metrics = async || {
        let request = Request::get("/metrics").header("authorization", format!("Bearer {ADMIN}"));
        let answer = server.answer(request.body(Body::empty()).unwrap()).await;
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    };
    let dropped = |metrics: &str| -> u64 {
        let name = "ktel_server_omitted_values_total{reason=\"undeclared\"} ";
        let count = metrics.lines().find_map(|line| line.strip_prefix(name));
        count.expect("a host name is declared nowhere").parse().unwrap()
    };
    // A listener that has stopped has counted all of its lines.
    listener.close().await;
    let first = metrics().await;
    assert!(first.contains("{result=\"stored\"} 2\n"), "{first}");
    assert!(!first.contains("reason=\"store\""), "{first}");
    // The same once more is dropped as often, however often the first was tried.
    let listener = LineServer::streams(&server, None).await;
    let mut client = TcpStream::connect(listener.address).await.unwrap();
    client.write_all(format!("{PING}{USAGE}").as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    rows(&server, "ktel/kic-ping", 2).await;
    rows(&server, "ktel/kongctl", 2).await;
    listener.close().await;
    let both = metrics().await;
    assert_eq!(dropped(&both), 2 * dropped(&first), "{both}");
}
