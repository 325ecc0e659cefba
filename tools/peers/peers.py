#!/usr/bin/env python3
"""Python peers as filters: a text a line in, an answer a line out; the pace on standard error.

usage: peers.py wetext | wetextprocessing | pypinyin | jieba-pypinyin  < sentences

wetext and wetextprocessing answer with the spoken form, the others with a JSON array: the reading of every
character, as `langdu pronounce` does. What a peer loads is loaded before the clock starts.
"""
import json
import sys
import time


def wetext():
    from wetext import Normalizer
    return Normalizer(lang="zh", operator="tn").normalize


def wetextprocessing():
    import contextlib
    with contextlib.redirect_stdout(sys.stderr):
        from tn.chinese.normalizer import Normalizer
        peer = Normalizer(remove_erhua=False)
    return peer.normalize


def pypinyin(cut=lambda text: text):
    from pypinyin import Style, lazy_pinyin

    def answer(text):
        readings = lazy_pinyin(cut(text), style=Style.TONE3, neutral_tone_with_five=True, v_to_u=False,
                               errors=lambda other: list(other))
        return json.dumps([r if r[-1:].isdigit() and len(r) > 1 else None for r in readings])
    return answer


def jieba_pypinyin():
    import jieba
    jieba.setLogLevel(60)
    return pypinyin(jieba.lcut)


peers = {"wetext": wetext, "wetextprocessing": wetextprocessing, "pypinyin": pypinyin,
         "jieba-pypinyin": jieba_pypinyin}
if len(sys.argv) != 2 or sys.argv[1] not in peers:
    sys.exit(__doc__)
answer = peers[sys.argv[1]]()
texts = [line.rstrip("\n") for line in sys.stdin]
answer("一") if texts else None
began = time.perf_counter()
for text in texts:
    print(answer(text).replace("\n", " "))
taken = time.perf_counter() - began
print(f"{sum(map(len, texts)) / taken:.0f} characters a second", file=sys.stderr)
