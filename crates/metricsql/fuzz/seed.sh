#!/usr/bin/env bash
# Makes the seeds of the fuzz targets from the corpus of the tests, one file for each query:
#   seed.sh FOLDER
set -euo pipefail
mkdir -p "$1"/{parse,round_trip,enforce}
seeds=$(cd "$1" && pwd)
cd "$(dirname "$0")/../tests/corpus"
number=0
grep -hv -e '^$' -e '^## ' -e '^=> ' -e '^!! ' ./*.txt | while IFS= read -r query; do
  number=$((number + 1))
  for target in parse round_trip enforce; do
    printf '%s' "${query//⏎/$'\n'}" >"$seeds/$target/seed-$number"
  done
done
