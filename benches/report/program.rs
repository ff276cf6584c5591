//! The program itself: how much memory it takes to search for meshes, how fast it starts, how large it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::cluster::{Cluster, PODS};
use crate::page::{line, median};

const MIB: u64 = 1 << 20;
const STARTS: usize = 50;

pub(crate) fn section(cluster: &Cluster) -> anyhow::Result<String> {
    let program = build()?;
    let search = search(&program, cluster)?;
    let start = starts(&program)?;
    let size = fs::metadata(&program)?.len();
    let mut out = String::from(
        "\n## The program\n\n| what | budget | measured | holds |\n|---|---|---|---|\n",
    );
    let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / MIB as f64);
    let what = "peak memory of `mesh-detect`";
    line(&mut out, what, "64 MiB", &mib(search.peak_bytes), search.peak_bytes <= 64 * MIB);
    let passes = search.pod_pages as f64 * 500.0 / PODS as f64;
    line(&mut out, "passes over pods", "1", &format!("{passes:.2}"), passes <= 1.0);
    let millis = start.as_secs_f64() * 1e3;
    line(&mut out, "`ktel --version`", "10 ms", &format!("{millis:.1} ms"), millis <= 10.0);
    line(&mut out, "size, stripped", "25 MiB", &mib(size), size <= 25 * MIB);
    out.push_str(&format!("\n`mesh-detect` took {:.1} s.\n", search.time.as_secs_f64()));
    Ok(out)
}

fn build() -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").context("find cargo")?;
    let status =
        Command::new(cargo).args(["build", "--release", "--package", "ktel-cli"]).status()?;
    anyhow::ensure!(status.success(), "ktel does not build");
    // A bench stands in `release/deps`, beside which cargo puts programs.
    let bench = std::env::current_exe()?;
    let program = bench.ancestors().nth(2).context("find target/release")?.join("ktel");
    anyhow::ensure!(program.is_file(), "`{}` is not there", program.display());
    Ok(program)
}

struct Search {
    peak_bytes: u64,
    pod_pages: usize,
    time: Duration,
}

fn search(program: &Path, cluster: &Cluster) -> anyhow::Result<Search> {
    let place = tempfile::tempdir()?;
    let kubeconfig = place.path().join("kubeconfig");
    fs::write(&kubeconfig, cluster.kubeconfig())?;
    let seen = cluster.counters.log().len();
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(["workflows", "run", "--jobs", "mesh-detect", "--kubeconfig"])
        .arg(&kubeconfig)
        .stdout(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak_bytes = 0;
    let ended = loop {
        peak_bytes = peak_bytes.max(peak(&status).unwrap_or(0));
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    anyhow::ensure!(ended.success(), "mesh-detect failed");
    anyhow::ensure!(peak_bytes > 0, "the peak of memory could not be read");
    let pages = cluster.counters.log().split_off(seen);
    let pod_pages = pages.iter().filter(|line| line.starts_with("GET /api/v1/pods?")).count();
    Ok(Search { peak_bytes, pod_pages, time: started.elapsed() })
}

/// Reads the highest resident memory so far, which the kernel keeps.
fn peak(status: &str) -> Option<u64> {
    let status = fs::read_to_string(status).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}

fn starts(program: &Path) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        let status = Command::new(program).arg("--version").stdout(Stdio::null()).status()?;
        times.push(started.elapsed());
        anyhow::ensure!(status.success(), "ktel --version failed");
    }
    Ok(median(times))
}
