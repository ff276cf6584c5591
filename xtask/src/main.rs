//! What this repository needs done and cargo cannot say: `cargo xtask --help`.

use clap::Parser;

mod real;

/// Chores of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Gets and starts the real programs that the tests run against.
    #[command(subcommand)]
    Real(real::Chore),
}

fn main() -> anyhow::Result<()> {
    match Chore::parse() {
        Chore::Real(chore) => real::run(chore),
    }
}
