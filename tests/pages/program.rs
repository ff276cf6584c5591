//! The program, built from the sources at hand.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Gives the program, built from the sources at hand.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let cargo = std::env::var_os("CARGO").expect("tests run under cargo");
        let status = Command::new(cargo)
            // Of the crates that `cargo test --workspace` built; with `--package`, many would be built again.
            .args(["build", "--quiet", "--workspace", "--bin", "ktel"])
            .status()
            .expect("cargo can be started");
        assert!(status.success(), "ktel does not build");
        // Tests stand in `deps`, beside which cargo puts programs.
        let test = std::env::current_exe().expect("a test knows where it is");
        let program = test.ancestors().nth(2).expect("target/debug").join("ktel");
        assert!(program.is_file(), "`{}` is not there", program.display());
        program
    })
}
