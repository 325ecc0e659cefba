#!/usr/bin/env bash
# Makes the Baker voice from its Python package, as an operator does, and has it speak. Needs pip's network.
#
#   tools/voice/baker/test.sh        LANGDU names the program (default: the debug build)
#
# The voice is made in a folder that is thrown away: its licence is unclear, and it is no part of the project.
set -euo pipefail

project=$(cd "$(dirname "$0")/../../.." && pwd)
langdu=${LANGDU:-$project/target/debug/langdu}
"$project/tools/setup-tests.sh" baker
voices=$(mktemp -d)
trap 'rm -rf "$voices"' EXIT

"$langdu" voices install baker --yes --into "$voices" </dev/null
left=$(find "$voices" -mindepth 1 -maxdepth 1 ! -name baker)
[ -z "$left" ] || { echo "left behind: $left" >&2; exit 1; }
"$langdu" voices check --voices "$voices"
"$langdu" voices sample baker --voices "$voices" --output "$voices/sample.wav"
bytes=$(wc -c <"$voices/sample.wav")
# About 25 seconds of 24,000 samples of two bytes.
((bytes > 15 * 48000 && bytes < 40 * 48000)) || { echo "the sample has $bytes bytes" >&2; exit 1; }
echo "baker: made, checked and heard"
