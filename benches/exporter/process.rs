//! A contestant as a process: its CPU time and its peak memory, as the kernel counts them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

/// The kernel counts CPU time in these; the same on every Linux.
const TICKS_A_SECOND: f64 = 100.0;

/// A process that ends when this is dropped.
pub(crate) struct Process(Child);

/// What a process has used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Used {
    pub(crate) cpu: Duration,
    pub(crate) peak_mib: f64,
}

impl Process {
    /// Starts a program with its output in a file.
    pub(crate) fn start(command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let log = fs::File::create(log)?;
        let process = command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).spawn();
        Ok(Self(process.with_context(|| format!("start {command:?}"))?))
    }

    pub(crate) fn used(&self) -> anyhow::Result<Used> {
        let of = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", self.0.id()));
        let stat = of("stat")?;
        let fields = stat.rsplit_once(')').context("the name in parentheses")?.1;
        // User and system time are the 12th and 13th field behind the name.
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks: f64 = times.map(|ticks| ticks.parse::<f64>().unwrap_or(0.0)).sum();
        let status = of("status")?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("VmHWM")?;
        let peak: f64 = peak.split_whitespace().next().context("a number")?.parse()?;
        Ok(Used { cpu: Duration::from_secs_f64(ticks / TICKS_A_SECOND), peak_mib: peak / 1024.0 })
    }

    pub(crate) fn has_ended(&mut self) -> anyhow::Result<bool> {
        Ok(self.0.try_wait()?.is_some())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Builds the program as the bench itself is built, unless `KTEL_BENCH_PROGRAM` names one.
pub(crate) fn build_ktel() -> anyhow::Result<PathBuf> {
    if let Some(program) = std::env::var_os("KTEL_BENCH_PROGRAM") {
        return Ok(program.into());
    }
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--package", "ktel-cli", "--manifest-path"]).arg(&manifest);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    ensure!(cargo.status()?.success(), "ktel cannot be built");
    let bench = std::env::current_exe()?; // target/PROFILE/deps/NAME
    let profile = bench.ancestors().nth(2).context("the folder of the profile")?;
    Ok(profile.join("ktel"))
}
