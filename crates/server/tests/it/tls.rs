//! TLS with real handshakes: who is let in, and certificates that change while it serves.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use ktel_server::connection_limiter::ConnectionLimiter;
use ktel_server::limits::{TLS_FILE_BYTES_MAX, TLS_RELOAD_EVERY};
use ktel_server::serve::{ListenerConfig, serve};
use ktel_server::tls::{Error, Files, Reload, Tls};
use ktel_testkit::certificates::{Authority, Identity};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;

const BOTH: &[&SupportedProtocolVersion] = rustls::ALL_VERSIONS;

fn client(
    trusted: &Authority,
    identity: Option<&Identity>,
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let pem = trusted.certificate_pem();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = CertificateDer::from_pem_slice(identity.certificate_pem().as_bytes());
            let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes());
            builder.with_client_auth_cert(vec![chain.unwrap()], key.unwrap()).unwrap()
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

async fn connect(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::clone(config)).connect(name, stream).await
}

/// Asks over a connection, and gives the status.
async fn ask(stream: &mut TlsStream<TcpStream>) -> std::io::Result<String> {
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n").await?;
    let mut text = Vec::new();
    while !text.ends_with(b"ok\n") {
        let mut more = [0; 512];
        let count = stream.read(&mut more).await?;
        if count == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        text.extend_from_slice(&more[..count]);
    }
    Ok(String::from_utf8_lossy(&text[9..12]).into_owned())
}

async fn is_let_in(address: SocketAddr, config: &Arc<ClientConfig>) -> bool {
    match connect(address, config).await {
        // With version 1.3 the server's rejection comes after its part of the handshake.
        Ok(mut stream) => ask(&mut stream).await.is_ok_and(|status| status == "200"),
        Err(_) => false,
    }
}

fn files(folder: &Path, mutual: bool) -> Files {
    Files {
        certificate: folder.join("tls.crt"),
        key: folder.join("tls.key"),
        client_authority: mutual.then(|| folder.join("ca.crt")),
    }
}

fn write(folder: &Path, identity: &Identity) {
    std::fs::write(folder.join("tls.crt"), identity.certificate_pem()).unwrap();
    std::fs::write(folder.join("tls.key"), identity.key_pem()).unwrap();
}

async fn listen(tls: &Tls) -> (SocketAddr, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let listener_config = ListenerConfig {
        listener,
        tls: Some(tls.config()),
        limiter: Arc::<ConnectionLimiter>::default(),
    };
    let stop = CancellationToken::new();
    let routes = Router::new().route("/healthz", get(|| async { "ok\n" }));
    let serving = serve(routes, listener_config, stop.clone());
    #[expect(clippy::disallowed_methods, reason = "it ends when the guard is dropped")]
    drop(tokio::spawn(serving));
    (address, stop.drop_guard())
}

#[tokio::test]
async fn both_versions_are_spoken_and_http_1_is_agreed_on() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    write(folder.path(), &authority.server());
    let tls = Tls::load(files(folder.path(), false)).unwrap();
    let (address, _serving) = listen(&tls).await;
    for versions in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let config = client(&authority, None, versions);
        let mut stream = connect(address, &config).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        assert_eq!(ask(&mut stream).await.unwrap(), "200");
    }
    assert!(!is_let_in(address, &client(&Authority::new(), None, BOTH)).await);
}

#[tokio::test]
async fn those_between_a_certificate_and_its_authority_are_shown() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    write(folder.path(), &authority.server());
    let certificate = folder.path().join("tls.crt");
    let own = std::fs::read_to_string(&certificate).unwrap();
    std::fs::write(&certificate, own + &authority.certificate_pem()).unwrap();
    let tls = Tls::load(files(folder.path(), false)).unwrap();
    let (address, _serving) = listen(&tls).await;
    let stream = connect(address, &client(&authority, None, BOTH)).await.unwrap();
    assert_eq!(stream.get_ref().1.peer_certificates().unwrap().len(), 2);
}

