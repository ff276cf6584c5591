//! `cargo xtask real`: the real programs, for tests and for a look by hand.

use std::io::{self, Write};
use std::process::Command;

use anyhow::{Context, ensure};
use clap::Subcommand;
use ktel_process::signals;
use ktel_testkit::api_server::ApiServer;
use ktel_testkit::real::GET;

/// What to do with the real programs.
#[derive(Debug, Subcommand)]
pub(crate) enum Chore {
    /// Makes sure that programs are there, building those that are not, and prints their paths.
    Get {
        /// Which; all of them when none is named.
        programs: Vec<String>,
    },
    /// Starts an API server with its etcd and prints its kubeconfig; Ctrl-C ends and removes both.
    Start,
}

pub(crate) fn run(chore: Chore) -> anyhow::Result<()> {
    match chore {
        Chore::Get { programs } => {
            let status = Command::new("bash").arg(GET).args(programs).status();
            ensure!(status.context("run bash")?.success(), "not every program is there");
            Ok(())
        }
        Chore::Start => start(),
    }
}

fn start() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let runtime = runtime.context("start the runtime")?;
    let listen = || -> io::Result<_> { Ok((signals::first()?, ApiServer::start())) };
    // Listening before the start: Ctrl-C during it still ends in order.
    let (signal, server) = runtime.block_on(async { listen() }).context("listen for signals")?;
    let (url, kubeconfig) = (server.url(), server.admin_kubeconfig());
    let mut out = io::stdout().lock();
    writeln!(out, "server      {url}")?;
    writeln!(out, "logs, data  {}", server.directory().display())?;
    writeln!(out, "\nexport KUBECONFIG={}\n", kubeconfig.display())?;
    writeln!(out, "Ctrl-C ends it.")?;
    runtime.block_on(signal);
    Ok(())
}
