#!/usr/bin/env python3
"""Learns src/reading/data/polyphones.tsv: which reading a polyphone has in its context.

usage: train.py LABELLED [--measure] [--hold-out-wikipedia]
needs: pip install jieba==0.42.1

LABELLED is a folder with `train.sent`/`train.lb` and `wikipedia/dev.sent`/`.lb`: one sentence a line, the
polyphone between two ▁, its reading on the same line of the `.lb` file. The sentences stay outside
the project; only weights go in.

The model is one linear classifier a character (averaged perceptron). Its features are what a
reader looks at: the neighbours, the words it stands in and beside, and what the phrase dictionary
says, so that it learns where the dictionary is to be believed. `src/reading/polyphone.rs` computes
the same features; a change here is a change there.

With --measure it prints accuracy on `dev.*` and on the half of the Wikipedia sentences that is then
not learned from.
"""
import argparse
import collections
import logging
import pathlib
import random
import re

import jieba

DATA = pathlib.Path(__file__).resolve().parent.parent.parent / "src" / "reading" / "data"
HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
FIGURES = set("零一二三四五六七八九十百千万亿两几")
DIGITS = dict(zip("0123456789", "零一二三四五六七八九"))
PAUSES = set("，。？！；：、,.?!;:…—")
ROUNDS = 12
LONGEST = 31


def spoken(sentence):
    """The sentence as the reader gets it, and where the polyphone stands."""
    out, at, marks = [], None, 0
    for c in sentence:
        if c == "▁":
            marks += 1
            if marks == 1:
                at = len(out)
        elif HAN.match(c):
            out.append(c)
        elif c in DIGITS:
            out.append(DIGITS[c])
        elif c.isascii() and c.isalpha():
            out.append("A")
        elif c in PAUSES:
            out.append("，")
    return "".join(out), at


def load_tables():
    one, phrases = {}, {}
    for line in (DATA / "characters.tsv").read_text("utf-8").splitlines():
        reading, chars = line.split("\t")
        one.update(dict.fromkeys(chars, reading))
    for line in (DATA / "phrases.tsv").read_text("utf-8").splitlines():
        phrase, readings = line.split("\t")
        phrases[phrase] = readings.split(" ")
    return one, phrases


def words_of(text):
    """Start of every word, and its end: words never cross a pause."""
    out, at = [], 0
    for word in jieba.cut(text, HMM=False):
        out.append((at, at + len(word)))
        at += len(word)
    return out


def is_word(text):
    """Whether the segmenter knows the word; nothing left over counts too."""
    return not text or jieba.dt.FREQ.get(text, 0) > 0


def dictionary(text, words, phrases):
    """What the phrase dictionary says for each character: (reading, length of phrase) or None."""
    starts, ends = {s for s, _ in words}, {e for _, e in words}
    word_at = [i for i, (s, e) in enumerate(words) for _ in range(s, e)]
    said = [None] * len(text)
    at = 0
    while at < len(text):
        for length in range(min(LONGEST, len(text) - at), 1, -1):
            end = at + length
            readings = phrases.get(text[at:end])
            word = words[word_at[at]]
            parted = (at in starts and end in ends) or (
                end <= word[1] and is_word(text[word[0]:at]) and is_word(text[end:word[1]]))
            if readings and parted:
                for i, reading in enumerate(readings):
                    said[at + i] = (reading, length)
                at = end
                break
        else:
            at += 1
    return said


def shape(c):
    return "#" if c in FIGURES else c


def features(text, at, words, said):
    """The names of what is seen around character `at`."""
    near = lambda i: shape(text[i]) if 0 <= i < len(text) else "。"
    l1, l2, l3, r1, r2, r3 = (near(at + d) for d in (-1, -2, -3, 1, 2, 3))
    index = next(i for i, (s, e) in enumerate(words) if s <= at < e)
    word = lambda i: text[words[i][0]:words[i][1]] if 0 <= i < len(words) else "。"
    start = words[index][0]
    out = ["*", "a" + l1, "b" + r1, "c" + l2 + l1, "d" + r1 + r2, "e" + l1 + r1, "f" + l2, "g" + r2,
           "h" + l3 + l2 + l1, "i" + r1 + r2 + r3,
           "w" + str(at - start) + word(index),
           "l" + word(index - 1), "r" + word(index + 1)]
    if at - start == 0 and words[index][1] - start == 1:
        out += ["m" + word(index - 1), "n" + word(index + 1)]
    if said[at]:
        out += ["p" + said[at][0], "q" + said[at][0] + str(min(said[at][1], 4))]
    return out


