#!/usr/bin/env python3
"""Says each line of standard input by the espeak-ng library in this process, and prints how many milliseconds it took
and how many samples it gave. Only to compare with: langdu never links the library, it runs the program."""

import ctypes
import sys
import time

SYNCHRONOUS = 2
POSITION_OF_CHARACTER = 1
UTF8 = 1

library = ctypes.CDLL("libespeak-ng.so.1")
heard = 0


def hear(_wave, samples, _events):
    global heard
    heard += samples
    return 0


hearer = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)(hear)
if library.espeak_Initialize(SYNCHRONOUS, 0, None, 0) <= 0:
    sys.exit("the library does not start")
library.espeak_SetSynthCallback(hearer)
if library.espeak_SetVoiceByName(sys.argv[1].encode()) != 0:
    sys.exit("there is no voice " + sys.argv[1])
for line in sys.stdin:
    text = line.encode()
    heard = 0
    began = time.perf_counter()
    library.espeak_Synth(text, len(text) + 1, 0, POSITION_OF_CHARACTER, 0, UTF8, None, None)
    library.espeak_Synchronize()
    print(f"{1000 * (time.perf_counter() - began):.3f} {heard}", flush=True)
