//! `ktel serve`: a receiver on this machine, with one folder and no configuration.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use ktel_process::signals;
use ktel_process::supervise::Supervisor;
use ktel_server::app::ancestor::{self, Answers};
use ktel_server::app::{App, Readers, router};
use ktel_server::lines::{self, Way};
use ktel_server::store::Place;
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
    listener: TcpListener,
    legacy: Option<(TcpListener, Answers)>,
    lines: Vec<Lines>,
}

/// A way in for lines that listens already.
enum Lines {
    Streams(TcpListener, Option<Arc<rustls::ServerConfig>>),
    Datagrams(UdpSocket),
}

impl Receiver {
    async fn start(arguments: &Serve, printer: &mut Printer) -> Result<Self, Failure> {
        let Serve { listen, listen_legacy, compat, store, public, floor, schemas: files, .. } =
            arguments;
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
        printer.out(format!("listening on  {}\n", receiver.url()?))?;
        if let Some(address) = listen_legacy {
            let answers = if *compat { Answers::Ancestor } else { Answers::Strict };
            let listener = bind(*address).await?;
            printer.out(format!("for Kamaji on  http://{}\n", listener.local_addr()?))?;
            receiver.legacy = Some((listener, answers));
        }
        for way_in in &arguments.listen_lines {
            let (lines, address) = Lines::listen(*way_in, arguments).await?;
            printer.out(format!("for lines on  {address}\n"))?;
            receiver.lines.push(lines);
        }
        Ok(receiver)
    }

    /// Listens, so that from now on connections wait to be served.
    pub(super) async fn listen(address: SocketAddr, app: App) -> Result<Self, Failure> {
        let (app, listener) = (Arc::new(app), bind(address).await?);
        Ok(Self { app, listener, legacy: None, lines: Vec::new() })
    }

    pub(super) fn url(&self) -> Result<String, Failure> {
        Ok(format!("http://{}", self.listener.local_addr()?))
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
        let Self { app, listener, legacy, lines } = self;
        let stop = supervisor.stop_token();
        supervisor.spawn("forget what is old", expire(Arc::clone(&app), stop.clone()));
        if let Some((listener, answers)) = legacy {
            let routes = ancestor::router(Arc::clone(&app), answers);
            supervisor.spawn("serve Kamaji", serve_routes(routes, listener, stop.clone()));
        }
        for lines in lines {
            supervisor.spawn("take lines", lines.serve(Arc::clone(&app), stop.clone()));
        }
        supervisor.spawn("serve", serve_routes(router(app), listener, stop));
    }
}

impl Lines {
    /// Listens, and gives the address in the form in which it was asked for.
    async fn listen(way_in: LinesAddress, arguments: &Serve) -> Result<(Self, String), Failure> {
        let LinesAddress { way, address } = way_in;
        match way {
            Way::Tcp => {
                let listener = bind(address).await?;
                let address = listener.local_addr()?;
                Ok((Self::Streams(listener, None), format!("tcp://{address}")))
            }
            Way::Tls => {
                let files = arguments.lines_certificate.as_deref();
                let files = files.zip(arguments.lines_key.as_deref());
                let (certificate, key) = files.ok_or_else(|| {
                    Failure::usage(
                        anyhow::anyhow!("lines under TLS need a certificate"),
                        Some("name its files with --lines-certificate and --lines-key"),
                    )
                })?;
                let config = lines::certificate::load(certificate, key).map_err(usage)?;
                let listener = bind(address).await?;
                let address = listener.local_addr()?;
                Ok((Self::Streams(listener, Some(config)), format!("tls://{address}")))
            }
            Way::Udp => {
                let socket = taken(UdpSocket::bind(address).await, address)?;
                let address = socket.local_addr()?;
                Ok((Self::Datagrams(socket), format!("udp://{address}")))
            }
        }
    }

    async fn serve(self, app: Arc<App>, stop: CancellationToken) {
        match self {
            Self::Datagrams(socket) => lines::serve_datagrams(app, socket, stop).await,
            Self::Streams(listener, tls) => {
                if let Err(error) = lines::serve_streams(app, listener, tls, stop).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "taking lines ended");
                }
            }
        }
    }
}

async fn serve_routes(routes: axum::Router, listener: TcpListener, stop: CancellationToken) {
    if let Err(error) = serve::serve(routes, listener, stop).await {
        tracing::error!(error = &error as &dyn std::error::Error, "serving ended");
    }
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
