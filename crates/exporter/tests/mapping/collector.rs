//! The real Collector reads what is written, and says the same.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use ktel_otlp::MetricsData;
use ktel_otlp::json::to_protobuf;
use ktel_testkit::collector::{Collector, Input};
use ktel_testkit::otlp_series::Samples;

use crate::golden::kinds;

/// Posts a body; gives the answer's first line.
fn post(address: SocketAddr, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /v1/metrics HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-protobuf\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n",
        body.len(),
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().into()
}

#[test]
fn the_collector_reads_every_kind_and_says_the_same() {
    for kind in kinds() {
        let collector = Collector::start();
        let batch = kind.batch();
        let answer = post(collector.address(Input::OtlpHttp), &batch.body);
        assert_eq!(answer, "HTTP/1.1 200 OK", "{}", kind.name);
        let seen = collector.first(Input::OtlpHttp, "metrics", Duration::from_secs(10));
        let json = seen.to_string();
        let seen = to_protobuf::<MetricsData<'_>>(json.as_bytes()).unwrap();
        let (mut sent, mut arrived) = (Samples::default(), Samples::default());
        sent.read(&batch.body).unwrap();
        assert_eq!(arrived.read(&seen).unwrap() as u64, batch.points);
        assert_eq!(arrived.difference(&sent), [""; 0], "{}", kind.name);
    }
}
