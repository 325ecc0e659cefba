#!/usr/bin/env python3
"""How fast the Baker voice is beside onnxruntime on the same three networks; as many threads each, in turns.

usage: compare.py VOICE_FOLDER [--rounds 9] [--threads 1] [--say target/release/examples/say]

The folder is what `langdu voices install baker` makes; needs onnxruntime and numpy, and
`cargo build --release --example say`. langdu's time is that of the whole clip, with trimming and loudness; onnxruntime's
is that of the networks alone. A real-time factor is seconds of work for a second of the finished clips, for both.
"""
import argparse, re, statistics, subprocess, sys, tempfile, time
from pathlib import Path

import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from compare import LINES


def table(path):
    rows = (line.rstrip("\n").split("\t") for line in open(path, encoding="utf-8"))
    return dict(row for row in rows if len(row) == 2)


def numbers(line, symbols, syllables):
    """As src/engine/fastspeech/symbols.rs spells it."""
    names, parted = ["sil"], None
    for word in re.findall(r"[a-zê1-5]+|[，。]", line):
        if word in "，。":
            parted = "#3"
            continue
        for pinyin, tone in re.findall(r"([a-zê]+)([1-5])", word):
            names += ([parted] if parted else []) + syllables[pinyin].replace("_", tone).split(" ")
            parted = "#0"
        parted = "#1"
    return [int(symbols[name]) for name in [*names, "sil", "eos"]]


class Networks:
    def __init__(self, folder, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self.encoder, self.decoder, self.vocoder = (
            onnxruntime.InferenceSession(folder / f"{name}.onnx", options) for name in ("encoder", "decoder", "vocoder")
        )

    def say(self, ids):
        one = np.ones(1, np.float32)
        inputs = {"ids": np.array([ids]), "f0_ratio": one, "energy_ratio": one}
        hidden, frames = self.encoder.run(["hidden", "durations"], inputs)
        spread = np.repeat(hidden[0], np.round(frames[0]).astype(int), axis=0)[None]
        (mel,) = self.decoder.run(None, {"frames": spread})
        return self.vocoder.run(None, {"mel": mel})[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--say", default="target/release/examples/say")
    args = parser.parse_args()

    symbols, syllables = table(args.folder / "symbols.tsv"), table(args.folder / "syllables.tsv")
    inputs = [numbers(line, symbols, syllables) for line in LINES]
    networks = Networks(args.folder, args.threads)
    for ids in inputs:
        networks.say(ids)

    theirs, ours, speech = [], [], 0.0
    for _ in range(args.rounds):
        begun = time.perf_counter()
        for ids in inputs:
            networks.say(ids)
        theirs.append(time.perf_counter() - begun)
        with tempfile.TemporaryDirectory() as out:
            said = subprocess.run(
                [args.say, args.folder, out, "baker", "1.0", str(args.threads)],
                input="".join(f"{n}\t{line}\n" for n, line in enumerate(LINES)), capture_output=True, text=True, check=True,
            ).stdout
        all_of_them = re.search(r"^all: ([\d.]+) s of speech in ([\d.]+) s", said, re.M)
        speech = float(all_of_them[1])
        ours.append(float(all_of_them[2]))

    for name, rounds in (("onnxruntime", theirs), ("langdu", ours)):
        factors = [took / speech for took in rounds]
        print(f"{name:12} {statistics.median(factors):.3f} of real time ({min(factors):.3f} to {max(factors):.3f})")
    ratio = [a / b for a, b in zip(ours, theirs)]
    print(f"langdu / onnxruntime: {statistics.median(ratio):.2f} ({min(ratio):.2f} to {max(ratio):.2f})")


if __name__ == "__main__":
    main()
