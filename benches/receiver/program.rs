//! `ktel serve` as a process of its own, so that its memory is nobody else's.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::Context;

/// How the program is built: as the bench itself.
pub(crate) const PROFILE: &str = if cfg!(debug_assertions) { "dev" } else { "release" };

pub(crate) struct Program {
    process: Child,
    _folder: tempfile::TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Program {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut serve = Command::new(build()?);
        serve.args(["serve", "--listen", "127.0.0.1:0", "--store"]).arg(folder.path());
        let mut process = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let said = BufReader::new(process.stdout.take().context("it was piped")?);
        let mut token = None;
        for line in said.lines() {
            match line?.split_once("  ") {
                Some(("ingest token", it)) => token = Some(it.to_owned()),
                Some(("listening on", url)) => {
                    let address = url.strip_prefix("http://").context("a plain address")?;
                    let (address, token) = (address.parse()?, token.context("a token")?);
                    return Ok(Self { process, _folder: folder, address, token });
                }
                _ => {}
            }
        }
        anyhow::bail!("it ended without listening")
    }

    pub(crate) fn memory_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()).context("VmRSS")?;
        Ok(number.parse()?)
    }

    /// Counts its open files, which are connections but for a few.
    pub(crate) fn connections(&self) -> anyhow::Result<usize> {
        Ok(std::fs::read_dir(format!("/proc/{}/fd", self.process.id()))?.count())
    }

    pub(crate) fn end(&mut self) -> anyhow::Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.end().ok(); // it may have ended
    }
}

fn build() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").context("find cargo")?;
    let build = ["build", "--profile", PROFILE, "--package", "ktel-cli"];
    let status = Command::new(cargo).args(build).status()?;
    anyhow::ensure!(status.success(), "ktel does not build");
    // A bench stands in `release/deps`, beside which cargo puts programs.
    let bench = std::env::current_exe()?;
    let program = bench.ancestors().nth(2).context("find target/release")?.join("ktel");
    anyhow::ensure!(program.is_file(), "`{}` is not there", program.display());
    Ok(program)
}
