#!/usr/bin/env bash
# Scores the reading front end against the gold files and fails where a floor does not hold.
#
# usage: tools/gold.sh [BINARY]
# The gold files are not part of the project: LANGDU_SHARED names the folder that holds gold/score.py.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=${1:-target/debug/langdu}
shared=${LANGDU_SHARED:-../shared}

if [ ! -f "$shared/gold/score.py" ]; then
  echo "skipped: no gold files in $shared/gold"
  [ -z "${LANGDU_DEMAND_SHARED:-}" ] || exit 1
  exit 0
fi

# What is scored, the filter that answers, the least percentage that must be reached.
floors="
spoken        spoken     99
pronunciation pronounce  98.5
segments      segment    96
headings      segment    95
"

passed=0 failed=0
while read -r what filter floor; do
  [ -n "$what" ] || continue
  last=$(python3 "$shared/gold/score.py" "$what" -- "$binary" "$filter" | tail -n 1)
  figure=$(grep -oE '[0-9.]+%' <<<"$last" | head -n 1 | tr -d %)
  if awk "BEGIN { exit !($figure >= $floor) }"; then
    passed=$((passed + 1))
    echo "ok   $last (floor $floor%)"
  else
    failed=$((failed + 1))
    echo "FAIL $last (floor $floor%)"
  fi
done <<<"$floors"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
