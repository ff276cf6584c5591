//! What this repository needs done and cargo cannot say: `cargo xtask --help`.

use std::path::PathBuf;

use clap::Parser;

mod check;
mod generate;
mod image;
mod oci;
mod real;
mod release;
mod size;
mod tar;

/// Chores of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    /// Checks what cargo and clippy cannot: import circles, layers, limits, words, links, examples.
    Check {
        /// Fail on nothing; list types that share a name
        #[arg(long)]
        report: bool,
    },
    /// Writes the files that come from the standard and the command line.
    Generate {
        /// Write nothing; fail and name the files that are not fresh
        #[arg(long)]
        check: bool,
    },
    /// Makes the container image of a static program, as an OCI layout.
    Image(image::Image),
    /// Gets and starts the real programs that the tests run against.
    #[command(subcommand)]
    Real(real::Chore),
    /// Builds and packs what is published, and dates the changelog.
    Release(release::Release),
    /// Fails if the release program is larger than its budget.
    Size {
        /// The stripped release program
        #[arg(value_name = "FILE")]
        binary: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Chore::parse() {
        Chore::Check { report } => check::run(report),
        Chore::Generate { check } => generate::run(check),
        Chore::Image(image) => image::run(&image),
        Chore::Real(chore) => real::run(chore),
        Chore::Release(release) => release::run(&release),
        Chore::Size { binary } => size::run(&binary),
    }
}
