#!/usr/bin/env bash
# Is what langdu says understood? Speaks test sentences and has a recogniser write down what it hears.
#
#   tools/listen.sh [VOICE...]        default: zf_xiaoxiao; see docs/listening.md
#
# The sentences and the judge are not part of this project: LANGDU_SHARED names the folder that holds
# listen/setup.sh, listen/listen.py and listen/sentences.tsv (default: ../shared beside the project).
# What they need is set up once in .listen. LANGDU names the program (default: the release build).
# Ends with an error where a voice is worse than LANGDU_MOST_ERRORS percent of syllables (default 4).
set -euo pipefail

project=$(cd "$(dirname "$0")/.." && pwd)
shared=${LANGDU_SHARED:-$project/../shared}
langdu=${LANGDU:-$project/target/release/langdu}
most=${LANGDU_MOST_ERRORS:-4}
home=$project/.listen

if [ ! -f "$shared/listen/listen.py" ]; then
    echo "skipped: no listening test in $shared" >&2
    [ "${LANGDU_DEMAND_SHARED:-}" != 1 ]
    exit
fi
[ -f "$home/whisper-base/model.bin" ] || bash "$shared/listen/setup.sh" "$home"

worst=0
for voice in "${@:-zf_xiaoxiao}"; do
    clips=$home/clips/$voice
    rm -rf "$clips"
    mkdir -p "$clips"
    while IFS=$'\t' read -r key text; do
        "$langdu" synth - --voice "$voice" --output "$clips/$key.wav" <<<"$text"
    done <"$shared/listen/sentences.tsv"
    heard=$("$home/venv/bin/python" "$shared/listen/listen.py" --model "$home/whisper-base" \
        "$clips" "$shared/listen/sentences.tsv")
    echo "$heard"
    errors=$(sed -n 's/^clips .* PER \([0-9.]*\)%.*/\1/p' <<<"$heard")
    echo "$voice: $errors % of the syllables misheard"
    awk -v errors="$errors" -v most="$most" 'BEGIN { exit !(errors > most) }' && worst=1
done
exit "$worst"
