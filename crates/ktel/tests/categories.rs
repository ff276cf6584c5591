//! The category of every error that the libraries know, also if it is wrapped.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use std::{fmt, io};

use ktel::categorize;
use ktel::event::{ErrorCategory, of_status};
use serde_json::Value;

/// An error that wraps another one.
#[derive(Debug)]
struct Wrapped(Box<dyn Error + Send + Sync>);

impl fmt::Display for Wrapped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("something went wrong")
    }
}

impl Error for Wrapped {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

#[track_caller]
fn category(error: impl Error + Send + Sync + 'static, expected: ErrorCategory) {
    assert_eq!(categorize(&error), expected, "{error:?}");
    let text = error.to_string();
    let wrapped = Wrapped(Box::new(Wrapped(Box::new(error))));
    assert_eq!(categorize(&wrapped), expected, "wrapped: {text}");
    let in_io = io::Error::other(wrapped);
    assert_eq!(categorize(&in_io), expected, "in an i/o error: {text}");
    let in_job = ktel::Error::failed(in_io);
    assert_eq!(categorize(&in_job), expected, "in a job's error: {text}");
}

#[test]
fn input_and_output_have_their_categories() {
    use io::ErrorKind as Kind;
    let table = [
        (Kind::ConnectionRefused, ErrorCategory::Network),
        (Kind::ConnectionReset, ErrorCategory::Network),
        (Kind::HostUnreachable, ErrorCategory::Network),
        (Kind::TimedOut, ErrorCategory::Timeout),
        (Kind::PermissionDenied, ErrorCategory::Auth),
        (Kind::NotFound, ErrorCategory::NotFound),
        (Kind::AlreadyExists, ErrorCategory::Conflict),
        (Kind::IsADirectory, ErrorCategory::InvalidInput),
        (Kind::Interrupted, ErrorCategory::Cancelled),
        (Kind::OutOfMemory, ErrorCategory::Internal),
        (Kind::StorageFull, ErrorCategory::Other),
    ];
    for (kind, expected) in table {
        category(io::Error::from(kind), expected);
        category(Arc::new(io::Error::new(kind, "with a text")), expected);
    }
}

#[test]
fn a_status_has_its_category() {
    let table = [
        (200, None),
        (302, None),
        (400, Some(ErrorCategory::InvalidInput)),
        (401, Some(ErrorCategory::Auth)),
        (403, Some(ErrorCategory::Auth)),
        (404, Some(ErrorCategory::NotFound)),
        (408, Some(ErrorCategory::Timeout)),
        (409, Some(ErrorCategory::Conflict)),
        (410, Some(ErrorCategory::NotFound)),
        (422, Some(ErrorCategory::InvalidInput)),
        (429, Some(ErrorCategory::Network)),
        (500, Some(ErrorCategory::Internal)),
        (503, Some(ErrorCategory::Network)),
        (504, Some(ErrorCategory::Timeout)),
        (0, None),
    ];
    for (status, expected) in table {
        assert_eq!(of_status(status), expected, "{status}");
        let answer = kube::core::Status { code: status, ..Default::default() };
        let error = kube::Error::Api(Box::new(answer));
        category(error, expected.unwrap_or(ErrorCategory::Other));
    }
}

#[test]
fn our_own_errors_have_their_categories() {
    let unknown = ktel::Catalog::built_in().find("nothing").err().unwrap();
    category(unknown, ErrorCategory::InvalidInput);
    category(
        "gopher://x".parse::<ktel::destination::ReportServer>().unwrap_err(),
        ErrorCategory::InvalidInput,
    );
    let nowhere: [&str; 0] = [];
    let find = |name| ktel::product_file::ProductFile::find(name, &Default::default(), &nowhere);
    category(find("nothing").unwrap_err(), ErrorCategory::NotFound);
    category(find("not/there").unwrap_err(), ErrorCategory::NotFound);
    category(find("No!").unwrap_err(), ErrorCategory::InvalidInput);
    category(ktel::merge::parse(b"[").unwrap_err(), ErrorCategory::InvalidInput);
    category(ktel::Error::Timeout { after: Duration::from_secs(1) }, ErrorCategory::Timeout);
    category(ktel::Error::Forbidden { verb: "get", what: "pods".into() }, ErrorCategory::Auth);
    category(ktel::Error::Panicked, ErrorCategory::Internal);
    let refused = kube::Error::ReadEvents(io::ErrorKind::ConnectionRefused.into());
    category(ktel::Error::Unreachable { source: Arc::new(refused) }, ErrorCategory::Network);
    let late = kube::Error::ReadEvents(io::ErrorKind::TimedOut.into());
    category(ktel::Error::Unreachable { source: Arc::new(late) }, ErrorCategory::Timeout);
    let answer = kube::core::Status { code: 403, ..Default::default() };
    let forbidden = kube::Error::Api(Box::new(answer));
    category(ktel::Error::Unreachable { source: Arc::new(forbidden) }, ErrorCategory::Auth);
    let silent = kube::Error::Service(Box::new(Wrapped("nothing more is known".into())));
    category(ktel::Error::Unreachable { source: Arc::new(silent) }, ErrorCategory::Network);
}

#[test]
fn an_error_about_input_is_invalid_input() {
    category(serde_json::from_str::<Value>("{").unwrap_err(), ErrorCategory::InvalidInput);
    category("x".parse::<u8>().unwrap_err(), ErrorCategory::InvalidInput);
    category(String::from_utf8(vec![0xff]).unwrap_err(), ErrorCategory::InvalidInput);
    category("\n".parse::<http::Uri>().unwrap_err(), ErrorCategory::InvalidInput);
    category(fmt::Error, ErrorCategory::Other);
}

async fn ask(address: std::net::SocketAddr, wait: Duration) -> kube::Error {
    let mut config = kube::Config::new(format!("http://{address}").parse().expect("an address"));
    config.connect_timeout = Some(wait);
    config.read_timeout = Some(wait);
    let client = kube::Client::try_from(config).expect("a client");
    client.apiserver_version().await.expect_err("nothing answers")
}

#[tokio::test]
async fn a_refused_connection_is_a_network_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    // The port of a client's own end: it is in use, and nothing listens there.
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let address = client.local_addr().unwrap();
    category(ask(address, Duration::from_secs(10)).await, ErrorCategory::Network);
}

#[tokio::test]
async fn a_server_that_never_answers_is_a_timeout() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let error = ask(listener.local_addr().unwrap(), Duration::from_millis(50)).await;
    category(error, ErrorCategory::Timeout);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_a_network_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let (mut connection, _) = listener.accept().unwrap();
        assert!(connection.read(&mut [0; 1024]).unwrap() > 0);
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Le").unwrap();
    });
    category(ask(address, Duration::from_secs(10)).await, ErrorCategory::Network);
    server.join().unwrap();
}
