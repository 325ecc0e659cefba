#!/usr/bin/env python3
"""Writes src/reading/data/polyphones.bin: which reading a polyphone has in its context.

usage: train.py LABELLED COMPLETE_JSON [--measure | --strict]
needs: pip install numpy scipy jieba==0.42.1 g2pM==0.1.2.5 pypinyin-dict==0.9.0
       npm pack @pinyin-pro/data@1.3.1 (COMPLETE_JSON is its package/json/complete.json)

LABELLED is a folder with `train.sent`/`train.lb` and `wikipedia/dev.sent`/`.lb`: one sentence a line, the
polyphone between two ▁, its reading on the same line of the `.lb` file. The sentences stay outside the
project; only weights go in.

The file is learned from both. With --measure nothing is written, and the recipe is scored on what it did
not learn from: on `dev.*`, and on each half of the Wikipedia sentences after learning from the other half.
With --strict the file is written without any Wikipedia sentence learned from, to be scored on them whole.

What goes into the file, in the order of its layout (src/reading/polyphone/file.rs):

1. the network of g2pM (Apache-2.0), trained by its authors on sentences of Wikipedia, in bytes;
2. the votes of four pronouncing dictionaries for each word of up to four characters in which a
   polyphone stands;
3. for each character with enough labelled sentences, what the neighbours and words around it add to
   the two: logistic regression on top of them, so that it learns only what they get wrong. Where clues
   alone do as well in cross-validation, the network is not listened to: it was raised on an encyclopedia,
   and it is the slow part.

src/reading/polyphone/ computes the same; a change here is a change there. The same inputs give the
same bytes.
"""
import argparse
import collections
import importlib
import importlib.resources
import json
import logging
import pathlib
import pickle
import random
import re
import struct

import jieba
import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from make_tables import numbered

DATA = pathlib.Path(__file__).resolve().parent.parent.parent / "src" / "reading" / "data"
HAN = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
FIGURES = set("零一二三四五六七八九十百千万亿两几")
DIGITS = dict(zip("0123456789", "零一二三四五六七八九"))
PAUSES = dict(zip("，。？！；：、,.?!;:…—", "，。？！；：、，。？！；：，，"))
STOPS = "。？！"
# The reader knows their tones (一, 不) and which of them are no syllable (儿). 率 and 与 are settled by the
# dictionary: labelled sentences have as many of the rare reading as of the common one (参保率, 打造与).
NOT_DECIDED = set("一不儿率与")
# Here the network's encyclopedia misleads where the clues do not (以文化为魂): it is not listened to.
NOT_HEARD = set("为")
# The folds of the cross-validation, and how many sentences a character needs for it.
FOLDS, ENOUGH = 4, 12

# How much the voices count that are the same for all characters. Round numbers: the network is sure
# of itself beyond its merits, so a point of it counts half, and less where it speaks of the unlikely.
NEAR, FAR, KNEE, FLOOR = 0.5, 0.2, -3.0, -12.0
PHRASE, LONG_PHRASE = 0.5, 0.1
VOTE = 0.9
DEFAULT = 0.3
LONGEST_PHRASE, LONGEST_WORD = 31, 4

# A character with fewer labelled sentences is left to the network and the dictionaries.
FEWEST = 8
# A clue must be seen so often; how strongly its weight is drawn to nothing.
SEEN, L2 = 2, 1.0
FINE = 16


def spoken(sentence):
    """The sentence as the reader gets it, and where the polyphone stands."""
    out, at = [], None
    for c in sentence:
        if c == "▁":
            at = len(out) if at is None else at
        elif HAN.match(c):
            out.append(c)
        elif c in DIGITS:
            out.append(DIGITS[c])
        elif c.isascii() and c.isalpha():
            out.append(c.upper())
        elif c in PAUSES:
            out.append(PAUSES[c])
    return "".join(out), at


# --- The tables of the project, and its words --------------------------------------------------------

