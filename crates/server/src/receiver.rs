//! A whole receiver: store, listeners, TLS and retention, ready to be served.
//!
//! ```
//! use ktel_server::receiver::{Config, Receiver};
//! use ktel_server::store::Place;
//! use ktel_server::token::Role;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let store = Place::Folder(folder.path().into());
//! # tokio::runtime::Runtime::new()?.block_on(async {
//! let config = Config::new(store, "127.0.0.1:0".parse()?, jiff::Timestamp::now);
//! let receiver = Receiver::open(config).await?;
//! let token = receiver.create_token(Role::Ingest).await?;
//! println!("send reports to {}/v1/reports with the token {token}", receiver.url());
//! # let shutdown = async {};
//! let ended = receiver.serve_until(shutdown).await;
//! assert!(ended.is_clean());
//! # Ok(())
//! # })
//! # }
//! ```

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use ktel_model::Schema;
use ktel_model::standard::schema::Decision;
use ktel_process::health;
use ktel_process::supervise::{Ended, Supervisor};
use rustls::ServerConfig;
use tokio::net::{TcpListener, UdpSocket};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::app::kamaji::{self, Responses};
use crate::app::metrics;
use crate::app::{App, ChartAccess, router};
use crate::catalog::Catalog;
use crate::connection_limiter::ConnectionLimiter;
use crate::end_of_life::EndOfLife;
use crate::limits::{
    CONNECTIONS_MAX, EXPIRE_EVERY, FILES_FOR_OTHERS, MIN_GROUP_SIZE_DEFAULT, PUBLISH_EVERY,
    SHUTDOWN_WITHIN,
};
use crate::lines::{self, LineTransport};
use crate::query::child::Runner;
use crate::serve::{ListenerConfig, serve};
use crate::store::{Place, Store};
use crate::tls::{Files, Tls};
use crate::token::{self, Role, TokenRecord};

pub use error::Error;

mod error;
mod token_files;

/// The settings of a receiver.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where records are stored.
    pub store: Place,
    /// The address of all routes; port 0 takes any free port.
    pub listen: SocketAddr,
    /// Returns the current time.
    pub now: fn() -> Timestamp,
    /// Schemas to accept besides the built-in ones.
    pub schemas: Vec<Schema>,
    /// A folder whose files `ingest`, `reader` and `admin` are tokens to accept.
    pub token_files: Option<PathBuf>,
    /// The certificate of all TCP listeners; plain HTTP without it.
    pub tls: Option<Files>,
    /// The address of the routes of Kamaji's own receiver, and how they respond.
    pub kamaji: Option<(SocketAddr, Responses)>,
    /// The address of health and metrics, without a token and without TLS.
    pub metrics: Option<SocketAddr>,
    /// The addresses on which lines of syslog are accepted.
    pub lines: Vec<(LineTransport, SocketAddr)>,
    /// Who may read charts.
    pub chart_access: ChartAccess,
    /// The minimum number of senders of a group that readers see.
    pub min_group_size: u32,
    /// Where queries of readers run.
    pub query_runner: Runner,
    /// Decisions that the transparency page lists.
    pub decisions: Vec<Decision>,
    /// When versions reach their end of life.
    pub end_of_life: EndOfLife,
    /// The products whose published tables have a page for everybody.
    pub public_pages: Vec<String>,
}

impl Config {
    /// The settings of a receiver with one listener, without TLS.
    #[must_use]
    pub fn new(store: Place, listen: SocketAddr, now: fn() -> Timestamp) -> Self {
        Self {
            store,
            listen,
            now,
            schemas: Vec::new(),
            token_files: None,
            tls: None,
            kamaji: None,
            metrics: None,
            lines: Vec::new(),
            chart_access: ChartAccess::default(),
            min_group_size: MIN_GROUP_SIZE_DEFAULT,
            query_runner: Runner::default(),
            decisions: Vec::new(),
            end_of_life: EndOfLife::default(),
            public_pages: Vec::new(),
        }
    }
}

