//! What does a report cost on a large cluster? Prints ratios and writes them to `benches/README.md`.
//!
//! Budgets: counting takes 100 times fewer bytes and 50 times less time than by pages of 100; a search for
//! meshes stays below 64 MiB and reads every pod once; the program starts in 10 ms and fits in 25 MiB.

mod cluster;
mod counting;
mod page;
mod program;

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let cluster = cluster::Cluster::start()?;
    let mut page = format!(
        "# Benches

Written by `make bench`. Times are of one machine on one day; what counts is the ratio, since both sides were
measured in the same run, as medians.

The cluster: {} pods, {} nodes, {} services, made up and served over HTTP on loopback.
",
        cluster::PODS,
        cluster::NODES,
        cluster::SERVICES
    );
    page.push_str(&counting::section(&cluster)?);
    page.push_str(&program::section(&cluster)?);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    std::fs::write(file, &page)?;
    show(&page);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn show(page: &str) {
    println!("{page}");
}
