#!/usr/bin/env bash
# What is each rule of reading worth? Says the sentences in the ways of examples/ways.rs and has a recogniser judge each.
#
#   tools/listen/ways.sh [VOICE...]        default: zf_xiaoxiao; needs what tools/listen.sh needs
set -euo pipefail

project=$(cd "$(dirname "$0")/../.." && pwd)
shared=${LANGDU_SHARED:-$project/../shared}
home=$project/.listen
[ -f "$home/whisper-base/model.bin" ] || bash "$shared/listen/setup.sh" "$home"
cd "$project"
cargo build --locked --release --example ways

own=tools/listen/sentences.tsv
cut -f1,2 "$own" >"$home/written.tsv"
cut -f1,3 "$own" >"$home/spoken.tsv"
for voice in "${@:-zf_xiaoxiao}"; do
    for name in shared own; do
        case $name in
            shared) written=$shared/listen/sentences.tsv spoken=$written ;;
            own) written=$home/written.tsv spoken=$home/spoken.tsv ;;
        esac
        clips=$home/ways/$voice-$name
        rm -rf "$clips"
        cut -f1,2 "$written" | target/release/examples/ways voices/kokoro "$clips" "$voice"
        for way in "$clips"/*/; do
            "$home/venv/bin/python" "$shared/listen/listen.py" --model "$home/whisper-base" "$way" "$spoken" >"$way/heard.txt"
            echo "$voice, $name, $(basename "$way"): $(tail -1 "$way/heard.txt")"
        done
    done
done
