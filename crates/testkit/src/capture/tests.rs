use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{BlackHole, Datagrams, Ending, Http, Lines, Refusing};
use crate::certificates::{Authority, Identity};
use crate::client::{Client, SOON};
use crate::http::{Answer, Response};
use crate::tls::ServerTls;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_request_comes_out_as_curl_sent_it() {
    let client = Client::find();
    let tls = ServerTls::new(&client.authority.server());
    let body = "0123456789".repeat(200_000); // long enough for curl to ask before it sends
    let plain: &[&str] = &["--header", "X-Test: Ä", "--expect100-timeout", "60"];
    let table: [(&[&str], Vec<u8>); 3] = [
        (plain, body.clone().into_bytes()),
        (&["--header", "Transfer-Encoding: chunked"], body.clone().into_bytes()),
        (&["--header", "Content-Encoding: gzip"], gzip(body.as_bytes())),
    ];
    for server in [Http::start(), Http::start_tls(&tls)] {
        for (arguments, sent) in &table {
            let url = format!("{}/a/path?key=a%20b&empty", server.url());
            let arguments = [*arguments, &["--data-binary", "@-", &url]].concat();
            assert_eq!(client.curl(&arguments, sent).exit, 0, "{arguments:?}");
            let request = server.requests().pop().unwrap();
            assert_eq!((request.method.as_str(), request.path()), ("POST", "/a/path"));
            assert_eq!(request.query("key").as_deref(), Some("a b"));
            assert_eq!((request.query("empty").as_deref(), request.query("no")), (Some(""), None));
            assert!(request.wire_body == *sent && request.body().unwrap() == body.as_bytes());
        }
        assert_eq!(server.requests().len(), table.len());
        assert_eq!(server.requests()[0].header("x-test"), Some("Ä"));
    }
}

#[test]
fn curl_hears_each_answer_as_scripted_and_the_usual_one_behind_them() {
    let client = Client::find();
    let server = Http::start();
    server.answer(Response::new(204));
    let busy = Response::new(503).with_retry_after("Sat, 21 Nov 2026 10:00:00 GMT");
    let elsewhere = Response::redirect(307, "http://127.0.0.1:1/elsewhere");
    let table: [(Answer, i32, &str); 8] = [
        (busy.into(), 0, "503 Sat, 21 Nov 2026 10:00:00 GMT "),
        (elsewhere.into(), 0, "307  http://127.0.0.1:1/elsewhere"),
        (Response::new(200).with_body("fine").into(), 0, "fine200  "),
        (Answer::Unfinished(Response::new(200).with_body("half")), 28, "half200  "),
        (Answer::Stall, 28, "000  "),
        (Answer::Drop, 52, "000  "),
        (Answer::Endless(Response::new(200)), 28, "200  "),
        (Response::new(204).into(), 0, "204  "),
    ];
    for (answer, _exit, _printed) in table.iter().take(7) {
        server.answer_next(answer.clone());
    }
    for (answer, exit, printed) in &table {
        let format = "%{http_code} %header{retry-after} %{redirect_url}";
        let patience = if *exit == 28 { "1" } else { "10" };
        // curl would print gigabytes of an endless body.
        let target = if matches!(answer, Answer::Endless(_)) { "/dev/null" } else { "-" };
        let arguments = ["--max-time", patience, "--output", target, "-w", format, &server.url()];
        let heard = client.curl(&arguments, b"");
        assert_eq!((heard.exit, heard.printed.as_str()), (*exit, *printed), "{answer:?}");
    }
    assert_eq!(server.requests().len(), table.len());
}

#[test]
fn a_connection_serves_many_requests() {
    let client = Client::find();
    let server = Http::start();
    let url = server.url();
    assert_eq!(client.curl(&[&url, &url, &url], b"").exit, 0);
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[test]
fn a_last_answer_over_tls_ends_in_order() {
    let client = Client::find();
    let server = Http::start_tls(&ServerTls::new(&client.authority.server()));
    let mut openssl = client.s_client(&server.address().to_string(), None);
    let mut stdin = openssl.stdin.take().unwrap();
    stdin.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    // It fails when it is not told of the end.
    assert!(openssl.wait().unwrap().success());
    drop(stdin);
}

#[test]
fn who_waits_for_more_than_comes_is_told_how_much_came() {
    let server = Datagrams::start();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"one", server.address()).unwrap();
    assert_eq!(server.wait_for(1, SOON), ["one"]);
    let wait = AssertUnwindSafe(|| server.wait_for(2, Duration::from_millis(50)));
    let panicked = catch_unwind(wait).unwrap_err();
    let said = panicked.downcast_ref::<String>().unwrap();
    assert!(said.starts_with("1 of 2 came within 50ms: [\n    \"one\""), "{said}");
    assert_eq!(server.datagrams(), ["one"], "and the server works on");
}

