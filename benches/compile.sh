#!/usr/bin/env bash
# Compares what two programs cost to compile from nothing: one that records usage events, and one
# that names the whole library. Prints a table of Markdown. Takes about three minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

program() { # name of the crate, its folder
  mkdir -p "$work/$1/src"
  cat >"$work/$1/Cargo.toml" <<END
[package]
name = "program"
edition = "2024"
[workspace]
[dependencies]
$1 = { path = "$repository/crates/$2" }
END
  echo 'fn main() {}' >"$work/$1/src/main.rs"
  cp Cargo.lock "$work/$1/"
  cargo fetch --quiet --manifest-path "$work/$1/Cargo.toml"
}

# CPU time depends less on what else runs than the time on the clock does.
cpu_seconds() {
  TIMEFORMAT='%U %S'
  { time CARGO_TARGET_DIR=$work/target-$1 cargo build --quiet --offline --manifest-path "$work/$1/Cargo.toml"; } 2>&1 \
    | tail -1 | awk '{ printf "%.0f", $1 + $2 }'
}

packages() {
  cargo tree --offline --edges normal,build --prefix none --no-dedupe --manifest-path "$work/$1/Cargo.toml" | sort -u | wc -l
}

program ktel-usage usage
program ktel ktel
echo '| | `ktel-usage` | `ktel` | ratio |'
echo '|---|---|---|---|'
row() { awk -v what="$1" -v a="$2" -v b="$3" 'BEGIN { printf "| %s | %s | %s | %.2f |\n", what, a, b, a / b }'; }
row 'packages' "$(packages ktel-usage)" "$(packages ktel)"
row 'CPU seconds, debug build' "$(cpu_seconds ktel-usage)" "$(cpu_seconds ktel)"
