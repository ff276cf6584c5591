//! `ktel serve`: a receiver on this machine, with one folder and no configuration.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use ktel_process::signals;
use ktel_process::supervise::Supervisor;
use ktel_server::app::{App, Readers, router};
use ktel_server::store::Place;
use ktel_server::token::{self, Role, Stamp};
use ktel_server::{Catalog, Store, serve};
use tokio::net::TcpListener;

use crate::arguments::{Serve, StoreArgument};
use crate::clock;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::schemas;

/// How long requests that are under way may take after a signal.
const GRACE: Duration = Duration::from_secs(10);

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
}

impl Receiver {
    async fn start(arguments: &Serve, printer: &mut Printer) -> Result<Self, Failure> {
        let Serve { listen, store, public, floor, schemas: files } = arguments;
        let more = files.iter().map(|file| schemas::load(file));
        let more = more.collect::<Result<Vec<_>, _>>()?;
        let catalog = Catalog::new(more).map_err(usage)?;
        let store = open(store, &catalog)?;
        if store.tokens().await.map_err(usage)?.is_empty() {
            let mut made = Vec::new();
            for role in [Role::Ingest, Role::Admin] {
                let token = token::random();
                store.add_token(Stamp::of(&token, role, None)).await.map_err(usage)?;
                made.push(format!("{} token  {token}\n", role.word()));
            }
            printer.out(made.concat())?;
            printer.say(
                "Tokens are shown once; only their hashes are kept. `ktel token add` makes more.",
            );
        }
        let app = App::new(catalog, store, clock::now).await.map_err(usage)?;
        let readers = if *public { Readers::Everybody } else { Readers::WithToken };
        let app = app.readable(readers, *floor);
        let receiver = Self::listen(*listen, app).await?;
        printer.out(format!("listening on  {}\n", receiver.url()?))?;
        Ok(receiver)
    }

    /// Listens, so that from now on connections wait to be served.
    pub(super) async fn listen(address: SocketAddr, app: App) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("listen on `{address}`"));
        let listener = listener.map_err(|error| {
            Failure::usage(error, Some("name another address with --listen; port 0 takes any"))
        })?;
        Ok(Self { app: Arc::new(app), listener })
    }

    pub(super) fn url(&self) -> Result<String, Failure> {
        Ok(format!("http://{}", self.listener.local_addr()?))
    }

    /// Serves until a signal comes.
    pub(super) async fn serve(self) -> Result<Exit, Failure> {
        let mut supervisor = Supervisor::new();
        let (stop, routes, listener) = (supervisor.stop_token(), router(self.app), self.listener);
        supervisor.spawn("serve", async move {
            if let Err(error) = serve::serve(routes, listener, stop).await {
                tracing::error!(error = &error as &dyn std::error::Error, "serving ended");
            }
        });
        let ended = supervisor.run(signals::first()?, signals::second()?, GRACE).await;
        Ok(if ended.is_clean() { Exit::Done } else { Exit::Interrupted })
    }
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