/// Tells whether a client agrees with a server, without a network and thus without a deadline.
async fn agree(server: &Arc<ServerConfig>, client: &Arc<ClientConfig>) -> bool {
    let (one, other) = tokio::io::duplex(64 * 1024);
    let name = ServerName::try_from("localhost").unwrap();
    let accept = TlsAcceptor::from(Arc::clone(server)).accept(one);
    let connect = TlsConnector::from(Arc::clone(client)).connect(name, other);
    let (accepted, connected) = tokio::join!(accept, connect);
    accepted.is_ok() && connected.is_ok()
}

#[tokio::test(start_paused = true)]
async fn files_are_looked_at_until_it_stops_whatever_was_wrong_with_them_before() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Authority::new(), Authority::new());
    write(folder.path(), &old.server());
    let (of_old, of_new) = (client(&old, None, BOTH), client(&new, None, BOTH));
    let tls = Tls::load(files(folder.path(), false)).unwrap();
    let (config, stop) = (tls.config(), CancellationToken::new());
    let renew = async {
        for broken in ["", "nothing in PEM"] {
            std::fs::write(folder.path().join("tls.crt"), broken).unwrap();
            sleep(2 * TLS_RELOAD_EVERY).await;
            assert!(agree(&config, &of_old).await, "{broken}");
        }
        std::fs::remove_file(folder.path().join("tls.key")).unwrap();
        sleep(2 * TLS_RELOAD_EVERY).await;
        write(folder.path(), &new.server());
        sleep(2 * TLS_RELOAD_EVERY).await;
        assert!(agree(&config, &of_new).await && !agree(&config, &of_old).await);
        stop.cancel();
    };
    tokio::join!(tls.watch(stop.clone()), renew);
}

#[tokio::test]
async fn a_renewed_certificate_is_used_and_who_is_connected_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Authority::new(), Authority::new());
    write(folder.path(), &old.server());
    let mut tls = Tls::load(files(folder.path(), false)).unwrap();
    let (address, _serving) = listen(&tls).await;
    let (of_old, of_new) = (client(&old, None, BOTH), client(&new, None, BOTH));
    let mut connected = connect(address, &of_old).await.unwrap();
    assert_eq!(tls.reload().unwrap(), Reload::Unchanged);
    write(folder.path(), &new.server());
    assert!(is_let_in(address, &of_old).await, "nobody has looked yet");
    assert_eq!(tls.reload().unwrap(), Reload::Renewed);
    assert!(is_let_in(address, &of_new).await);
    // A client that was here before takes its session up again, and sees no certificate.
    assert!(!is_let_in(address, &client(&old, None, BOTH)).await);
    assert_eq!(ask(&mut connected).await.unwrap(), "200");
}

#[tokio::test]
async fn files_that_are_no_pair_change_nothing_and_are_named_once() {
    let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
    write(folder.path(), &authority.server());
    let mut tls = Tls::load(files(folder.path(), false)).unwrap();
    let (address, _serving) = listen(&tls).await;
    let config = client(&authority, None, BOTH);
    let (certificate, key) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    let next = authority.server();
    let half = |text: &str| text.chars().take(text.len() / 2).collect::<String>();
    for (path, broken) in [
        (&certificate, next.certificate_pem()), // its key is still another's
        (&certificate, String::new()),
        (&certificate, half(&next.certificate_pem())),
        (&key, half(&next.key_pem())),
        (&key, next.certificate_pem()),
        (&certificate, "x".repeat(TLS_FILE_BYTES_MAX as usize + 1)),
    ] {
        std::fs::write(path, &broken).unwrap();
        let error = tls.reload().unwrap_err();
        let shown = format!("{error:?}");
        assert!(!shown.contains(next.key_pem().lines().nth(1).unwrap()), "{shown}");
        let is_long = broken.len() as u64 > TLS_FILE_BYTES_MAX;
        assert_eq!(matches!(error, Error::Long { .. }), is_long, "{error}");
        if !is_long {
            assert_eq!(tls.reload().unwrap(), Reload::Unchanged);
        }
        assert!(is_let_in(address, &config).await, "{error}");
    }
    write(folder.path(), &next);
    std::fs::remove_file(&key).unwrap();
    assert!(matches!(tls.reload(), Err(Error::Read { .. })));
    assert!(is_let_in(address, &config).await);
    write(folder.path(), &next);
    assert_eq!(tls.reload().unwrap(), Reload::Renewed);
    assert!(is_let_in(address, &config).await);
}