def examples(folder, name, phrases):
    sents = (folder / f"{name}.sent").read_text("utf-8").split("\n")
    labels = (folder / f"{name}.lb").read_text("utf-8").split("\n")
    for sentence, label in zip(sents, labels):
        if not label:
            continue
        text, at = spoken(sentence)
        words = words_of(text)
        said = dictionary(text, words, phrases)
        yield text[at], label.strip().replace("u:", "v"), features(text, at, words, said), said[at]


def learn(rows, rounds=ROUNDS):
    """Averaged perceptron over the rows of one character: feature → reading → weight.

    It begins with some trust in the phrase dictionary, for characters with few examples.
    """
    readings = sorted({r for r, _ in rows})
    weights, totals, stamps = {"p" + r: {r: TRUST} for r in readings}, {}, {}
    clock = 0
    order = random.Random(1)
    for _ in range(rounds):
        order.shuffle(rows)
        for truth, names in rows:
            clock += 1
            score = dict.fromkeys(readings, 0.0)
            for name in names:
                for r, w in weights.get(name, {}).items():
                    score[r] += w
            rival = max((r for r in readings if r != truth), key=lambda r: score[r], default=None)
            if rival is None or score[truth] > score[rival] + MARGIN:
                continue
            for name in names:
                row = weights.setdefault(name, {})
                for r, step in ((truth, 1), (rival, -1)):
                    key = name, r
                    totals[key] = totals.get(key, 0) + (clock - stamps.get(key, 0)) * row.get(r, 0)
                    stamps[key] = clock
                    row[r] = row.get(r, 0) + step
    out = {}
    for name, row in weights.items():
        for r, w in row.items():
            key = name, r
            mean = (totals.get(key, 0) + (clock - stamps.get(key, 0)) * w) / max(clock, 1)
            out.setdefault(name, {})[r] = mean
    return readings, out


# Below this a character is left to the tables: twenty sentences teach what is chance.
FEWEST = 50
MARGIN = 3.0
TRUST = 4.0


def train(rows, one, keep):
    """Character → (readings, weights), small weights dropped."""
    by = collections.defaultdict(list)
    for c, reading, names, _ in rows:
        by[c].append((reading, names))
    model = {}
    for c, mine in sorted(by.items()):
        if len(mine) < FEWEST:
            continue
        seen = collections.Counter(n for _, names in mine for n in names)
        mine = [(r, [n for n in names if seen[n] >= 2 or n[0] in "*pq"]) for r, names in mine]
        readings, weights = learn(mine)
        if len(readings) < 2:
            continue
        kept = {}
        for name, row in weights.items():
            row = {r: round(w * 10) for r, w in row.items() if abs(w * 10) >= keep}
            if row:
                kept[name] = row
        model[c] = readings, kept
    return model


def decide(model, c, names, said, one):
    if c not in model:
        return said[0] if said else one.get(c)
    readings, weights = model[c]
    score = dict.fromkeys(readings, 0)
    for name in names:
        for r, w in weights.get(name, {}).items():
            score[r] += w
    return max(readings, key=lambda r: score[r])


def accuracy(model, rows, one, show=0):
    right, table, wrong = 0, 0, collections.Counter()
    for c, reading, names, said in rows:
        got = decide(model, c, names, said, one)
        right += got == reading
        table += (said[0] if said else one.get(c)) == reading
        if got != reading:
            wrong[c, reading, got] += 1
    print(f"  {100 * right / len(rows):.2f}% (tables alone {100 * table / len(rows):.2f}%)", wrong.most_common(show))


def write(model):
    lines = []
    for c, (readings, weights) in model.items():
        lines.append(f"@{c}\t{' '.join(readings)}\n")
        for name in sorted(weights):
            row = " ".join(str(weights[name].get(r, 0)) for r in readings)
            lines.append(f"{name}\t{row}\n")
    (DATA / "polyphones.tsv").write_text("".join(lines), "utf-8")
    print(f"{len(model)} characters, {len(lines)} lines, {sum(len(l.encode()) for l in lines)} bytes")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("labelled", type=pathlib.Path)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--hold-out-wikipedia", action="store_true")
    parser.add_argument("--keep", type=float, default=1.0)
    options = parser.parse_args()
    jieba.setLogLevel(logging.ERROR)
    one, phrases = load_tables()
    read = lambda name: list(examples(options.labelled, name, phrases))
    rows, wiki = read("train"), read("wikipedia/dev")
    if options.measure:
        dev = read("dev")
        for name, learned in (("g2pL only", rows), ("g2pL + half of Wikipedia", rows + wiki[::2])):
            print(name)
            model = train(learned, one, options.keep)
            accuracy(model, dev, one, 25)
            accuracy(model, wiki[1::2], one, 25)
            write(model)
    else:
        write(train(rows + (wiki[::2] if options.hold_out_wikipedia else wiki), one, options.keep))


if __name__ == "__main__":
    main()