def load_tables():
    one, phrases = {}, {}
    for line in (DATA / "characters.tsv").read_text("utf-8").splitlines():
        reading, chars = line.split("\t")
        one.update(dict.fromkeys(chars, reading))
    for line in (DATA / "phrases.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            phrase, readings = line.split("\t")[:2]
            phrases[phrase] = readings.split(" ")
    return one, phrases


def words_of(text):
    """Start of every word, and its end; pauses and letters are words too."""
    out, at = [], 0
    for word in jieba.cut(text, HMM=False):
        parts = [word] if all(map(HAN.match, word)) else list(word)
        for part in parts:
            out.append((at, at + len(part)))
            at += len(part)
    return out


def is_word(text):
    """Whether the segmenter knows the word; nothing left over counts too."""
    return not text or jieba.dt.FREQ.get(text, 0) > 0


def phrase_at(text, target, words, phrases):
    """What the phrase dictionary says for character `target`: (reading, length of phrase) or None."""
    starts, ends = {s for s, _ in words}, {e for _, e in words}
    word_at = [i for i, (s, e) in enumerate(words) for _ in range(s, e)]
    at = 0
    while at <= target:
        for length in range(min(LONGEST_PHRASE, len(text) - at), 1, -1):
            end = at + length
            readings = phrases.get(text[at:end])
            if not readings:
                continue
            word = words[word_at[at]]
            if (at in starts and end in ends) or (
                    end <= word[1] and is_word(text[word[0]:at]) and is_word(text[end:word[1]])):
                if end > target:
                    return readings[target - at], length
                at = end
                break
        else:
            at += 1
    return None


# --- The network ------------------------------------------------------------------------------------

class Network:
    """g2pM: embeddings, a forward and a backward LSTM, two layers. All matrices in bytes by row."""

    def __init__(self):
        load = lambda name: pickle.loads(importlib.resources.files("g2pM").joinpath(name).read_bytes())
        self.vocabulary, classes, weights = load("char2idx.pkl"), load("class2idx.pkl"), load("np_ckpt.pkl")
        self.classes = {reading.replace("u:", "v"): at for reading, at in classes.items()}
        self.readings = {c: [r.replace("u:", "v") for r in readings] for c, readings in load("digest_cedict.pkl").items()}
        self.scales, self.bytes, self.w = {}, {}, {}
        self.not_heard = set(NOT_HEARD)
        for name, matrix in weights.items():
            matrix = np.asarray(matrix, np.float32)
            if matrix.ndim == 2:
                scale = np.abs(matrix).max(1) / 127
                scale[scale == 0] = 1
                self.scales[name] = scale.astype(np.float32)
                self.bytes[name] = np.round(matrix / scale[:, None]).astype(np.int8)
                matrix = self.bytes[name] * self.scales[name][:, None]
            self.w[name] = matrix
        self.unknown, self.begin, self.end = (self.vocabulary[c] for c in ("<UNK>", "시", "끝"))

    def direction(self, ids, suffix):
        w = self.w
        added = (w["embedding.weight"] @ w["lstm.weight_ih_l0" + suffix].T + w["lstm.bias_ih_l0" + suffix]
                 + w["lstm.bias_hh_l0" + suffix])
        recurrent = w["lstm.weight_hh_l0" + suffix].T
        sigmoid = lambda x: 1 / (1 + np.exp(-x))
        told = np.zeros((len(ids), len(recurrent)), np.float32)
        kept, out = told, []
        for column in ids.T:
            take, forget, offer, tell = np.split(added[column] + told @ recurrent, 4, 1)
            kept = sigmoid(forget) * kept + sigmoid(take) * np.tanh(offer)
            told = sigmoid(tell) * np.tanh(kept)
            out.append(told)
        return np.stack(out, 1)

    def listen(self, rows, batch=256):
        """Adds the scores of all classes to each row."""
        rows = sorted(rows, key=lambda row: len(row.text))
        for first in range(0, len(rows), batch):
            part = rows[first:first + batch]
            ids, places = [], []
            for row in part:
                start = max(row.text.rfind(stop, 0, row.at) for stop in STOPS) + 1
                stops = [row.text.find(stop, row.at) for stop in STOPS]
                end = min([stop + 1 for stop in stops if stop >= 0] + [len(row.text)])
                ids.append([self.begin] + [self.vocabulary.get(c, self.unknown) for c in row.text[start:end]] + [self.end])
                places.append(row.at - start + 1)
            longest = max(map(len, ids))
            pad = lambda lists: np.array([x + [0] * (longest - len(x)) for x in lists])
            forward = self.direction(pad(ids), "")
            backward = self.direction(pad([x[::-1] for x in ids]), "_reverse")
            which = np.arange(len(part))
            state = np.concatenate([forward[which, places],
                                    backward[which, [len(x) - 1 - place for x, place in zip(ids, places)]]], 1)
            w = self.w
            inner = np.maximum(state @ w["logit_layer.0.weight"].T + w["logit_layer.0.bias"], 0)
            for row, scores in zip(part, inner @ w["logit_layer.2.weight"].T + w["logit_layer.2.bias"]):
                row.heard = {r: float(scores[self.classes[r]]) for r in self.heard(row.c)}

    def heard(self, c):
        """The readings of `c` that it tells apart."""
        return [] if c in self.not_heard else [r for r in self.readings.get(c, ()) if r in self.classes]

    def write(self, out):
        chars = sorted(c for c in self.vocabulary if len(c) == 1 and c not in "시끝")
        out.numbers("I", len(chars), *map(ord, chars))
        order = [self.vocabulary[c] for c in chars] + [self.unknown, self.begin, self.end]
        out.matrix(self.scales["embedding.weight"][order], self.bytes["embedding.weight"][order])
        matrix = lambda name: out.matrix(self.scales[name], self.bytes[name])
        for suffix in ("", "_reverse"):
            matrix("lstm.weight_ih_l0" + suffix)
            matrix("lstm.weight_hh_l0" + suffix)
            out.bias(self.w["lstm.bias_ih_l0" + suffix] + self.w["lstm.bias_hh_l0" + suffix])
        for layer in ("logit_layer.0.", "logit_layer.2."):
            matrix(layer + "weight")
            out.bias(self.w[layer + "bias"])


# --- The dictionaries --------------------------------------------------------------------------------

def dictionaries(complete):
    """Word → readings, of each dictionary."""
    package = "pypinyin_dict.phrase_pinyin_data."
    parts = {"pinyin": [""], "large_pinyin": [f"_{i}" for i in range(11)], "zdic_cibs": [f"_{i}" for i in range(8)]}
    for name, suffixes in parts.items():
        words = {}
        for suffix in suffixes:
            words.update(importlib.import_module(package + name + suffix).phrases_dict)
        yield {word: [syllable[0] for syllable in listed] for word, listed in words.items()}
    listed = json.loads(complete.read_text("utf-8"))
    yield {word: (said[0] if isinstance(said, list) else said).split(" ") for word, said in listed.items()}


def votes(complete, choices):
    """(word, place) → choice → number of dictionaries, for the polyphones of short words.

    A dictionary without the word votes by the longest part of it that it has.
    """
    tables = []
    for words in dictionaries(complete):
        tables.append({})
        for word, readings in words.items():
            if not 2 <= len(word) <= LONGEST_WORD or len(readings) != len(word):
                continue
            for place, c in enumerate(word):
                if c in choices and (reading := numbered(readings[place])) in choices[c]:
                    tables[-1][word, place] = choices[c].index(reading)
    parts = lambda word, place: (
        (word[start:start + length], place - start)
        for length in range(len(word), 1, -1)
        for start in range(max(0, place - length + 1), min(place, len(word) - length) + 1))
    out = {}
    for known in sorted(set().union(*tables)):
        said = (next((table[part] for part in parts(*known) if part in table), None) for table in tables)
        out[known] = collections.Counter(choice for choice in said if choice is not None)
    return out


def word_votes(row, table):
    """The votes of the longest word the polyphone stands in; among equals of the best parted, the first."""
    begins = {s for s, _ in row.words} | {len(row.text)}
    for length in range(LONGEST_WORD, 1, -1):
        best, fit = None, -1
        for start in range(max(0, row.at - length + 1), row.at + 1):
            end = start + length
            found = end <= len(row.text) and table.get((row.text[start:end], row.at - start))
            if found and (start in begins) + (end in begins) > fit:
                best, fit = found, (start in begins) + (end in begins)
        if best:
            return best
    return {}


# --- The clues ---------------------------------------------------------------------------------------

def key(c, kind, *seen):
    """The hash of one clue; a number stands for itself, a string for its characters."""
    numbers = [ord(c), ord(kind)]
    for part in seen:
        numbers.extend([part] if isinstance(part, int) else map(ord, part))
    state = 0
    for number in numbers:
        state = ((state ^ number) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 29
    return state >> 32


def shape(c):
    if c in FIGURES:
        return "#"
    return "A" if "A" <= c <= "Z" else "，" if c in "，。？！；：、" else c


def clues(row):
    """The keys of what is seen around the polyphone."""
    text, at, words, c = row.text, row.at, row.words, row.c
    near = lambda i: shape(text[i]) if 0 <= i < len(text) else "。"
    l1, l2, l3, r1, r2, r3 = (near(at + d) for d in (-1, -2, -3, 1, 2, 3))
    index = next(i for i, (s, e) in enumerate(words) if s <= at < e)
    word = lambda i: text[words[i][0]:words[i][1]] if 0 <= i < len(words) else "。"
    start, end = words[index]
    seen = [("a", l1), ("b", r1), ("c", l2 + l1), ("d", r1 + r2), ("e", l1 + r1), ("f", l2), ("g", r2),
            ("h", l3 + l2 + l1), ("i", r1 + r2 + r3),
            ("w", at - start, word(index)), ("l", word(index - 1)), ("r", word(index + 1))]
    if end - start == 1:
        seen += [("m", word(index - 1)), ("n", word(index + 1))]
    if row.phrase:
        reading, length = row.phrase
        seen += [("p", reading[:-1], int(reading[-1])), ("q", reading[:-1], int(reading[-1]), min(length, 4))]
    return [key(c, *clue) for clue in seen]


# --- Learning ----------------------------------------------------------------------------------------

class Row:
    """One labelled polyphone."""

    def __init__(self, sentence, label, phrases):
        self.text, self.at = spoken(sentence)
        self.c, self.label = self.text[self.at], label.replace("u:", "v")
        self.words = words_of(self.text)
        self.phrase = phrase_at(self.text, self.at, self.words, phrases)
        self.heard = {}


def rows_of(folder, name, phrases):
    sentences = (folder / f"{name}.sent").read_text("utf-8").split("\n")
    labels = (folder / f"{name}.lb").read_text("utf-8").split("\n")
    return [Row(sentence, label.strip(), phrases) for sentence, label in zip(sentences, labels) if label.strip()]


def choices_of(network, one, phrases, rows):
    """Character → the readings to choose from."""
    out = {c: set(readings) for c, readings in network.readings.items() if len(readings) > 1}
    for row in rows:
        out.setdefault(row.c, set()).add(row.label)
    for phrase, readings in phrases.items():
        for c, reading in zip(phrase, readings):
            if c in out:
                out[c].add(reading)
    for c in out:
        out[c].add(one.get(c, ""))
        out[c] = sorted(r for r in out[c] if re.fullmatch("[a-z]*[aeiouv][a-z]*[1-5]", r))
    return {c: readings for c, readings in sorted(out.items()) if len(readings) > 1 and c not in NOT_DECIDED}


def base(row, choices, table, default):
    """The scores of the readings before anything is learned for this very character."""
    below = np.array([row.heard.get(reading, -np.inf) for reading in choices])
    below = np.maximum(below - below.max(), FLOOR) if row.heard else np.zeros(len(choices))
    scores = NEAR * np.maximum(below, KNEE) + FAR * np.minimum(below - KNEE, 0)
    if row.phrase and row.phrase[0] in choices:
        scores[choices.index(row.phrase[0])] += PHRASE + (LONG_PHRASE if row.phrase[1] > 2 else 0)
    for choice, count in word_votes(row, table).items():
        scores[choice] += vote(count) / FINE
    if default is not None:
        scores[default] += vote_of_default() / FINE
    return scores


def place(readings, reading):
    return readings.index(reading) if reading in readings else None


def vote(count):
    return round(VOTE * count * FINE)


def vote_of_default():
    return round(DEFAULT * FINE)


def learn(mine, count):
    """Logistic regression on top of the base: (base, label, clues) of one character → clue → weights."""
    seen = collections.Counter(clue for _, _, names in mine for clue in names)
    at = {clue: i for i, clue in enumerate(sorted(clue for clue, n in seen.items() if n >= SEEN))}
    pairs = [(i, at[clue]) for i, (_, _, names) in enumerate(mine) for clue in names if clue in at]
    if not pairs:
        return {}
    x = csr_matrix((np.ones(len(pairs)), tuple(zip(*pairs))), (len(mine), len(at)))
    start = np.array([scores for scores, _, _ in mine])
    truth = np.zeros_like(start)
    truth[np.arange(len(mine)), [label for _, label, _ in mine]] = 1

    def loss(flat):
        weights = flat.reshape(len(at), count)
        scores = start + x @ weights
        scores -= scores.max(1, keepdims=True)
        odds = np.exp(scores)
        odds /= odds.sum(1, keepdims=True)
        value = -(np.log(odds + 1e-300) * truth).sum() + L2 * (flat ** 2).sum() / 2
        return value, (x.T @ (odds - truth) + L2 * weights).ravel()

    found = minimize(loss, np.zeros(len(at) * count), jac=True, method="L-BFGS-B", options={"maxiter": 60})
    weights = np.clip(np.round(found.x.reshape(len(at), count) * FINE), -127, 127).astype(int)
    return {clue: weights[i] for clue, i in at.items() if weights[i].any()}


def examples(rows, readings, table, default):
    return [(base(row, readings, table, default), readings.index(row.label), clues(row)) for row in rows]


def right_in_folds(mine, count):
    """How many of `mine` are right when learned from the others."""
    right = 0
    for fold in range(FOLDS):
        model = learn([one for i, one in enumerate(mine) if i % FOLDS != fold], count)
        for scores, label, names in mine[fold::FOLDS]:
            scores = scores + sum((model[name] for name in names if name in model), np.zeros(count)) / FINE
            right += int(scores.argmax()) == label
    return right


def train(network, rows, choices, table, one):
    by = collections.defaultdict(list)
    for row in rows:
        if row.label in choices.get(row.c, ()):
            by[row.c].append(row)
    model = {}
    for c, mine in sorted(by.items()):
        readings, default = choices[c], place(choices[c], one.get(c))
        if len(mine) < FEWEST:
            continue
        heard = examples(mine, readings, table, default)
        if len(mine) >= ENOUGH and c not in network.not_heard:
            listened = [row.heard for row in mine]
            for row in mine:
                row.heard = {}
            alone = examples(mine, readings, table, default)
            if right_in_folds(alone, len(readings)) >= right_in_folds(heard, len(readings)):
                network.not_heard.add(c)
                heard = alone
            else:
                for row, said in zip(mine, listened):
                    row.heard = said
        model.update(learn(heard, len(readings)))
    return model


def accuracy(name, rows, choices, table, model, one):
    right, before = 0, 0
    for row in rows:
        mine = choices.get(row.c)
        if mine:
            scores = base(row, mine, table, place(mine, one.get(row.c)))
            before += mine[int(scores.argmax())] == row.label
            for clue in clues(row):
                if clue in model:
                    scores += model[clue] / FINE
            right += mine[int(scores.argmax())] == row.label
        else:
            found = (row.phrase[0] if row.phrase else one.get(row.c)) == row.label
            right, before = right + found, before + found
    heard = sum(bool(row.heard) and max(row.heard, key=row.heard.get) == row.label for row in rows)
    percent = lambda count: f"{100 * count / len(rows):.2f}%"
    print(f"{name}: network {percent(heard)}, with dictionaries {percent(before)}, with clues {percent(right)}", flush=True)


# --- Writing -----------------------------------------------------------------------------------------

class Out:
    def __init__(self):
        self.parts = []

    def numbers(self, kind, *numbers):
        self.parts.append(struct.pack(f"<{len(numbers)}{kind}", *numbers))

    def matrix(self, scales, rows):
        self.numbers("I", *rows.shape)
        self.numbers("f", *scales)
        self.parts.append(rows.astype(np.int8).tobytes())

    def bias(self, bias):
        self.numbers("I", len(bias))
        self.numbers("f", *bias)


def write(network, choices, table, model, one):
    out = Out()
    out.parts.append(b"polyphones 2\n")
    out.numbers("f", NEAR, FAR, PHRASE, LONG_PHRASE)
    syllables = sorted({reading for readings in choices.values() for reading in readings})
    out.numbers("I", len(syllables))
    for syllable in syllables:
        out.numbers("B", len(syllable))
        out.parts.append(syllable.encode())
    number = {syllable: i for i, syllable in enumerate(syllables)}
    out.numbers("I", len(choices))
    for c, readings in choices.items():
        out.numbers("I", ord(c), len(readings))
        known = network.heard(c)
        for reading in readings:
            out.numbers("H", number[reading], network.classes[reading] + 1 if reading in known else 0)
    network.write(out)
    # A key that two clues share keeps the votes, which come first.
    entries = {}
    for (word, at), counts in table.items():
        entries.setdefault(key(word[at], "W", at, word), {c: min(vote(n), 127) for c, n in counts.items()})
    for c, readings in choices.items():
        if one.get(c) in readings:
            entries.setdefault(key(c, "*"), {readings.index(one[c]): vote_of_default()})
    for clue, weights in model.items():
        entries.setdefault(clue, {choice: weight for choice, weight in enumerate(weights) if weight})
    flat = [(clue, choice, weight) for clue in sorted(entries) for choice, weight in sorted(entries[clue].items())]
    out.numbers("I", len(flat))
    for kind, column in zip("IBb", zip(*flat)):
        out.numbers(kind, *column)
    blob = b"".join(out.parts)
    (DATA / "polyphones.bin").write_bytes(blob)
    print(f"{len(choices)} characters, {len(flat)} weights, {len(blob)} bytes")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("labelled", type=pathlib.Path)
    parser.add_argument("complete", type=pathlib.Path)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--measure", action="store_true")
    what.add_argument("--strict", action="store_true")
    options = parser.parse_args()
    jieba.setLogLevel(logging.ERROR)
    one, phrases = load_tables()
    network = Network()
    rows = rows_of(options.labelled, "train", phrases)
    wikipedia = rows_of(options.labelled, "wikipedia/dev", phrases)
    random.Random(7).shuffle(wikipedia)

    def learned(rows):
        network.not_heard = set(NOT_HEARD)
        network.listen(rows)
        choices = choices_of(network, one, phrases, rows)
        table = votes(options.complete, choices)
        return choices, table, train(network, rows, choices, table, one)

    if not options.measure:
        write(network, *learned(rows if options.strict else rows + wikipedia), one)
        return
    half = len(wikipedia) // 2
    for first, second in ((wikipedia[:half], wikipedia[half:]), (wikipedia[half:], wikipedia[:half])):
        choices, table, model = learned(rows + first)
        print("not listened to:", "".join(sorted(network.not_heard)))
        for name, held_out in (("dev", rows_of(options.labelled, "dev", phrases)), ("wikipedia", second)):
            network.listen(held_out)
            accuracy(name, held_out, choices, table, model, one)


if __name__ == "__main__":
    main()
