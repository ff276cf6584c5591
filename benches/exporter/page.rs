//! The page of this bench.

use std::fmt::Write;

use crate::contestants::Contestant;
use crate::outcome::Outcome;
use crate::scene::SAMPLES;

/// How many points a core-second the exporter has to deliver, beside the Collector from the store and fed with OTLP.
const TARGETS: [(Contestant, f64); 2] =
    [(Contestant::CollectorFederate, 10.0), (Contestant::CollectorOtlp, 5.0)];
/// The memory that the exporter may take, in MiB.
const MEMORY_TARGET: f64 = 64.0;

/// Writes the table of all, and what the targets say.
pub(crate) fn page(
    medians: &[(Contestant, Outcome)],
    series: usize,
    rounds: usize,
) -> anyhow::Result<String> {
    let mut page = format!(
        "# Bench of the exporter

Written by `cargo bench -p ktel-benches --bench exporter`. Of one machine with two cores on one day; what counts is the ratio.
VictoriaMetrics has {series} active series of 500 instances, with {SAMPLES} samples each in a minute. All ship them to the same
OTLP receiver, which counts points and keeps nothing. The contestants take turns, {rounds} rounds each; a row is the run whose CPU time is in the middle.
CPU time and memory are those of the contestant's process, as the kernel counts them.

ktel reads windows of a minute, and the Collector asks the store once a minute. It can read a store by `/federate` only, which
gives the newest sample of each series: what it loses of a minute is in the table. `Collector OTLP` is its best case: it is fed with one point of each series in requests of 1000, and neither reads
a store nor maps anything. vmagent takes no part: it writes no OTLP.

| | points | lost | CPU s a million points | points a core-second | peak memory | bytes a point on the wire | time |
|---|---|---|---|---|---|---|---|
"
    );
    for (contestant, outcome) in medians {
        let Outcome { arrived, used, took, .. } = outcome;
        writeln!(
            page,
            "| {} | {} | {} | {:.2} | {:.0} | {:.0} MiB | {:.1} | {:.1} s |",
            contestant.name(),
            arrived.points,
            outcome.lost(),
            outcome.cpu_a_million(),
            1e6 / outcome.cpu_a_million(),
            used.peak_mib,
            arrived.wire_bytes as f64 / arrived.points.max(1) as f64,
            took.as_secs_f64(),
        )?;
    }
    let of = |wanted: Contestant| {
        medians.iter().find(|(one, _)| *one == wanted).map(|(_, outcome)| outcome)
    };
    let Some(ours) = of(Contestant::KtelGzip) else { return Ok(page) };
    page.push_str("\n| `ktel gzip` | target | measured | holds |\n|---|---|---|---|\n");
    for (peer, target) in TARGETS {
        let Some(theirs) = of(peer) else { continue };
        let times = theirs.cpu_a_million() / ours.cpu_a_million();
        let what = format!("points a core-second beside `{}`", peer.name());
        row(
            &mut page,
            &what,
            &format!("{target} times"),
            &format!("{times:.1} times"),
            times >= target,
        )?;
    }
    let (peak, lost) = (ours.used.peak_mib, ours.lost());
    let target = format!("{MEMORY_TARGET} MiB");
    row(&mut page, "peak memory", &target, &format!("{peak:.0} MiB"), peak <= MEMORY_TARGET)?;
    row(&mut page, "points lost", "0", &lost.to_string(), lost == 0)?;
    Ok(page)
}

fn row(
    page: &mut String,
    what: &str,
    target: &str,
    measured: &str,
    holds: bool,
) -> std::fmt::Result {
    let holds = if holds { "yes" } else { "**no**" };
    writeln!(page, "| {what} | {target} | {measured} | {holds} |")
}
