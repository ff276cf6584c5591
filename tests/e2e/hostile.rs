//! A thousand requests that mean no good leave the receiver serving, and its memory bounded.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::receiver::Ours;

const EACH: usize = 20;
/// How many run at once: more would only wait for the machine's two cores.
const AT_ONCE: usize = 16;
const MIB: usize = 1024 * 1024;
/// What a debug build may take for [`AT_ONCE`] of the worst at once.
const MEMORY_MAX_KIB: u64 = 512 * 1024;
/// No answer takes longer: a body has ten seconds to come.
const WITHIN: Duration = Duration::from_secs(30);

/// What is sent, and whether somebody waits for an answer to it.
struct Attack {
    name: &'static str,
    bytes: Vec<u8>,
    then: Then,
}

#[derive(Clone, Copy)]
enum Then {
    Read,
    Leave,
    Stay,
}

fn head(token: &str, request: &str, more: &str) -> Vec<u8> {
    let credentials = format!("Host: h\r\nAuthorization: Bearer {token}");
    format!("{request} HTTP/1.1\r\n{credentials}\r\nConnection: close\r\n{more}\r\n").into()
}

fn post(token: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let length = format!("Content-Length: {}\r\n{more}", body.len());
    [head(token, "POST /v1/reports", &length), body.to_vec()].concat()
}

