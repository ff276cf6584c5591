//! A courier: how many reports a second, and how much memory over a long outage.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use ktel::destination::{ReportServer, Tokens};
use ktel_delivery::courier::{self, Carrier, Clock};
use ktel_delivery::spool::{Bounds, Durability, Full, Settings, Spool};
use ktel_delivery::verdict::Trouble;
use ktel_delivery::{Parcel, Verdict};
use ktel_testkit::capture::Http;

use crate::page::line;

const NOW: Duration = Duration::from_secs(1_790_000_000);
const REPORT_BYTES: usize = 2048;
const REPORTS: usize = 2000;
const PARCELS: usize = 100_000;
const MIB: f64 = (1 << 20) as f64;

pub(crate) fn lines(out: &mut String) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let place = tempfile::tempdir()?;
    let rate = runtime.block_on(rate(&place.path().join("rate")))?;
    line(
        out,
        "reports of 2 KiB delivered over HTTP on loopback",
        "-",
        &format!("{rate:.0} a second"),
        true,
    );
    let before = resident()?;
    let spool = spool(&place.path().join("outage"));
    let start = Instant::now();
    for number in 0..PARCELS {
        spool.push(&parcel("there", number, 300), NOW)?;
    }
    let pushed = start.elapsed();
    let after_push = resident()?;
    let delivered = runtime.block_on(after_outage(&spool))?;
    anyhow::ensure!(delivered == PARCELS as u64, "{delivered} of {PARCELS} arrived");
    let after = resident()?;
    let grown = (after.max(after_push) - before).max(0.0);
    let what = "memory that 100 000 parcels add while they wait and when they go";
    line(out, what, "8 MiB", &format!("{grown:.1} MiB"), grown <= 8.0);
    let each = pushed.as_secs_f64() * 1e6 / PARCELS as f64;
    line(out, "one push into a spool that fills to 100 000", "-", &format!("{each:.1} us"), true);
    Ok(())
}

fn spool(path: &std::path::Path) -> Spool {
    let bounds = Bounds { bytes: 128 << 20, parcels: 200_000, age: Duration::from_secs(86_400) };
    let settings = Settings { bounds, full: Full::RejectNew, durability: Durability::Written };
    Spool::in_directory(path, settings)
}

fn parcel(to: &str, number: usize, bytes: usize) -> Parcel {
    Parcel {
        to: to.to_owned(),
        key: format!("{number:032x}"),
        content_type: "application/json".into(),
        body: vec![b'x'; bytes].into(),
    }
}

fn clock() -> Clock {
    Clock { now: || NOW, jitter: || 0.0 }
}

async fn rate(path: &std::path::Path) -> anyhow::Result<f64> {
    let server = Http::start();
    let Ok(ReportServer::Remote(remote)) = server.url().parse() else {
        anyhow::bail!("a server behind a network")
    };
    let sender = remote.sender(&Tokens::default(), || NOW)?;
    let spool = spool(path);
    for number in 0..REPORTS {
        spool.push(&parcel(remote.url(), number, REPORT_BYTES), NOW)?;
    }
    let start = Instant::now();
    let deadline = tokio::time::Instant::now() + Duration::from_secs(60);
    let account = courier::deliver(&spool, &sender, deadline, clock(), |_, _| ()).await?;
    anyhow::ensure!(account.accepted == REPORTS as u64, "{account:?}");
    Ok(REPORTS as f64 / start.elapsed().as_secs_f64())
}

/// Down for its first exchange, then taking everything.
struct Outage(AtomicBool);

impl Carrier for Outage {
    fn carry<'a>(
        &'a self,
        _parcel: &'a Parcel,
    ) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        let verdict = if self.0.swap(false, Ordering::Relaxed) {
            Verdict::retry(Trouble::Unavailable, "down")
        } else {
            Verdict::Accepted
        };
        Box::pin(std::future::ready(verdict))
    }
}

async fn after_outage(spool: &Spool) -> anyhow::Result<u64> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(120);
    let outage = Outage(AtomicBool::new(true));
    let account = courier::deliver(spool, &outage, deadline, clock(), |_, _| ()).await?;
    Ok(account.accepted)
}

/// How much memory this process holds, in MiB.
fn resident() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("find VmRSS")?;
    let kib = line.split_whitespace().nth(1).context("read VmRSS")?;
    Ok(kib.parse::<f64>()? * 1024.0 / MIB)
}
