//! The payloads of the four programs that this receiver has to take from, as each documents or sends
//! them: all of them come in, and are stored as declared.

use ktel_server::app::kamaji::Responses;
use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};

use crate::installations;
use crate::lines::{LineServer, PING, USAGE, rows};
use crate::routes::Server;

#[track_caller]
fn check(row: &Map<String, Value>, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(row[name], *value, "{name}: {row:?}");
    }
}

/// The report of the telemetry library, merged with what a user piped in.
fn report() -> Value {
    json!({
        "identify-deployment": {
            "lifecycle": "helm", "version": "2.8.0", "last-update": "2022-05-03 08:46:22",
        },
        "identify-platform": {
            "arch": "amd64", "os": "linux", "provider": "GKE", "kubernetes_version": "v1.23.4",
        },
        "foo": {"red": "#ff0000", "blue": "#0000ff"},
        "bar": {"one": 1},
    })
}

#[tokio::test]
async fn the_report_of_the_library_is_stored_whichever_way_it_comes() {
    let server = Server::start().await;
    let lines = LineServer::streams(&server, None).await;
    let (status, _) =
        server.post("/services/collector", json!({"event": report()}).to_string()).await;
    assert_eq!(status, 200);
    let (status, _) = server.post("/services/collector/raw", report().to_string()).await;
    assert_eq!(status, 200);
    let mut stream = TcpStream::connect(lines.address).await.unwrap();
    stream.write_all(format!("<14>{}\n", report()).as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let deployments = rows(&server, "ktel/identify-deployment", 3).await;
    let platforms = rows(&server, "ktel/identify-platform", 3).await;
    for (deployment, platform) in deployments.iter().zip(&platforms) {
        check(
            deployment,
            &json!({
                "lifecycle": "helm", "version": "2.8.0", "last_update": "2022-05-03 08:46:22",
            }),
        );
        check(
            platform,
            &json!({
                "arch": "amd64", "os": "linux", "provider": "GKE", "kubernetes_version": "v1.23.4",
            }),
        );
    }
    let all = format!("{deployments:?}{platforms:?}{:?}", server.store().items().await.unwrap());
    assert!(!all.contains("ff0000") && !all.contains("foo"), "{all}");
    lines.close().await;
}

#[tokio::test]
async fn the_lines_of_the_controller_and_the_command_line_are_stored() {
    let server = Server::start().await;
    let (lines, datagrams) =
        (LineServer::streams(&server, None).await, LineServer::datagrams(&server).await);
    let mut stream = TcpStream::connect(lines.address).await.unwrap();
    let start = PING.replace("signal=kic-ping", "signal=kic-start");
    stream.write_all(format!("{start}{PING}").as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let pings = rows(&server, "ktel/kic-ping", 2).await;
    check(&pings[0], &json!({"signal": "kic-ping", "v": "v3.5.0", "k8s_pods_count": 1}));
    check(&pings[1], &json!({"signal": "kic-start", "v": "v3.5.0", "k8s_pods_count": 1}));

    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(USAGE.as_bytes(), datagrams.address).await.unwrap();
    // What it writes to its file of lines, for those who look.
    let event = json!({
        "schema_version": 1, "timestamp": "2026-11-20T14:30:45Z", "version": "0.4.0",
        "os": "darwin", "arch": "arm64", "command_path": "get apis",
    });
    let body = json!({"source": "kongctl", "event": event}).to_string();
    assert_eq!(server.post("/services/collector", body).await.0, 200);
    for row in rows(&server, "ktel/kongctl", 2).await {
        check(&row, &event);
    }
    lines.close().await;
    datagrams.close().await;
}

#[tokio::test]
async fn the_four_payloads_of_the_controller_of_control_planes_are_stored() {
    let server = Server::start().await;
    for (path, body) in installations::seed() {
        let status =
            installations::ask(&server, Responses::Strict, "POST", path, &body.to_string()).await;
        assert_eq!(status, 200, "{path}");
        let schema = format!("ktel/kamaji-{}", path.trim_start_matches('/'));
        check(&rows(&server, &schema, 1).await[0], &body);
    }
}