#[test]
fn nonsense_is_answered_with_400_and_not_recorded() {
    let server = Http::start();
    for nonsense in ["what\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n"] {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(nonsense.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
    assert_eq!(server.requests(), []);
}

#[test]
fn curl_trusts_only_good_servers_and_good_servers_only_known_clients() {
    const UNTRUSTED: i32 = 60;
    let client = Client::find();
    let authority = &client.authority;
    let known = authority.client("me").write(client.directory(), "known").unwrap();
    let stranger = Authority::new().client("me").write(client.directory(), "stranger").unwrap();
    let table = [
        (ServerTls::new(&authority.server()), None, Some(0)),
        (ServerTls::new(&authority.expired_server()), None, Some(UNTRUSTED)),
        (ServerTls::new(&authority.server_elsewhere()), None, Some(UNTRUSTED)),
        (ServerTls::new(&Identity::self_signed()), None, Some(UNTRUSTED)),
        (ServerTls::asking_for_clients_of(authority, &authority.server()), Some(&known), Some(0)),
        // Which of its many errors curl reports depends on when it hears of it.
        (ServerTls::asking_for_clients_of(authority, &authority.server()), Some(&stranger), None),
        (ServerTls::asking_for_clients_of(authority, &authority.server()), None, None),
    ];
    for (row, (tls, identity, exit)) in table.iter().enumerate() {
        let server = Http::start_tls(tls);
        let files = identity
            .map(|files| [&files.certificate, &files.key].map(|path| path.display().to_string()));
        let url = server.url();
        let mut arguments = vec![url.as_str()];
        if let Some([certificate, key]) = &files {
            arguments.extend(["--cert", certificate, "--key", key]);
        }
        let heard = client.curl(&arguments, b"").exit;
        assert!(
            exit.map_or(heard != 0, |exit| heard == exit),
            "row {row}: curl ended with {heard}"
        );
        assert_eq!(server.requests().len(), usize::from(*exit == Some(0)), "row {row}");
    }
}

#[test]
fn lines_come_out_byte_by_byte_over_tcp() {
    let server = Lines::start();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all("<14>a=\"ä\";\r\n\nno end".as_bytes()).unwrap();
    drop(stream);
    let lines = server.wait_for(3, SOON);
    assert_eq!(lines, ["<14>a=\"ä\";\r\n", "\n", "no end"]);
    assert_eq!(server.wait_for_endings(1, SOON), [Ending::InOrder]);
}

#[test]
fn lines_come_out_over_tls_and_an_ending_without_notice_shows() {
    let client = Client::find();
    let identity = client.authority.server();
    let tls = ServerTls::asking_for_clients_of(&client.authority, &identity);
    let server = Lines::start_tls(&tls);
    let (address, me) = (server.address().to_string(), client.authority.client("me"));
    for ending in [Ending::InOrder, Ending::Abrupt] {
        let mut sender = client.s_client(&address, Some(&me));
        sender.stdin.as_mut().unwrap().write_all(b"hello\n").unwrap();
        let lines = server.lines().len() + 1;
        assert_eq!(server.wait_for(1.max(lines), SOON).last().unwrap(), "hello\n");
        match ending {
            Ending::InOrder => drop(sender.stdin.take()),
            Ending::Abrupt => sender.kill().unwrap(),
        }
        sender.wait().unwrap();
    }
    assert_eq!(server.wait_for_endings(2, SOON), [Ending::InOrder, Ending::Abrupt]);
    let mut stranger = client.s_client(&address, None);
    stranger.stdin.as_mut().unwrap().write_all(b"let me in\n").unwrap();
    drop(stranger.stdin.take());
    assert_eq!(server.wait_for_endings(3, SOON).last(), Some(&Ending::Abrupt));
    stranger.wait().unwrap();
    assert_eq!(server.lines(), ["hello\n", "hello\n"]);
}

#[test]
fn datagrams_come_out_whole_and_apart() {
    let server = Datagrams::start();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    for datagram in ["<14>a=b;\n", "", "two\nlines"] {
        socket.send_to(datagram.as_bytes(), server.address()).unwrap();
    }
    assert_eq!(server.wait_for(3, SOON), ["<14>a=b;\n", "", "two\nlines"]);
}

#[test]
fn a_black_hole_takes_and_never_gives_until_it_is_gone() {
    for (hole, takes_all) in [(BlackHole::start(), true), (BlackHole::start_deaf(), false)] {
        let mut stream = TcpStream::connect(hole.address()).unwrap();
        let patience = Some(Duration::from_millis(300));
        stream.set_write_timeout(patience).unwrap();
        stream.set_read_timeout(patience).unwrap();
        // More than the kernel holds for a server that does not read.
        assert_eq!(stream.write_all(&vec![b'x'; 64 * 1024 * 1024]).is_ok(), takes_all);
        assert!(
            stream
                .read(&mut [0])
                .is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
        );
        assert_eq!(hole.connections(), 1);
        drop(hole);
        stream.set_read_timeout(Some(SOON)).unwrap();
        let start = Instant::now();
        assert!(matches!(stream.read(&mut [0]), Ok(0) | Err(_)));
        assert!(start.elapsed() < SOON);
    }
}

#[test]
fn a_refusing_address_refuses_every_time() {
    let refusing = Refusing::start();
    for _attempt in 0..3 {
        let refused = TcpStream::connect(refusing.address()).unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    }
}

#[test]
fn nothing_is_left_listening_when_a_server_is_dropped() {
    let server = Http::start();
    let address = server.address();
    let mut open = TcpStream::connect(address).unwrap();
    drop(server);
    assert!(matches!(open.read(&mut [0]), Ok(0) | Err(_)));
    let deadline = Instant::now() + SOON;
    while TcpStream::connect(address).is_ok() {
        assert!(Instant::now() < deadline, "the port is still open");
        std::thread::yield_now();
    }
}
