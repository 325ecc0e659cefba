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

# hear VOICE NAME WRITTEN SPOKEN: speaks what is written, and judges it by what should be heard. Keys before a tab.
hear() {
    local clips=$home/clips/$1-$2
    rm -rf "$clips"
    mkdir -p "$clips"
    while IFS=$'\t' read -r key text; do
        "$langdu" synth - --voice "$1" ${LANGDU_VOICES:+--voices "$LANGDU_VOICES"} --output "$clips/$key.wav" <<<"$text"
    done <"$3"
    "$home/venv/bin/python" "$shared/listen/listen.py" --model "$home/whisper-base" "$clips" "$4" | tee "$clips/heard.txt"
    errors=$(sed -n 's/^clips .* PER \([0-9.]*\)%.*/\1/p' "$clips/heard.txt")
    echo "$1, $2: $errors % of the syllables misheard"
}

worst=0
own=$project/tools/listen/sentences.tsv
mkdir -p "$home"
cut -f1,2 "$own" >"$home/written.tsv"
cut -f1,3 "$own" >"$home/spoken.tsv"
for voice in "${@:-zf_xiaoxiao}"; do
    # Figures, names, letters: what no letter of is Chinese is not judged, so the limit is not for these.
    hear "$voice" own "$home/written.tsv" "$home/spoken.tsv"
    hear "$voice" shared "$shared/listen/sentences.tsv" "$shared/listen/sentences.tsv"
    awk -v errors="$errors" -v most="$most" 'BEGIN { exit !(errors > most) }' && worst=1
done
exit "$worst"
