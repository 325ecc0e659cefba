#!/usr/bin/env python3
"""How fast the default voice is beside onnxruntime on the 8-bit file it was made from; one thread each, in turns.

usage: compare.py kokoro-v1.0.int8.onnx [--rounds 5] [--say target/release/examples/say]

The file is what tools/voice/fetch.sh leaves; needs onnxruntime and numpy, and `cargo build --release --example say`.
A real-time factor is seconds of work for a second of speech without the silence around it: the same seconds for
both, those of the finished clips. The first line, of 8 syllables, is what a listener waits for first.
"""
import argparse, re, statistics, subprocess, tempfile, time
from pathlib import Path

import numpy as np
import onnxruntime

VOICE = Path(__file__).resolve().parents[2] / "voices/kokoro"
LINES = [
    "guan1yu2 fang4jia4 an1pai2 tong1zhi1。",
    "qing3 guang3da4 shi4min2 zuo4hao3 fang2xun4 zhun3bei4。",
    "gen1ju4 guo2wu4yuan4 ban4gong1ting1 you3guan1 jing1shen2，xian4 jiang1 an1pai2 gong1gao4 ru2xia4。",
    "ban4li3 di4dian3 wei2 zheng4wu4 fu2wu4 zhong1xin1 er4 lou2，shang4wu3 jiu3 dian3 dao4 xia4wu3 wu3 dian3。",
    "wei4 jin4yi2bu4 you1hua4 ying2shang1 huan2jing4，qie4shi2 jian3qing1 qi3ye4 fu4dan1，jing1 yan2jiu1 tong2yi4，"
    "jue2ding4 kai1zhan3 zhuan1xiang4 zheng3zhi4 gong1zuo4。",
]
ARROWS = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
MARKS = {"，": ",", "。": "."}


def table(name):
    rows = (line.rstrip("\n").split("\t") for line in open(VOICE / name, encoding="utf-8") if not line.startswith("# "))
    return dict(row for row in rows if len(row) == 2)


def numbers(line, symbols, syllables):
    """As src/engine/neural/symbols.rs spells it."""
    spelt = re.sub(r"([a-zê]+)([1-5])", lambda m: syllables[m[1]].replace("_", ARROWS[m[2]]), line)
    spelt = "".join(MARKS.get(c, c) for c in spelt)
    return [int(symbols[c]) for c in spelt]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--say", default="target/release/examples/say")
    args = parser.parse_args()

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(args.model, options)
    styles = np.fromfile(VOICE / "styles/zf_xiaoxiao.bin", "<f4").reshape(-1, 1, 256)
    symbols, syllables = table("symbols.tsv"), table("syllables.tsv")
    inputs = []
    for line in LINES:
        ids = numbers(line, symbols, syllables)
        inputs.append({"tokens": np.array([[0, *ids, 0]]), "style": styles[len(ids) - 1], "speed": np.ones(1, np.float32)})
    session.run(None, inputs[0])

    theirs, ours, speech = [], [], []
    for _ in range(args.rounds):
        took = []
        for each in inputs:
            begun = time.perf_counter()
            session.run(None, each)
            took.append(time.perf_counter() - begun)
        theirs.append(took)
        with tempfile.TemporaryDirectory() as out:
            said = subprocess.run(
                [args.say, VOICE, out, "zf_xiaoxiao", "1.0", "1"],
                input="".join(f"{n}\t{line}\n" for n, line in enumerate(LINES)), capture_output=True, text=True, check=True,
            ).stdout
        rows = re.findall(r"^\d+: .* ([\d.]+) s of speech in ([\d.]+) s$", said, re.M)
        ours.append([float(took) for _, took in rows])
        speech = [float(seconds) for seconds, _ in rows]
        memory = re.search(r"VmHWM: *(\d+)", said)

    total = sum(speech)
    for name, rounds in (("onnxruntime", theirs), ("langdu", ours)):
        factor = statistics.median(sum(took) for took in rounds) / total
        first = statistics.median(took[0] for took in rounds)
        print(f"{name:12} {factor:.3f} of real time, first {speech[0]:.2f} s of speech in {first:.3f} s")
    ratio = [sum(a) / sum(b) for a, b in zip(ours, theirs)]
    first = [a[0] / b[0] for a, b in zip(ours, theirs)]
    print(f"langdu / onnxruntime: {statistics.median(ratio):.2f} ({min(ratio):.2f} to {max(ratio):.2f}), "
          f"first clip {statistics.median(first):.2f} ({min(first):.2f} to {max(first):.2f})")
    if memory:
        print(f"most memory of langdu's process: {int(memory[1]) / 1024:.0f} MB")


if __name__ == "__main__":
    main()
