//! `cargo xtask size`: the budget of the release program's size.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

const MIB: u64 = 1024 * 1024;
/// A node pulls it within seconds over a slow link, and it is a small part of any image of a product. It was 20 MiB before the
/// exporter. `benches/size.md` says what each part costs.
const BUDGET: u64 = 25 * MIB;

pub(crate) fn run(binary: &Path) -> anyhow::Result<()> {
    let size = fs::metadata(binary).with_context(|| format!("read `{}`", binary.display()))?.len();
    let said = compare(size)?;
    #[expect(clippy::print_stdout, reason = "a chore talks to its user")]
    {
        println!("`{}` has {said}", binary.display());
    }
    Ok(())
}

fn compare(size: u64) -> anyhow::Result<String> {
    let (size_mib, budget_mib) = (in_mib(size), in_mib(BUDGET));
    ensure!(
        size <= BUDGET,
        "the program has {size_mib} MiB, and the budget is {budget_mib} MiB; \
         find what grew with `cargo bloat --release --crates -p ktel-cli`, or change the budget with a reason"
    );
    Ok(format!("{size_mib} MiB of {budget_mib} MiB"))
}

/// Rounds up, so that a number within the budget never reads like one beyond it and the reverse.
fn in_mib(bytes: u64) -> String {
    let tenths = (bytes * 10).div_ceil(MIB);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::{BUDGET, compare};

    #[test]
    fn a_program_may_have_its_budget_and_no_byte_more() {
        assert_eq!(compare(BUDGET).unwrap(), "25.0 MiB of 25.0 MiB");
        let error = compare(BUDGET + 1).unwrap_err().to_string();
        assert!(error.starts_with("the program has 25.1 MiB, and the budget is 25.0"), "{error}");
    }
}
