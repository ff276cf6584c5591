//! `ktel serve`: a receiver on this machine, with one folder and no configuration.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use ktel_process::signals;
use ktel_process::supervise::Supervisor;
use ktel_server::app::ancestor::{self, Answers};
use ktel_server::app::{App, Readers, router};
use ktel_server::doors::Doors;
use ktel_server::limits::{CONNECTIONS_MAX, FILES_FOR_OTHERS};
use ktel_server::lines::{self, Way};
use ktel_server::serve::Entrance;
use ktel_server::store::Place;
use ktel_server::tls::{Files, Tls};
use ktel_server::token::{self, Role, Stamp};
use ktel_server::{Catalog, Store, serve};
use tokio::net::{TcpListener, UdpSocket};
use tokio_util::sync::CancellationToken;

use crate::arguments::{Serve, StoreArgument};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::lines_address::LinesAddress;
use crate::printer::Printer;
use crate::schemas;
use crate::{clock, decisions};

mod given;

/// How long requests that are under way may take after a signal.
pub(super) const GRACE: Duration = Duration::from_secs(10);
/// Retention is counted in days.
const EXPIRE_EVERY: Duration = Duration::from_secs(60 * 60);

pub(super) fn run(arguments: Serve, printer: &mut Printer) -> Result<Exit, Failure> {
    super::runtime()?.block_on(async {
        let receiver = Receiver::start(&arguments, printer).await?;
        receiver.serve().await
    })
}

/// A receiver that listens already.
pub(super) struct Receiver {
    app: Arc<App>,
    doors: Arc<Doors>,
    listener: TcpListener,
    legacy: Option<(TcpListener, Answers)>,
    lines: Vec<Lines>,
    tls: Option<Tls>,
}

/// A way in for lines that listens already.
enum Lines {
    Streams(TcpListener),
    /// The same, under the receiver's own TLS.
    Tls(TcpListener),
    Datagrams(UdpSocket),
}

impl Receiver {
    async fn start(arguments: &Serve, printer: &mut Printer) -> Result<Self, Failure> {
        let Serve { listen, listen_legacy, compat, store, public, floor, schemas: files, .. } =
            arguments;
        let tls = tls(arguments)?;
        let more = files.iter().map(|file| schemas::load(file));
        let catalog = Catalog::new(more.collect::<Result<Vec<_>, _>>()?).map_err(usage)?;
        let decisions = arguments.decisions.as_deref().map(decisions::load).transpose()?;
        let store = open(store, &catalog)?;
        if let Some(folder) = &arguments.tokens {
            given::accept(&store, folder).await?;
        }
        if store.tokens().await.map_err(usage)?.is_empty() {
            let mut made = String::new();
            for role in [Role::Ingest, Role::Admin] {
                made += &format!("{} token  {}\n", role.word(), make_token(&store, role).await?);
            }
            printer.out(made)?;
            printer.say(
                "Tokens are shown once; only their hashes are kept. `ktel token add` makes more.",
            );
        }
        let app = App::new(catalog, store, clock::now).await.map_err(usage)?;
        let app = app.with_decisions(decisions.unwrap_or_default());
        let readers = if *public { Readers::Everybody } else { Readers::WithToken };
        let mut receiver = Self::listen(*listen, app.readable(readers, *floor)).await?;
        receiver.tls = tls;
        printer.out(format!("listening on  {}\n", receiver.url()?))?;
        if let Some(address) = listen_legacy {
            let answers = if *compat { Answers::Ancestor } else { Answers::Strict };
            let listener = bind(*address).await?;
            printer.out(format!("for Kamaji on  {}\n", receiver.url_of(&listener)?))?;
            receiver.legacy = Some((listener, answers));
        }
        for way_in in &arguments.listen_lines {
            let (lines, address) = Lines::listen(*way_in, receiver.tls.is_some()).await?;
            printer.out(format!("for lines on  {address}\n"))?;
            receiver.lines.push(lines);
        }
        Ok(receiver)
    }

    /// Listens, so that from now on connections wait to be served.
    pub(super) async fn listen(address: SocketAddr, app: App) -> Result<Self, Failure> {
        let (doors, listener) = (doors(), bind(address).await?);
        let app = Arc::new(app.with_doors(Arc::clone(&doors)));
        Ok(Self { app, doors, listener, legacy: None, lines: Vec::new(), tls: None })
    }

    pub(super) fn url(&self) -> Result<String, Failure> {
        self.url_of(&self.listener)
    }

    fn url_of(&self, listener: &TcpListener) -> Result<String, Failure> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", listener.local_addr()?))
    }

    /// Serves until a signal comes.
    pub(super) async fn serve(self) -> Result<Exit, Failure> {
        let mut supervisor = Supervisor::new();
        self.spawn(&mut supervisor);
        let ended = supervisor.run(signals::first()?, signals::second()?, GRACE).await;
        Ok(if ended.is_clean() { Exit::Done } else { Exit::Interrupted })
    }

    /// Serves until it is told to stop.
    pub(super) fn spawn(self, supervisor: &mut Supervisor) {
        let Self { app, doors, listener, legacy, lines, tls } = self;
        let stop = supervisor.stop_token();
        let config = tls.as_ref().map(Tls::config);
        if let Some(tls) = tls {
            supervisor.spawn("follow the certificate", tls.watch(stop.clone()));
        }
        let entrance =
            |listener| Entrance { listener, tls: config.clone(), doors: Arc::clone(&doors) };
        supervisor.spawn("forget what is old", expire(Arc::clone(&app), stop.clone()));
        if let Some((listener, answers)) = legacy {
            let routes = ancestor::router(Arc::clone(&app), answers);
            supervisor
                .spawn("serve Kamaji", serve_routes(routes, entrance(listener), stop.clone()));
        }
        for lines in lines {
            let serve = lines.serve(Arc::clone(&app), config.clone(), stop.clone());
            supervisor.spawn("take lines", serve);
        }
        supervisor.spawn("serve", serve_routes(router(app), entrance(listener), stop));
    }
}

