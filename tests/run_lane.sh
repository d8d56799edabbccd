#!/usr/bin/env bash
# run_lane.sh PRESET LABEL: the tests with LABEL of another preset's build, as one ctest case.
set -euo pipefail
preset=$1 label=$2

if [[ ! -f build/$preset/build.ninja ]]; then
  echo "skipped: the preset $preset is not built; ./dev test builds it"
  exit 77
fi
# The summary and what failed; nobody reads a thousand lines that say "Passed".
ctest --test-dir "build/$preset" -L "$label" -j "$(nproc)" --output-on-failure --no-tests=error |
  grep -vE '^ *Start +[0-9]+:|^ *[0-9]+/[0-9]+ Test .* Passed '
