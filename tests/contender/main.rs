//! Campaigns for leases, and writes down when it leads: what `e2e/lease.rs` kills, stops and wakes.
//!
//! `contender KUBECONFIG LOG LEASE…` appends lines `LEASE TERM PROCESS MILLISECONDS` to the log.

use std::fs::{self, File};
use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use futures::future::try_join_all;
use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use ktel_lease::{Clock, Elector, Settings};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use tokio::time::sleep;

/// A fifth of the defaults, so that a test does not take minutes.
const SETTINGS: Settings = Settings {
    lease_duration: Duration::from_secs(3),
    renew_deadline: Duration::from_secs(2),
    retry_period: Duration::from_millis(500),
};
const HEARTBEAT: Duration = Duration::from_millis(20);

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "contender KUBECONFIG LOG LEASE…";
    let (kubeconfig, log) = arguments.next().zip(arguments.next()).context(usage)?;
    let leases: Vec<String> = arguments.collect();
    let log = File::options().append(true).create(true).open(log).context("open the log")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let options = KubeConfigOptions::default();
        let config = Kubeconfig::read_from(kubeconfig)?;
        let config = Config::from_custom_kubeconfig(config, &options).await?;
        let api = Api::<Lease>::namespaced(Client::try_from(config)?, "default");
        try_join_all(leases.iter().map(|lease| lead(api.clone(), lease, &log))).await?;
        Ok(())
    })
}

/// Leads whenever it may.
async fn lead(api: Api<Lease>, lease: &str, mut log: &File) -> anyhow::Result<()> {
    let process = std::process::id();
    let identity = format!("contender-{process}");
    let elector = Elector::new(api, lease, identity, Clock { now, jitter }, SETTINGS)?;
    let mut last = None;
    loop {
        let mut term = elector.campaign(last).await;
        last = Some(term.number);
        let (number, guard) = (term.number, term.guard());
        let acting = async {
            loop {
                // Before the check: a process that is stopped behind it was the leader at this moment.
                let at = uptime_ms()?;
                if guard.is_valid() {
                    log.write_all(format!("{lease} {number} {process} {at}\n").as_bytes())?;
                }
                sleep(HEARTBEAT).await;
            }
        };
        tokio::select! {
            failed = acting => return failed,
            _ = elector.hold(&mut term) => {}
        }
    }
}

/// Gives the time since the machine was started: the same for all processes.
fn uptime_ms() -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/uptime").context("read /proc/uptime")?;
    let seconds = text.split(' ').next().and_then(|text| text.parse::<f64>().ok());
    Ok((seconds.context("/proc/uptime begins with a number")? * 1000.0).round() as u64)
}

#[expect(clippy::disallowed_methods, reason = "a program reads the clock itself")]
fn now() -> Duration {
    Duration::try_from(Timestamp::now().as_duration()).unwrap_or_default()
}

fn jitter() -> f64 {
    f64::from(now().subsec_nanos() % 1000) / 1000.0
}
