//! Other programs.

use std::process::Command;

use anyhow::{Context, ensure};

/// Runs a program and gives what it printed.
pub(super) fn said(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().with_context(|| format!("start {command:?}"))?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {error}");
    String::from_utf8(output.stdout).with_context(|| format!("read what {command:?} prints"))
}
