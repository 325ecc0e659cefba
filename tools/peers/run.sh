#!/usr/bin/env bash
# Pace and accuracy of langdu beside other front ends, in one run, one after the other, one thread each.
#
# usage: tools/peers/run.sh
# Needs Rust, Python 3 with venv, and the notices and gold files (LANGDU_SHARED). Everything that is installed goes
# into target/peers. A peer gets every fifth sentence of the notices and then the gold items; where it
# cannot answer, nothing is printed for it. How fast langdu reads whole notices is what examples/pace.rs tells.
set -euo pipefail
cd "$(dirname "$0")/../.."
shared=${LANGDU_SHARED:-../shared}
work=target/peers
mkdir -p $work

cargo build --release --locked
CARGO_TARGET_DIR=$work cargo build --release --locked --manifest-path tools/peers/Cargo.toml
[ -x $work/venv/bin/python ] || python3 -m venv $work/venv
$work/venv/bin/pip install -q wetext==0.1.8 WeTextProcessing==1.2.0 pypinyin==0.55.0 jieba==0.42.1
fsts=$($work/venv/bin/python -c 'import os, wetext; print(os.path.join(os.path.dirname(wetext.__file__), "fsts"))')

cat "$shared"/notices/*.txt | target/release/langdu segment |
  python3 -c 'import json, sys
for line in sys.stdin:
    for text in json.loads(line): print(" ".join(text.split()))' | awk 'NR % 5 == 0' > $work/sentences
echo "$(wc -l < $work/sentences) sentences, $(wc -m < $work/sentences) characters"

# langdu is timed as a whole process, with the loading of its dictionaries.
timed() {
  python3 - "$@" <<'PY'
import subprocess, sys, time
text = open("target/peers/sentences", encoding="utf-8").read()
began = time.perf_counter()
subprocess.run(sys.argv[1:], input=text.encode(), stdout=subprocess.DEVNULL, check=True)
print(f"{len(text) / (time.perf_counter() - began):.0f} characters a second, start of the process included")
PY
}

report() {
  what=$1 name=$2
  shift 2
  if [ "$name" = langdu ]; then pace=$(timed "$@"); else pace=$("$@" 2>&1 >/dev/null < $work/sentences | tail -n 1); fi
  score=$(python3 "$shared/gold/score.py" "$what" -- "$@" 2>/dev/null | tail -n 1) || score="no answer"
  printf '%-14s %-18s %-24s %s\n' "$what" "$name" "$score" "$pace"
}

python=$work/venv/bin/python
report spoken langdu target/release/langdu spoken
report spoken wetext-rs $work/release/peer "$fsts"
report spoken wetext $python tools/peers/peers.py wetext
report spoken WeTextProcessing $python tools/peers/peers.py wetextprocessing
report pronunciation langdu target/release/langdu pronounce
report pronunciation pypinyin $python tools/peers/peers.py pypinyin
report pronunciation jieba+pypinyin $python tools/peers/peers.py jieba-pypinyin