/// A receiver whose listeners are bound: from now on connections wait to be served.
#[derive(Debug)]
pub struct Receiver {
    app: Arc<App>,
    limiter: Arc<ConnectionLimiter>,
    tls: Option<Tls>,
    main: (TcpListener, SocketAddr),
    kamaji: Option<(TcpListener, SocketAddr, Responses)>,
    metrics: Option<(TcpListener, SocketAddr)>,
    lines: Vec<LineListener>,
}

/// A bound listener for lines.
#[derive(Debug)]
struct LineListener {
    transport: LineTransport,
    address: SocketAddr,
    socket: LineSocket,
}

#[derive(Debug)]
enum LineSocket {
    Stream(TcpListener),
    Datagram(UdpSocket),
}

impl Receiver {
    /// Reads the certificate, opens the store and binds all listeners.
    ///
    /// # Errors
    /// When one of them fails. [`Error::hint`] says what to do.
    pub async fn open(config: Config) -> Result<Self, Error> {
        let tls = config.tls.map(Tls::load).transpose()?;
        let catalog = Catalog::new(config.schemas)?;
        let store = Store::open(&config.store, &catalog.tables())?;
        if let Some(folder) = &config.token_files {
            token_files::add(&store, folder).await?;
        }
        let limiter = Arc::new(connection_limiter());
        let app = App::new(catalog, store, config.now).await?;
        let app = app.with_decisions(config.decisions).with_query_runner(config.query_runner);
        let app = app.with_chart_access(config.chart_access, config.min_group_size);
        let app = app.with_end_of_life(config.end_of_life).with_public_pages(config.public_pages);
        let app = if tls.is_some() { app.with_tls() } else { app };
        let app = Arc::new(app.with_connection_limiter(Arc::clone(&limiter)));
        let main = bind(config.listen).await?;
        let kamaji = match config.kamaji {
            Some((address, responses)) => {
                let (listener, address) = bind(address).await?;
                Some((listener, address, responses))
            }
            None => None,
        };
        let metrics = match config.metrics {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let mut lines = Vec::new();
        for (transport, address) in config.lines {
            if transport == LineTransport::Tls && tls.is_none() {
                return Err(Error::NoCertificate);
            }
            lines.push(LineListener::bind(transport, address).await?);
        }
        Ok(Self { app, limiter, tls, main, kamaji, metrics, lines })
    }

    /// The URL of all routes.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(self.main.1)
    }

    /// The URL of the routes of Kamaji's own receiver, if they are enabled.
    #[must_use]
    pub fn kamaji_url(&self) -> Option<String> {
        self.kamaji.as_ref().map(|(_, address, _)| self.url_of(*address))
    }

    /// The URL of the metrics, if they have a listener.
    #[must_use]
    pub fn metrics_url(&self) -> Option<String> {
        let (_, address) = self.metrics.as_ref()?;
        Some(format!("http://{address}{}", health::METRICS))
    }

    /// The URLs that accept lines, in the order of [`Config::lines`].
    #[must_use]
    pub fn line_urls(&self) -> Vec<String> {
        let url = |it: &LineListener| format!("{}://{}", it.transport.scheme(), it.address);
        self.lines.iter().map(url).collect()
    }

