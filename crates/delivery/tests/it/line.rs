//! How lines find their receiver, and how long they may take.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ktel_delivery::Secret;
use ktel_delivery::Verdict;
use ktel_delivery::line::{Client, Settings, Wire};
use ktel_delivery::resolve::{Addresses, Resolve};
use ktel_delivery::tls::{Pem, Trust};
use ktel_delivery::verdict::{Hold, Trouble};
use ktel_testkit::capture::{BlackHole, Datagrams, Lines};
use ktel_testkit::certificates::Authority;
use ktel_testkit::tls::ServerTls;
use tokio::time::Instant;

const SOON: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_millis(50);

/// Knows two names, and allows one address.
#[derive(Debug, Default)]
struct Pinned(Mutex<Vec<String>>);

impl Resolve for Pinned {
    fn resolve<'a>(&'a self, host: &'a str) -> Addresses<'a> {
        self.0.lock().unwrap().push(host.to_owned());
        let found = match host {
            "reports.test" | "localhost" | "127.0.0.1" | "192.0.2.1" => {
                Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)])
            }
            "nowhere.test" => Ok(Vec::new()),
            _ => Err(io::Error::other("no such host")),
        };
        Box::pin(std::future::ready(found))
    }
}

/// Never comes to an end.
#[derive(Debug)]
struct Silent;

impl Resolve for Silent {
    fn resolve<'a>(&'a self, _: &'a str) -> Addresses<'a> {
        Box::pin(std::future::pending())
    }
}

fn client(wire: Wire, host: &str, to: SocketAddr, settings: &Settings) -> Client {
    Client { wire, host: host.to_owned(), port: to.port(), settings: settings.clone() }
}

fn tls(authority: &Authority) -> Wire {
    let text = Secret::new(&authority.certificate_pem());
    let authorities = Some(Pem::Text { name: "ca".into(), text });
    Wire::Tls(Arc::new(Trust { authorities, identity: None }.configure().unwrap()))
}

#[tokio::test]
async fn a_resolver_of_the_caller_decides_for_every_transport() {
    let resolver = Arc::new(Pinned::default());
    let settings = Settings { resolver: Some(Arc::clone(&resolver) as _), ..Settings::default() };
    let (tcp, udp) = (Lines::start(), Datagrams::start());
    for (host, is_reached) in [
        ("reports.test", true),
        ("127.0.0.1", true),
        // The answer is another address.
        ("192.0.2.1", false),
        ("nowhere.test", false),
        ("ip6-localhost", false),
        ("169.254.169.254", false),
    ] {
        for client in [
            client(Wire::Tcp, host, tcp.address(), &settings),
            client(Wire::Udp, host, udp.address(), &settings),
        ] {
            let verdict = client.send(b"here\n").await;
            let is_unreachable =
                matches!(verdict, Verdict::Retry { trouble: Trouble::Unreachable, .. });
            assert_eq!(verdict.is_accepted(), is_reached, "{client:?}: {verdict:?}");
            assert_eq!(is_unreachable, !is_reached, "{client:?}: {verdict:?}");
        }
    }
    assert_eq!(tcp.wait_for(2, SOON), ["here\n"; 2]);
    assert_eq!(udp.wait_for(2, SOON).len(), 2);
    assert_eq!(tcp.connections(), 2, "nobody else was reached");
    assert_eq!(resolver.0.lock().unwrap().len(), 12, "each time");
}

#[tokio::test]
async fn a_certificate_has_the_name_of_the_host_and_not_of_what_the_resolver_found() {
    let authority = Authority::new();
    let server = Lines::start_tls(&ServerTls::new(&authority.server()));
    let settings = Settings { resolver: Some(Arc::<Pinned>::default()), ..Settings::default() };
    let send = async |host: &str| {
        client(tls(&authority), host, server.address(), &settings).send(b"here\n").await
    };
    assert_eq!(send("localhost").await, Verdict::Accepted);
    let verdict = send("reports.test").await;
    assert!(matches!(verdict, Verdict::Held { hold: Hold::Untrusted, .. }), "{verdict:?}");
    assert_eq!(server.wait_for(1, SOON), ["here\n"]);
}

#[tokio::test]
async fn every_step_ends_when_the_caller_wants() {
    let (silent, deaf) = (BlackHole::start(), BlackHole::start_deaf());
    let short = |settings: Settings| Settings { drain_within: SHORT, ..settings };
    let reach = short(Settings { reach_within: SHORT, ..Settings::default() });
    let exchange = short(Settings { exchange_within: SHORT, ..Settings::default() });
    let lost = Settings { resolver: Some(Arc::new(Silent)), ..reach.clone() };
    let handshake = tls(&Authority::new());
    let large = vec![b'x'; 64 << 20]; // more than the kernel takes
    for (client, bytes) in [
        (client(Wire::Tcp, "reports.test", silent.address(), &lost), &b"here\n"[..]),
        (client(Wire::Udp, "reports.test", silent.address(), &lost), b"here\n"),
        (client(handshake.clone(), "127.0.0.1", silent.address(), &reach), b"here\n"),
        (client(handshake, "127.0.0.1", silent.address(), &exchange), b"here\n"),
        (client(Wire::Tcp, "127.0.0.1", deaf.address(), &exchange), &large),
    ] {
        let start = Instant::now();
        let verdict = client.send(bytes).await;
        let is_timeout = matches!(verdict, Verdict::Retry { trouble: Trouble::Timeout, .. });
        assert!(is_timeout, "{client:?}: {verdict:?}");
        assert!(start.elapsed() < Duration::from_secs(5), "{client:?}");
    }
    // Who keeps its side open has the line.
    let start = Instant::now();
    let client = client(Wire::Tcp, "127.0.0.1", silent.address(), &reach);
    assert_eq!(client.send(b"here\n").await, Verdict::Accepted);
    assert!(start.elapsed() < Duration::from_secs(4));
}