#[expect(clippy::disallowed_methods, reason = "the receiver has the clock of this machine")]
fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn report(id: usize, data: &Value) -> Value {
    json!({
        "schema": "ktel/report", "schema_version": "1.0.0", "id": format!("{id:032}"),
        "day": today(),
        "product": {"ktel": "0.1.0"}, "form": "exact",
        "schemas": {"cluster-state": {"schema": "ktel/cluster-state", "version": "1.0.0"}},
        "failures": [], "omitted": {}, "user": [], "data": data,
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Many megabytes as a few bytes of Zstandard: blocks of one byte, repeated.
fn zstd_bomb(blocks: u32) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];
    for block in 1..=blocks {
        let header = u32::from(block == blocks) | 1 << 1 | (128 * 1024) << 3;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(b' ');
    }
    frame
}

/// A report whose data is this text, however wrong.
fn around(text: &str) -> Vec<u8> {
    report(1, &json!("HERE")).to_string().replace("\"HERE\"", text).into_bytes()
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn attacks(token: &str) -> Vec<Attack> {
    use Then::{Leave, Read, Stay};
    let plain = |text: &str| text.as_bytes().to_vec();
    let with = |request: &str, more: &str| head(token, request, more);
    // One that wants its connection to stay.
    let open = |request: &str, more: &str| {
        let head = String::from_utf8(with(request, more)).expect("text");
        head.replace("Connection: close\r\n", "").into_bytes()
    };
    let chunked = |chunks: &str| {
        [with("POST /v1/reports", "Transfer-Encoding: chunked\r\n"), chunks.into()].concat()
    };
    let large = vec![b' '; 4 * MIB + 1];
    let (long, fitting) = ("x".repeat(64 * 1024), "x".repeat(8000));
    let smuggled = "GET /v1/keys HTTP/1.1\r\nHost: h\r\n\r\n";
    let both = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n";
    let report_of = |data: Value| post(token, "", report(2, &data).to_string().as_bytes());
    let line = "{}\n".repeat(MIB);
    let ndjson = "Content-Type: application/x-ndjson\r\n";
    let bomb = gzip(&vec![b' '; 64 * MIB]);
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let list = [
        (
            "noise",
            (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect(),
            Read,
        ),
        ("TLS", vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3], Read),
        ("HTTP/2", plain("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Read),
        ("HTTP/0.9", plain("GET /\r\n\r\n"), Read),
        ("HTTP/9.9", plain("GET / HTTP/9.9\r\n\r\n"), Read),
        ("no host", plain("GET /v1/keys HTTP/1.1\r\n\r\n"), Read),
        ("long target", with(&format!("GET /{long}"), ""), Read),
        ("long query", with(&format!("GET /v1/counts?product={fitting}"), ""), Read),
        ("long header", with("GET /", &format!("X: {long}\r\n")), Read),
        ("many headers", with("GET /", &"X: y\r\n".repeat(1000)), Read),
        ("NUL in a header", with("GET /", "X: a\0b\r\n"), Read),
        ("folded header", with("GET /", "X: a\r\n b\r\n"), Read),
        ("space before the colon", with("POST /v1/reports", "Content-Length : 4\r\n"), Read),
        (
            "two lengths",
            with("POST /v1/reports", "Content-Length: 4\r\nContent-Length: 5\r\n"),
            Read,
        ),
        ("a negative length", with("POST /v1/reports", "Content-Length: -1\r\n"), Read),
        (
            "a length of all",
            with("POST /v1/reports", "Content-Length: 18446744073709551615\r\n"),
            Read,
        ),
        (
            "two ends",
            [open("POST /v1/reports", both), format!("0\r\n\r\n{smuggled}").into()].concat(),
            Read,
        ),
        ("an odd coding", with("POST /v1/reports", "Transfer-Encoding: xchunked\r\n"), Read),
        ("a chunk of all", chunked("ffffffffffffffff\r\n"), Read),
        ("a chunk of more", chunked("fffffffffffffffff\r\n"), Read),
        ("long chunk extension", chunked(&format!("1;{long}\r\n")), Read),
        ("chunks without end", chunked(&"1\r\n{\r\n".repeat(20_000)), Leave),
        ("said to be large", with("POST /v1/reports", "Content-Length: 1073741824\r\n"), Read),
        ("large", post(token, "", &large), Read),
        ("gzip bomb", post(token, "Content-Encoding: gzip\r\n", &bomb), Read),
        (
            "gzip bomb within",
            post(token, "Content-Encoding: gzip\r\n", &gzip(&gzip(&vec![b'['; 64 * MIB]))),
            Read,
        ),
        ("zstd bomb", post(token, "Content-Encoding: zstd\r\n", &zstd_bomb(8192)), Read),
        (
            "half a gzip",
            post(token, "Content-Encoding: gzip\r\n", &half(&gzip(b"{\"schema\":1}"))),
            Read,
        ),
        ("no gzip", post(token, "Content-Encoding: gzip\r\n", b"{}"), Read),
        ("wrong token", post("00000000-0000-4000-8000-00000000000f", "", b"{}"), Read),
        ("long token", post(&fitting, "", b"{}"), Read),
        ("token of no letters", head("\u{fffd}\u{0}", "POST /v1/reports", ""), Read),
        ("deep", post(token, "", &around(&"[".repeat(MIB))), Read),
        ("deep objects", post(token, "", &around(&"{\"a\":".repeat(MIB / 4))), Read),
        ("wide", post(token, "", &around(&format!("[{}0]", "0,".repeat(2 * MIB - 1024)))), Read),
        (
            "wide data",
            report_of(
                (0..100_000)
                    .map(|n| (n.to_string(), json!({})))
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
            ),
            Read,
        ),
        ("huge numbers", post(token, "", &around("{\"cluster-state\":{\"pods\":1e999999}}")), Read),
        (
            "no UTF-8",
            post(token, "", &[b"{\"schema\":\"".as_slice(), &[0xff; 64], b"\"}"].concat()),
            Read,
        ),
        ("lone surrogate", post(token, "", &around("{\"\\ud800\":1}")), Read),
        ("a million lines", post(token, ndjson, line.as_bytes()), Read),
        ("wrong method", with("DELETE /v1/reports", ""), Read),
        ("trace", with("TRACE /", ""), Read),
        ("connect", with("CONNECT example.com:443", ""), Read),
        ("up and away", with("GET /../../etc/passwd%00", ""), Read),
        ("upgrade", with("GET /", "Connection: Upgrade\r\nUpgrade: h2c\r\n"), Read),
        ("many at once", open("GET /v1/keys", "").repeat(200), Leave),
        ("a body that ends early", half(&post(token, "", &vec![b'{'; MIB])), Leave),
        ("a body that never comes", with("POST /v1/reports", "Content-Length: 10\r\n"), Stay),
        (
            "expects and leaves",
            with("POST /v1/reports", "Content-Length: 10\r\nExpect: 100-continue\r\n"),
            Leave,
        ),
        ("half a head", plain("POST /v1/reports HTTP/1.1\r\nHos"), Stay),
        ("silence", Vec::new(), Stay),
    ];
    list.into_iter().map(|(name, bytes, then)| Attack { name, bytes, then }).collect()
}

/// Connects from a subnet of its own, so that one attack does not use up the rate limit of another.
async fn connect(address: SocketAddr, side: usize) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    let side = u8::try_from(side % 250).expect("a byte");
    socket.bind((Ipv4Addr::new(127, 1, side, 1), 0).into()).expect("an address of loopback");
    socket.connect(address).await.expect("it listens")
}

/// Attacks, and gives the statuses that come back.
async fn attack(address: SocketAddr, side: usize, bytes: &[u8], then: Then) -> Vec<String> {
    let mut stream = connect(address, side).await;
    let (mut reading, mut writing) = stream.split();
    let mut answer = Vec::new();
    let send = async {
        // It may be rejected before all of it is sent.
        drop(writing.write_all(bytes).await);
        if matches!(then, Then::Leave) {
            drop(writing.shutdown().await);
        }
    };
    let hear = async {
        if !matches!(then, Then::Leave) {
            // A reset is an end as well.
            drop(reading.read_to_end(&mut answer).await);
        }
    };
    timeout(WITHIN, async { tokio::join!(send, hear) }).await.expect("it ends in time");
    let text = String::from_utf8_lossy(&answer);
    let parts = text.split("HTTP/1.").skip(1);
    parts.map(|part| part.chars().skip(2).take(3).collect()).collect()
}

#[test]
fn a_thousand_hostile_requests_leave_it_serving_and_small() {
    let ours = Ours::start();
    let address = ours.address();
    let attacks: &'static [Attack] = attacks(&ours.token).leak();
    assert!(attacks.len() * EACH >= 1000, "{} of them", attacks.len());
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    let statuses = runtime.block_on(async {
        let mut statuses: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
        let mut running = JoinSet::new();
        let rounds = (0..EACH).flat_map(|_| attacks.iter().enumerate());
        for (side, one) in rounds {
            if running.len() >= AT_ONCE {
                note(&mut statuses, running.join_next().await.expect("it is not empty"));
            }
            running.spawn(
                async move { (one.name, attack(address, side, &one.bytes, one.then).await) },
            );
        }
        while let Some(ended) = running.join_next().await {
            note(&mut statuses, ended);
        }
        statuses
    });
    let (now, most) = (ours.memory_kib("VmRSS"), ours.memory_kib("VmHWM"));
    assert!(most < MEMORY_MAX_KIB, "{most} KiB at the most, {now} now; {statuses:#?}");
    for (name, statuses) in &statuses {
        for status in statuses.keys() {
            // Too many bodies at once is the one fault of its own that it may have.
            let is_fair =
                status.starts_with('4') || matches!(status.as_str(), "200" | "503" | "100");
            assert!(is_fair, "{name}: {statuses:?}");
        }
    }
    assert_eq!(ours.count("stored"), 0, "{statuses:#?}");
    for never_read in ["two ends", "a length of all", "gzip bomb", "zstd bomb", "deep", "large"] {
        let statuses = &statuses[never_read];
        assert!(!statuses.contains_key("200"), "{never_read}: {statuses:?}");
        assert!(
            statuses.values().sum::<usize>() <= EACH,
            "one answer each: {never_read}: {statuses:?}"
        );
    }
    let body = report(3, &json!({"cluster-state": {"pods": 3}})).to_string();
    let stored =
        runtime.block_on(attack(address, 0, &post(&ours.token, "", body.as_bytes()), Then::Read));
    assert_eq!(stored, ["200"]);
    assert_eq!(ours.count("stored"), 1);
}

type Ended = Result<(&'static str, Vec<String>), tokio::task::JoinError>;

fn note(statuses: &mut BTreeMap<&str, BTreeMap<String, usize>>, ended: Ended) {
    let (name, some) = ended.expect("an attack ends in time");
    let all = statuses.entry(name).or_default();
    for status in some {
        *all.entry(status).or_default() += 1;
    }
}
