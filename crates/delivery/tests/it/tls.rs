//! Which servers are trusted, beside what curl trusts: certificates and servers of OpenSSL.

use std::time::Duration;

use http::HeaderMap;
use ktel_delivery::Verdict;
use ktel_delivery::fault::FaultKind;
use ktel_delivery::http::{Client, Protocol, Url};
use ktel_delivery::line;
use ktel_delivery::tls::{Pem, Trust};
use ktel_delivery::verdict::Hold;
use ktel_testkit::openssl::{Certificate, OpenSsl, TlsServer};

const AUTHORITY: &str = "basicConstraints=critical,CA:TRUE";
const LEAF: &str = "basicConstraints=critical,CA:FALSE";
const LOOPBACK: &str = "subjectAltName=DNS:localhost,IP:127.0.0.1";
const ELSEWHERE: &str = "subjectAltName=DNS:elsewhere.example";
const NOW: (&str, &str) = ("20200101000000Z", "20991231235959Z");
const PAST: (&str, &str) = ("20200101000000Z", "20200201000000Z");

fn trust(openssl: &OpenSsl, named: &str) -> Trust {
    Trust { authorities: Some(Pem::File(openssl.file(named))), identity: None }
}

/// Says whether we trust a server on `localhost`; nothing else may go wrong.
async fn is_trusted(openssl: &OpenSsl, named: &str, server: &TlsServer) -> bool {
    let url: Url = format!("https://localhost:{}/", server.port()).parse().unwrap();
    let client = Client::new(&url, &trust(openssl, named), Protocol::Any).unwrap();
    match client.get(url, HeaderMap::new(), Duration::ZERO).await {
        Ok(reply) => {
            assert_eq!(reply.status, 200);
            true
        }
        Err(fault) => {
            assert_eq!(fault.kind, FaultKind::Untrusted, "{fault}");
            false
        }
    }
}

#[tokio::test]
async fn a_certificate_that_is_named_is_trusted_and_what_it_may_not_sign_is_not() {
    let openssl = OpenSsl::new();
    let make = |name, extensions: &[&str], valid, issuer| {
        openssl.make(&Certificate { name, extensions, valid, issuer });
    };
    make("leaf", &[LEAF, LOOPBACK], NOW, None);
    make("silent", &[LOOPBACK], NOW, None);
    make("authority", &[AUTHORITY, LOOPBACK], NOW, None);
    make("expired-leaf", &[LEAF, LOOPBACK], PAST, None);
    make("expired-authority", &[AUTHORITY, LOOPBACK], PAST, None);
    make("leaf-elsewhere", &[LEAF, ELSEWHERE], NOW, None);
    make("authority-elsewhere", &[AUTHORITY, ELSEWHERE], NOW, None);
    make("twin", &[LEAF, LOOPBACK], NOW, None);
    make("version-1", &[], NOW, None);
    for (name, issuer) in [
        ("of-leaf", "leaf"),
        ("of-silent", "silent"),
        ("of-authority", "authority"),
        ("of-version-1", "version-1"),
    ] {
        make(name, &[LEAF, LOOPBACK], NOW, Some(issuer));
    }
    for (server, chain, named, expected) in [
        ("leaf", &[][..], "leaf", true),
        ("silent", &[], "silent", true),
        ("authority", &[], "authority", true),
        ("expired-leaf", &[], "expired-leaf", false),
        ("expired-authority", &[], "expired-authority", false),
        ("leaf-elsewhere", &[], "leaf-elsewhere", false),
        ("authority-elsewhere", &[], "authority-elsewhere", false),
        // The same names, another key.
        ("twin", &[], "leaf", false),
        ("leaf", &[], "authority", false),
        ("of-leaf", &["leaf"], "leaf", false),
        ("of-leaf", &[], "leaf", false),
        ("of-silent", &["silent"], "silent", false),
        ("of-authority", &["authority"], "authority", true),
        ("of-authority", &[], "authority", true),
        // One may name only the certificate itself, whoever signed it.
        ("of-authority", &["authority"], "of-authority", true),
        ("of-version-1", &["version-1"], "version-1", true),
    ] {
        let serving = openssl.serve(server, chain);
        let url = format!("https://localhost:{}/", serving.port());
        let what = format!("{server} and {chain:?}, where {named} is named");
        assert_eq!(openssl.curl_trusts(named, &url), expected, "curl: {what}");
        assert_eq!(is_trusted(&openssl, named, &serving).await, expected, "{what}");
    }
    // Here curl takes the name from the subject, which HTTP forbids (RFC 9110, section 4.3.4). kubectl
    // rejects such a certificate, too.
    let serving = openssl.serve("version-1", &[]);
    assert!(!is_trusted(&openssl, "version-1", &serving).await);
}

#[tokio::test]
async fn lines_go_to_the_server_that_is_named_and_wait_for_another() {
    let openssl = OpenSsl::new();
    for name in ["one", "two"] {
        let extensions = &[AUTHORITY, LOOPBACK];
        openssl.make(&Certificate { name, extensions, valid: NOW, issuer: None });
    }
    let server = openssl.serve("one", &[]);
    let send = async |named| {
        let wire = line::Wire::Tls(trust(&openssl, named).configure().unwrap().into());
        let (host, settings) = ("127.0.0.1".to_owned(), line::Settings::default());
        line::Client { wire, host, port: server.port(), settings }.send(b"GET / HTTP/1.0\n\n").await
    };
    assert_eq!(send("one").await, Verdict::Accepted);
    let verdict = send("two").await;
    assert!(matches!(verdict, Verdict::Held { hold: Hold::Untrusted, .. }), "{verdict:?}");
}