#[cfg(unix)]
#[tokio::test]
async fn a_secret_that_kubernetes_swaps_by_links_is_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (Authority::new(), Authority::new());
    for (name, authority) in [("..one", &old), ("..two", &new)] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        write(&folder.path().join(name), &authority.server());
    }
    symlink("..one", folder.path().join("..data")).unwrap();
    for name in ["tls.crt", "tls.key"] {
        symlink(Path::new("..data").join(name), folder.path().join(name)).unwrap();
    }
    let mut tls = Tls::load(files(folder.path(), false)).unwrap();
    let (address, _serving) = listen(&tls).await;
    assert!(is_let_in(address, &client(&old, None, BOTH)).await);
    symlink("..two", folder.path().join("..new")).unwrap();
    std::fs::rename(folder.path().join("..new"), folder.path().join("..data")).unwrap();
    assert_eq!(tls.reload().unwrap(), Reload::Renewed);
    assert!(is_let_in(address, &client(&new, None, BOTH)).await);
}

/// Shows a certificate and signs with the key of another.
fn with_key(config: Arc<ClientConfig>, shown: &Identity, other: &Identity) -> Arc<ClientConfig> {
    let chain = CertificateDer::from_pem_slice(shown.certificate_pem().as_bytes());
    let key = PrivateKeyDer::from_pem_slice(other.key_pem().as_bytes()).unwrap();
    let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
    let mut config = Arc::unwrap_or_clone(config);
    let pair = CertifiedKey::new(vec![chain.unwrap()], key);
    config.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(pair));
    Arc::new(config)
}

#[tokio::test]
async fn only_clients_of_the_authority_are_let_in_and_it_may_change() {
    let folder = tempfile::tempdir().unwrap();
    let (authority, other) = (Authority::new(), Authority::new());
    let ca = folder.path().join("ca.crt");
    write(folder.path(), &authority.server());
    std::fs::write(&ca, authority.certificate_pem()).unwrap();
    let mut tls = Tls::load(files(folder.path(), true)).unwrap();
    let (address, _serving) = listen(&tls).await;
    let mine = authority.client("mine");
    let theirs = other.client("theirs");
    for version in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let lets_in =
            async |identity| is_let_in(address, &client(&authority, identity, version)).await;
        assert!(lets_in(Some(&mine)).await);
        assert!(!lets_in(Some(&theirs)).await);
        assert!(!lets_in(None).await);
    }
    // A certificate is no secret; whoever has no key for it is not the one that it names.
    for version in [&[&rustls::version::TLS12][..], &[&rustls::version::TLS13]] {
        let thief = client(&authority, Some(&mine), version);
        assert!(!is_let_in(address, &with_key(thief, &mine, &theirs)).await);
    }
    // One client that keeps its sessions: what it was once let in with is looked at again.
    let keeps = client(&authority, Some(&mine), BOTH);
    assert!(is_let_in(address, &keeps).await);
    let brings_theirs = client(&authority, Some(&theirs), BOTH);
    std::fs::write(&ca, authority.certificate_pem() + &other.certificate_pem()).unwrap();
    assert_eq!(tls.reload().unwrap(), Reload::Renewed);
    assert!(is_let_in(address, &keeps).await && is_let_in(address, &brings_theirs).await);
    std::fs::write(&ca, other.certificate_pem()).unwrap();
    assert_eq!(tls.reload().unwrap(), Reload::Renewed);
    assert!(!is_let_in(address, &keeps).await);
    assert!(is_let_in(address, &brings_theirs).await);
    write(folder.path(), &other.server());
    assert_eq!(tls.reload().unwrap(), Reload::Renewed);
    assert!(is_let_in(address, &client(&other, Some(&theirs), BOTH)).await);
}
