//! A store that does what no store should. It is made up: no real one can be brought to all of this.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use ktel_exporter::limits::{EXPORT_LINE_BYTES_MAX, STORE_TEXT_BYTES_MAX};
use ktel_exporter::source::{ReadError, StoreKind};
use ktel_metricsql::Version;

use super::{ROOM, everything, part, reader, run, samples, window};

const LINE: &str = "{\"metric\":{\"__name__\":\"up\"},\"values\":[1],\"timestamps\":[1000]}\n";

/// Gives every request the same answer, then ends the connection.
fn server(answer: Vec<u8>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut request = Vec::new();
            let mut piece = [0; 4096];
            // A request of these tests is short, and its body comes with its head or right behind it.
            while !String::from_utf8_lossy(&request).contains("reduce_mem_usage=1") {
                match stream.read(&mut piece) {
                    Ok(length @ 1..) => request.extend_from_slice(&piece[..length]),
                    _ => break,
                }
            }
            // The client may have gone already.
            drop(stream.write_all(&answer));
        }
    });
    address
}

fn chunked(body: &str) -> Vec<u8> {
    let mut answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in body.as_bytes().chunks(1 << 20) {
        answer.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        answer.extend_from_slice(piece);
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(b"0\r\n\r\n");
    answer
}

fn read(answer: impl Into<Vec<u8>>) -> Result<usize, ReadError> {
    let url = format!("http://{}", server(answer.into()));
    let reader = reader(StoreKind::VictoriaMetrics(Version::new(1, 145)), &url);
    let slice = run(reader.read(&everything(), &part(&["up"]), window(0, 10_000), ROOM))?;
    Ok(samples(&slice).len())
}

#[test]
fn an_answer_counts_only_with_its_end() {
    assert_eq!(read(chunked(LINE)).unwrap(), 1);
    let whole = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{LINE}", LINE.len());
    assert_eq!(read(whole).unwrap(), 1);
    let unmarked = read(format!("HTTP/1.1 200 OK\r\n\r\n{LINE}"));
    assert!(matches!(unmarked, Err(ReadError::Malformed { .. })), "{unmarked:?}");
    let cut = read(chunked(&format!("{LINE}{}", LINE.trim_end())));
    assert!(matches!(cut, Err(ReadError::Unavailable { .. })), "{cut:?}");
    let text = "cannot read a part: the connection has been aborted";
    let aborted = read(chunked(&format!("{LINE}{text}\n{LINE}")));
    assert!(
        matches!(&aborted, Err(ReadError::Unavailable { message }) if message == text),
        "{aborted:?}"
    );
}

#[test]
fn nonsense_is_an_error_and_bounded() {
    let other = read(chunked("{\"status\":\"success\",\"data\":{}}\n"));
    assert!(matches!(other, Err(ReadError::Malformed { .. })), "{other:?}");
    let endless = read(chunked(&"{".repeat(EXPORT_LINE_BYTES_MAX + 1)));
    assert!(matches!(endless, Err(ReadError::Malformed { .. })), "{endless:?}");
    let stranger = read(chunked(&LINE.replace("up", "other\\u001b[31m")));
    assert!(
        matches!(&stranger, Err(ReadError::Violation { series }) if series == "other[31m"),
        "{stranger:?}"
    );
    let many = ["1"; 300_000].join(",");
    let times: Vec<String> = (0..300_000).map(|time| (time % 10_000).to_string()).collect();
    let line = format!(
        "{{\"metric\":{{\"__name__\":\"up\"}},\"values\":[{many}],\"timestamps\":[{}]}}\n",
        times.join(",")
    );
    assert_eq!(read(chunked(&line)).unwrap(), 10_000);
}

#[test]
fn statuses_say_what_to_do_and_their_text_is_cleaned() {
    let answer = |status: &str, headers: &str, body: &str| {
        read(format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()))
    };
    let busy = answer("429 Too Many", "Retry-After: 10\r\n", "wait\r\n\x1b[0m now");
    let ten = Some(Duration::from_secs(10));
    assert!(
        matches!(&busy, Err(ReadError::Busy { after, message }) if *after == ten && message == "wait [0m now"),
        "{busy:?}"
    );
    let until =
        "Date: Sun, 06 Nov 1994 08:49:27 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
    let busy = answer("429 Too Many", until, "");
    assert!(matches!(&busy, Err(ReadError::Busy { after, .. }) if *after == ten), "{busy:?}");
    let long = answer("500 No", "", &"x".repeat(100_000));
    assert!(
        matches!(&long, Err(ReadError::Unavailable { message }) if message.len() <= STORE_TEXT_BYTES_MAX + 16),
        "{long:?}"
    );
    let elsewhere = answer("302 Found", "Location: http://198.51.100.1/\r\n", "");
    assert!(matches!(elsewhere, Err(ReadError::Rejected { status: 302, .. })), "{elsewhere:?}");
}