    fn url_of(&self, address: SocketAddr) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }

    /// Whether the store has a token already.
    ///
    /// # Errors
    /// When the tokens cannot be read.
    pub async fn has_tokens(&self) -> Result<bool, Error> {
        Ok(!self.app.store().tokens().await?.is_empty())
    }

    /// Creates a token that is valid at once. The store keeps only its hash.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn create_token(&self, role: Role) -> Result<String, Error> {
        let token = token::random();
        self.app.store().add_token(TokenRecord::of(&token, role, None)).await?;
        self.app.refresh_tokens().await?;
        Ok(token)
    }

    /// Serves until `shutdown` resolves; requests in progress get [`SHUTDOWN_WITHIN`] to finish.
    pub async fn serve_until(self, shutdown: impl Future<Output = ()>) -> Ended {
        let mut supervisor = Supervisor::new();
        self.spawn(&mut supervisor);
        supervisor.run(shutdown, std::future::pending(), SHUTDOWN_WITHIN).await
    }

    /// Starts the tasks of the receiver, for a program that supervises others as well.
    pub fn spawn(self, supervisor: &mut Supervisor) {
        let Self { app, limiter, tls, main: (listener, _), kamaji, metrics, lines } = self;
        let stop = supervisor.stop_token();
        let config = tls.as_ref().map(Tls::config);
        if let Some(tls) = tls {
            supervisor.spawn("reload the certificate", tls.watch(stop.clone()));
        }
        let listener_config = |listener| ListenerConfig {
            listener,
            tls: config.clone(),
            limiter: Arc::clone(&limiter),
        };
        supervisor.spawn("publish", publish(Arc::clone(&app), stop.clone()));
        supervisor.spawn("delete expired data", expire(Arc::clone(&app), stop.clone()));
        if let Some((listener, _, responses)) = kamaji {
            let routes = kamaji::router(Arc::clone(&app), responses);
            let serve = serve_routes(routes, listener_config(listener), stop.clone());
            supervisor.spawn("serve Kamaji", serve);
        }
        if let Some((listener, _)) = metrics {
            let serve = health::serve(listener, metrics::router(&app), stop.clone());
            supervisor.spawn("serve metrics", serve);
        }
        for listener in lines {
            let serve = listener.serve(Arc::clone(&app), config.clone(), stop.clone());
            supervisor.spawn("receive lines", serve);
        }
        let serve = serve_routes(router(app), listener_config(listener), stop);
        supervisor.spawn("serve", serve);
    }
}

impl LineListener {
    async fn bind(transport: LineTransport, address: SocketAddr) -> Result<Self, Error> {
        let failed = |source| Error::Listen { address, source };
        match transport {
            LineTransport::Tcp | LineTransport::Tls => {
                let (listener, address) = bind(address).await?;
                Ok(Self { transport, address, socket: LineSocket::Stream(listener) })
            }
            LineTransport::Udp => {
                let socket = UdpSocket::bind(address).await.map_err(failed)?;
                let address = socket.local_addr().map_err(failed)?;
                Ok(Self { transport, address, socket: LineSocket::Datagram(socket) })
            }
        }
    }

    async fn serve(
        self,
        app: Arc<App>,
        config: Option<Arc<ServerConfig>>,
        stop: CancellationToken,
    ) {
        let config = config.filter(|_| self.transport == LineTransport::Tls);
        match self.socket {
            LineSocket::Datagram(socket) => lines::serve_datagrams(app, socket, stop).await,
            LineSocket::Stream(listener) => {
                if let Err(error) = lines::serve_streams(app, listener, config, stop).await {
                    log(&error, "the listener for lines failed");
                }
            }
        }
    }
}

async fn serve_routes(routes: axum::Router, config: ListenerConfig, stop: CancellationToken) {
    if let Err(error) = serve(routes, config, stop).await {
        log(&error, "the HTTP listener failed");
    }
}

fn log(error: &io::Error, message: &str) {
    error!(error = error as &dyn std::error::Error, "{message}");
}

/// Allows as many connections as the system allows files, after asking for more of them.
fn connection_limiter() -> ConnectionLimiter {
    let wanted = (CONNECTIONS_MAX + FILES_FOR_OTHERS) as u64;
    #[cfg(unix)]
    let files = ktel_process::open_files::raise(wanted);
    #[cfg(not(unix))]
    let files = wanted;
    ConnectionLimiter::for_open_files(files)
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Deletes expired data, now and every hour.
async fn expire(app: Arc<App>, stop: CancellationToken) {
    loop {
        match app.store().expire(app.today()).await {
            Ok(expired) => debug!(?expired, "deleted expired data"),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                error!(error, "could not delete expired data; trying again in an hour");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EXPIRE_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// Publishes what is due, again and again.
async fn publish(app: Arc<App>, stop: CancellationToken) {
    loop {
        match app.publish().await {
            Ok(0) => {}
            Ok(tables) => debug!(tables, "published"),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                error!(error, "could not publish; trying again soon");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(PUBLISH_EVERY) => {}
            () = stop.cancelled() => return,
        }
    }
}