impl Lines {
    /// Listens, and gives the address in the form in which it was asked for.
    async fn listen(way_in: LinesAddress, tls: bool) -> Result<(Self, String), Failure> {
        let LinesAddress { way, address } = way_in;
        match way {
            Way::Tcp => {
                let listener = bind(address).await?;
                let address = listener.local_addr()?;
                Ok((Self::Streams(listener), format!("tcp://{address}")))
            }
            Way::Tls if !tls => Err(Failure::usage(
                anyhow::anyhow!("lines under TLS need a certificate"),
                Some("name its files with --tls-certificate and --tls-key"),
            )),
            Way::Tls => {
                let listener = bind(address).await?;
                let address = listener.local_addr()?;
                Ok((Self::Tls(listener), format!("tls://{address}")))
            }
            Way::Udp => {
                let socket = taken(UdpSocket::bind(address).await, address)?;
                let address = socket.local_addr()?;
                Ok((Self::Datagrams(socket), format!("udp://{address}")))
            }
        }
    }

    async fn serve(
        self,
        app: Arc<App>,
        config: Option<Arc<rustls::ServerConfig>>,
        stop: CancellationToken,
    ) {
        let taken = match self {
            Self::Datagrams(socket) => {
                lines::serve_datagrams(app, socket, stop).await;
                Ok(())
            }
            Self::Streams(listener) => lines::serve_streams(app, listener, None, stop).await,
            Self::Tls(listener) => lines::serve_streams(app, listener, config, stop).await,
        };
        if let Err(error) = taken {
            tracing::error!(error = &error as &dyn std::error::Error, "taking lines ended");
        }
    }
}

async fn serve_routes(routes: axum::Router, entrance: Entrance, stop: CancellationToken) {
    if let Err(error) = serve::serve(routes, entrance, stop).await {
        tracing::error!(error = &error as &dyn std::error::Error, "serving ended");
    }
}

/// Reads the files of a certificate, where some are named.
fn tls(arguments: &Serve) -> Result<Option<Tls>, Failure> {
    let Serve { tls_certificate, tls_key, tls_client_authority, .. } = arguments;
    let (Some(certificate), Some(key)) = (tls_certificate, tls_key) else { return Ok(None) };
    let client_authority = tls_client_authority.clone();
    let files = Files { certificate: certificate.clone(), key: key.clone(), client_authority };
    let hint = "name PEM files that belong together; a certificate comes before those up to its \
                authority";
    let loaded = Tls::load(files).map_err(|error| Failure::usage(error, Some(hint)))?;
    Ok(Some(loaded))
}

/// Makes as many places for connections as the system has files for.
fn doors() -> Arc<Doors> {
    #[cfg(unix)]
    let doors =
        Doors::within(ktel_process::open_files::raise((CONNECTIONS_MAX + FILES_FOR_OTHERS) as u64));
    #[cfg(not(unix))]
    let doors = Doors::within((CONNECTIONS_MAX + FILES_FOR_OTHERS) as u64);
    Arc::new(doors)
}

/// Deletes what has been kept long enough, now and every hour.
async fn expire(app: Arc<App>, stop: CancellationToken) {
    loop {
        match app.store().expire(clock::today()).await {
            Ok(expired) => tracing::debug!(?expired, "what was too old is gone"),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "what is too old stays");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EXPIRE_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    taken(TcpListener::bind(address).await, address)
}

fn taken<T>(bound: std::io::Result<T>, address: SocketAddr) -> Result<T, Failure> {
    let bound = bound.with_context(|| format!("listen on `{address}`"));
    bound.map_err(|error| {
        Failure::usage(error, Some("name another address; port 0 takes any that is free"))
    })
}

/// Makes a token, of which the store keeps the hash.
pub(super) async fn make_token(store: &Store, role: Role) -> Result<String, Failure> {
    let token = token::random();
    store.add_token(Stamp::of(&token, role, None)).await.map_err(usage)?;
    Ok(token)
}

/// Opens the store that was named, or this user's own.
pub(super) fn open(store: &StoreArgument, catalog: &Catalog) -> Result<Store, Failure> {
    let place = match &store.store {
        Some(text) => text.parse::<Place>().map_err(usage)?,
        None => Place::Folder(
            ktel::directories::Directories::of(&ktel::directories::process_environment)
                .received()
                .ok_or_else(|| {
                    Failure::usage(
                        anyhow::anyhow!("there is no home directory"),
                        Some("name a folder with --store"),
                    )
                })?,
        ),
    };
    Store::open(&place, &catalog.tables()).map_err(usage)
}

fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure::usage(error, None::<String>)
}
