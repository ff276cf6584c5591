#!/usr/bin/env bash
# Makes the seeds of the fuzz targets from the corpus of the tests: one file for each query.
set -euo pipefail
cd "$(dirname "$0")"
for target in parse round_trip enforce; do
  mkdir -p "corpus/$target"
done
number=0
grep -hv -e '^$' -e '^## ' -e '^=> ' -e '^!! ' ../tests/corpus/*.txt | while IFS= read -r query; do
  number=$((number + 1))
  for target in parse round_trip enforce; do
    printf '%s' "${query//⏎/$'\n'}" >"corpus/$target/seed-$number"
  done
done
