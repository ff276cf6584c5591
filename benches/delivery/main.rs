//! What do events and delivery cost? Prints budgets and ratios and writes them to `benches/delivery.md`.
//!
//! Budgets: off costs 1 us, on 20 us in the median and 1 ms at the 99th percentile; a server that never
//! answers delays no command; 100 events in one upload take 8 bytes each; memory stays flat over an outage of
//! 100 000 parcels.

mod events;
mod outage;
mod page;

use std::path::Path;

fn main() -> anyhow::Result<()> {
    let mut page = String::from(
        "# Benches of events and delivery

Written by `make bench`. Times are of one machine on one day, and medians unless something else is said.

| what | budget | measured | holds |
|---|---|---|---|
",
    );
    events::lines(&mut page)?;
    outage::lines(&mut page)?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("delivery.md");
    std::fs::write(file, &page)?;
    show(&page);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a bench prints its result")]
fn show(page: &str) {
    println!("{page}");
}
