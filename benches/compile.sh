#!/usr/bin/env bash
# Compares what programs cost to compile from nothing: one that only records usage events, one that
# uploads them too, and one that names the whole library. Prints a table of Markdown. Takes about four
# minutes on two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
repository=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

program() { # its name, the crate, its folder, more of the dependency
  mkdir -p "$work/$1/src"
  cat >"$work/$1/Cargo.toml" <<END
[package]
name = "program"
edition = "2024"
[workspace]
[dependencies]
$2 = { path = "$repository/crates/$3"$4 }
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

program record ktel-usage usage ', default-features = false'
program upload ktel-usage usage ''
program whole ktel ktel ''
echo '| | records | records and uploads | the whole library | ratios |'
echo '|---|---|---|---|---|'
row() { # what is counted, how
  awk -v what="$1" -v a="$($2 record)" -v b="$($2 upload)" -v c="$($2 whole)" \
    'BEGIN { printf "| %s | %s | %s | %s | %.2f, %.2f |\n", what, a, b, c, a / c, b / c }'
}
row 'packages' packages
row 'CPU seconds, debug build' cpu_seconds
