#!/usr/bin/env python3
"""Makes src/reading/data/characters.tsv and phrases.tsv from the pypinyin wheel.

usage: pip download --no-deps pypinyin==0.55.0 && make_tables.py pypinyin-0.55.0-py2.py3-none-any.whl

The wheel (MIT) carries pinyin-data and phrase-pinyin-data (both MIT) as JSON. What is written:

characters.tsv  one line a reading: `yi1<TAB>一衣依…`, every character whose default reading it is;
phrases.tsv     `重构<TAB>chong2 gou4`, only phrases in which a character departs from its default or
                could: a phrase that confirms the default of a common polyphone is evidence too.

Both hold dictionary tones: the tone changes of 一 and 不 are undone, because the reader applies them
itself, and 儿 is er2, because the reader knows its own list of retroflex words.
Reproducible: the same wheel and the same defaults.tsv give the same bytes.
"""
import json
import pathlib
import re
import sys
import unicodedata
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent / "src" / "reading" / "data"
MARKS = {"\u0304": "1", "\u0301": "2", "\u030c": "3", "\u0300": "4"}
SYLLABLE = re.compile(r"[a-z]{1,6}[1-5]")
# Dictionary tones for characters whose tone changes in speech.
FIXED = {"一": "yi1", "不": "bu4", "儿": "er2"}


def numbered(pinyin):
    """`lǜ` → `lv4`; none for what is no syllable (hm, m̀, ê)."""
    tone, letters = "5", ""
    for c in unicodedata.normalize("NFD", pinyin.strip().lower()):
        if c in MARKS:
            tone = MARKS[c]
        elif c == "\u0308" and letters.endswith("u"):
            letters = letters[:-1] + "v"
        elif c == "\u0261":  # the script g of some sources
            letters += "g"
        else:
            letters += c
    out = letters + tone
    return out if SYLLABLE.fullmatch(out) and re.search("[aeiouv]", letters) else None


def defaults(wheel):
    """Character → default reading, and character → all its readings."""
    one, every = {}, {}
    for code, listed in json.loads(wheel.read("pypinyin/pinyin_dict.json")).items():
        readings = [r for r in map(numbered, listed.split(",")) if r]
        if readings:
            one[chr(int(code))], every[chr(int(code))] = readings[0], set(readings)
    for line in (HERE / "defaults.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            c, reading = line.split("\t")[:2]
            one[c] = reading
    one.update(FIXED)
    return one, every


def phrases(wheel, one, every):
    """Phrase → readings, the ones worth keeping."""
    kept = {}
    for phrase, listed in json.loads(wheel.read("pypinyin/phrases_dict.json")).items():
        readings = [numbered(syllable[0]) for syllable in listed]
        if len(readings) != len(phrase) or not all(readings) or not all(c in one for c in phrase):
            continue
        readings = [FIXED.get(c, r) for c, r in zip(phrase, readings)]
        if any(r != one[c] for c, r in zip(phrase, readings)) or any(c in CONFIRMED for c in phrase):
            kept[phrase] = readings
    return kept


# Polyphones so common that a phrase which confirms their default is worth keeping.
CONFIRMED = set("行长重量数当种更将给相应处调创分中间结强兴假差转降载划累着得地还为发干好难教都要")


def main():
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        one, every = defaults(wheel)
        kept = phrases(wheel, one, every)
    by_reading = {}
    for c, reading in one.items():
        by_reading.setdefault(reading, []).append(c)
    lines = [f"{r}\t{''.join(sorted(by_reading[r]))}\n" for r in sorted(by_reading)]
    (DATA / "characters.tsv").write_text("".join(lines), "utf-8")
    lines = [f"{p}\t{' '.join(kept[p])}\n" for p in sorted(kept)]
    (DATA / "phrases.tsv").write_text("".join(lines), "utf-8")
    print(f"{len(one)} characters, {len(kept)} phrases")


if __name__ == "__main__":
    main()
