#!/usr/bin/env bash
# What schemathesis makes of /openapi.json, sent to a real process: tools/abuse/schemathesis.sh [REQUESTS]
#
#   LANGDU_ABUSE=hum       the humming service without limits (default: synthesis does not hold things up)
#   LANGDU_ABUSE=limits    the same with the limits of `langdu serve`: 429 and 503 are met
#   LANGDU_ABUSE=real      `langdu serve` with its voice, without limits
#   LANGDU_SEED=7          another course of events
#   LANGDU_PROFILE=release another build
#
# 1. schemathesis comes from PyPI into target/schemathesis (it is no part of langdu);
# 2. it is run with one seed after the other until so many requests were answered;
# 3. no 5xx but an announced 503, every answer as it is described, the process lives, gives back its descriptors,
#    has not grown beyond a bound, and wrote nothing outside its data folder.
set -euo pipefail
cd "$(dirname "$0")/../.."

requests=${1:-3000}
mode=${LANGDU_ABUSE:-hum}
profile=${LANGDU_PROFILE:-debug}
release=()
[ "$profile" = debug ] || release=(--release)

venv=target/schemathesis
[ -x $venv/bin/schemathesis ] || { python3 -m venv $venv && $venv/bin/pip install --quiet schemathesis==4.32.5 blake3; }
cargo build --quiet --locked "${release[@]}" --bin langdu --example hum

exec $venv/bin/python tools/abuse/attempts.py --requests "$requests" --mode "$mode" \
  --build "target/$profile" --seed "${LANGDU_SEED:-20260503}"
