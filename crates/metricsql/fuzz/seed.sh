#!/usr/bin/env bash
# Makes the seeds of the fuzz targets from the corpus of the tests, one file for each query:
#   seed.sh FOLDER
set -euo pipefail
mkdir -p "$1"/{parse,round_trip,enforce,victoria_metrics}
seeds=$(cd "$1" && pwd)
cd "$(dirname "$0")/../tests/corpus"
number=0
{ grep -hv -e "^$" -e "^## " -e "^=> " -e "^!! " ./*.txt; cat ../../fuzz/ending.txt; } | while IFS= read -r query; do
  number=$((number + 1))
  for target in parse round_trip enforce victoria_metrics; do
    printf '%s' "${query//⏎/$'\n'}" >"$seeds/$target/seed-$number"
  done
done
# And for the real server, bytes that choose shapes.
for number in $(seq 500); do
  LC_ALL=C awk -v seed="$number" 'BEGIN { srand(seed); for (i = 0; i < 60; i++) printf "%c", 1 + int(rand() * 255) }' \
    >"$seeds/victoria_metrics/shape-$number"
done
