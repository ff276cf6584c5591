//! `ktel serve`: a server that stores its data in one folder or in PostgreSQL.

use std::path::PathBuf;

use ktel_process::signals;
use ktel_process::supervise::Supervisor;
use ktel_server::app::ChartAccess;
use ktel_server::app::kamaji::Responses;
use ktel_server::limits::SHUTDOWN_WITHIN;
use ktel_server::query::child::Runner;
use ktel_server::receiver::{Config, Receiver};
use ktel_server::store::Place;
use ktel_server::tls::Files;
use ktel_server::token::Role;

use arguments::ServeArguments;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::printer::Printer;
use crate::runtime::runtime;
use crate::stores::{failure, not_opened, place};
use crate::{clock, decisions, end_of_life, schemas};

pub(super) mod arguments;

pub(super) fn run(arguments: ServeArguments, printer: &mut Printer) -> Result<Exit, Failure> {
    runtime()?.block_on(async {
        let place = place(&arguments.store)?;
        let config = config(arguments, place.clone())?;
        let opened = Receiver::open(config).await;
        let receiver = opened.map_err(|error| not_opened(error, &place))?;
        announce(&receiver, printer).await?;
        let mut supervisor = Supervisor::new();
        receiver.spawn(&mut supervisor);
        let ended = supervisor.run(signals::first()?, signals::second()?, SHUTDOWN_WITHIN).await;
        Ok(if ended.is_clean() { Exit::Done } else { Exit::Interrupted })
    })
}

fn config(arguments: ServeArguments, place: Place) -> Result<Config, Failure> {
    let responses = if arguments.compat { Responses::Compatible } else { Responses::Strict };
    let tls = arguments.tls_certificate.zip(arguments.tls_key);
    let client_authority = arguments.tls_client_authority;
    let schemas = schemas::of_server(&arguments.schemas, &arguments.products)?;
    let decisions = arguments.decisions.as_deref().map(decisions::load).transpose()?;
    let end_of_life = arguments.end_of_life.as_deref();
    let end_of_life = end_of_life.map(|file| end_of_life::load(file, &schemas)).transpose()?;
    Ok(Config {
        schemas,
        token_files: arguments.tokens,
        tls: tls.map(|(certificate, key)| Files { certificate, key, client_authority }),
        kamaji: arguments.listen_legacy.map(|address| (address, responses)),
        metrics: arguments.listen_metrics,
        lines: arguments.listen_lines.iter().map(|it| (it.transport, it.address)).collect(),
        chart_access: if arguments.public {
            ChartAccess::Public
        } else {
            ChartAccess::TokenRequired
        },
        min_group_size: arguments.min_group_size,
        query_runner: Runner::Program(own_program()?),
        decisions: decisions.unwrap_or_default(),
        end_of_life: end_of_life.unwrap_or_default(),
        public_pages: arguments.public_pages,
        ..Config::new(place, arguments.listen, clock::now)
    })
}

/// Finds this program, because queries run in processes of it. Where `/proc` is not mounted, it is
/// where its caller said.
fn own_program() -> Result<PathBuf, Failure> {
    std::env::current_exe().or_else(|error| {
        let called = std::env::args_os().next().map(PathBuf::from);
        called.filter(|program| program.is_absolute() && program.is_file()).ok_or_else(|| {
            let error = anyhow::Error::new(error).context("find this program");
            Failure::usage(error, Some("call it by its full path, or mount /proc"))
        })
    })
}

/// Prints where the server listens, and the tokens of a new store.
async fn announce(receiver: &Receiver, printer: &mut Printer) -> Result<(), Failure> {
    if !receiver.has_tokens().await.map_err(failure)? {
        for role in [Role::Ingest, Role::Admin] {
            let token = receiver.create_token(role).await.map_err(failure)?;
            printer.out(format!("{} token  {token}\n", role.as_str()))?;
        }
        printer.say(
            "Tokens are shown once; only their hashes are stored. `ktel token add` creates more.",
        );
    }
    printer.out(format!("listening on  {}\n", receiver.url()))?;
    if let Some(url) = receiver.kamaji_url() {
        printer.out(format!("for Kamaji on  {url}\n"))?;
    }
    if let Some(url) = receiver.metrics_url() {
        printer.out(format!("metrics on  {url}\n"))?;
    }
    for url in receiver.line_urls() {
        printer.out(format!("for lines on  {url}\n"))?;
    }
    Ok(())
}
