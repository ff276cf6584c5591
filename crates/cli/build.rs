//! Finds out from which commit the program is built, for `ktel version`.

use std::process::Command;

fn main() {
    // A build without git, such as of a package, names its commit and its date itself.
    println!("cargo:rerun-if-env-changed=SOURCE_COMMIT");
    println!("cargo:rerun-if-env-changed=SOURCE_DATE");
    if let Some(head) = git(&["rev-parse", "--git-path", "logs/HEAD"]) {
        println!("cargo:rerun-if-changed={head}");
    }
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let commit = given("SOURCE_COMMIT").or_else(|| git(&["log", "-1", "--format=%h"]));
    let date = given("SOURCE_DATE").or_else(|| git(&["log", "-1", "--format=%cs"]));
    let unknown = || "unknown".to_owned();
    println!("cargo:rustc-env=BUILD_COMMIT={}", commit.unwrap_or_else(unknown));
    println!("cargo:rustc-env=BUILD_DATE={}", date.unwrap_or_else(unknown));
    println!("cargo:rustc-env=BUILD_TARGET={}", given("TARGET").unwrap_or_else(unknown));
}

fn git(words: &[&str]) -> Option<String> {
    let output = Command::new("git").args(words).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
