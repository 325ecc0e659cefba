#!/usr/bin/env python3
"""Make the tiny voices of the tests: they hum, and look to a program like a Piper voice.

usage: tiny_vits.py OUT_DIR        (needs: onnx, numpy)

Every symbol is a tone of its own for 400 samples, longer with a larger length scale, higher with a larger speaker.

  tiny.onnx    whole
  nan.onnx     with a weight that is not a number
  shape.onnx   with a weight of a wrong shape: it is found out only when it runs
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SYMBOLS, SAMPLES, RATE = 40, 400, 22050


def tiny(name, tones, speakers):
    nodes = []

    def node(kind, inputs, gives, **attributes):
        nodes.append(helper.make_node(kind, inputs, [gives], **attributes))

    constants = {
        "tones": tones,
        "speakers": speakers,
        "zero": np.array(0, np.int64),
        "one": np.array(1, np.int64),
        "first": np.array([0], np.int64),
        "second": np.array([1], np.int64),
        "samples": np.array([SAMPLES], np.float32),
        "loudness": np.array([0.3], np.float32),
        "nothing": np.array([0], np.float32),
        "shape": np.array([1, 1, -1], np.int64),
    }
    # How long a symbol is, and all of them.
    node("Gather", ["scales", "second"], "length_scale")
    node("Mul", ["length_scale", "samples"], "length")
    node("Cast", ["input_lengths"], "symbols", to=TensorProto.FLOAT)
    node("Mul", ["symbols", "length"], "all_floats")
    node("Cast", ["all_floats"], "all_list", to=TensorProto.INT64)
    node("Squeeze", ["all_list", "first"], "all")
    # Which symbol each sample is of.
    node("Range", ["zero", "all", "one"], "times")
    node("Cast", ["times"], "times_floats", to=TensorProto.FLOAT)
    node("Div", ["times_floats", "length"], "places_floats")
    node("Floor", ["places_floats"], "places_whole")
    node("Cast", ["places_whole"], "places", to=TensorProto.INT64)
    # Its tone, as an angle a sample, added up.
    node("Gather", ["tones", "input"], "tones_of_input")
    node("Squeeze", ["tones_of_input", "first"], "tones_in_order")
    node("Gather", ["tones_in_order", "places"], "angles")
    node("Gather", ["speakers", "sid"], "height")
    node("Mul", ["angles", "height"], "angles_of_speaker")
    node("CumSum", ["angles_of_speaker", "zero"], "phases")
    node("Sin", ["phases"], "wave")
    # The noise scales are inputs, and change nothing.
    node("Gather", ["scales", "first"], "noise_scale")
    node("Mul", ["noise_scale", "nothing"], "no_noise")
    node("Add", ["loudness", "no_noise"], "gain")
    node("Mul", ["wave", "gain"], "loud")
    node("Reshape", ["loud", "shape"], "output")

    ints, floats = TensorProto.INT64, TensorProto.FLOAT
    inputs = [("input", ints, [1, "N"]), ("input_lengths", ints, [1]), ("scales", floats, [3]), ("sid", ints, [1])]
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info(*one) for one in inputs],
        [helper.make_tensor_value_info("output", floats, [1, 1, "S"])],
        [numpy_helper.from_array(array, key) for key, array in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    hertz = 100 + 10 * np.arange(SYMBOLS, dtype=np.float32)
    tones = (2 * np.pi * hertz / RATE).astype(np.float32)
    speakers = np.array([1, 1.5], np.float32)
    odd = tones.copy()
    odd[:] = np.nan
    for name, model in [
        ("tiny", tiny("tiny", tones, speakers)),
        ("nan", tiny("nan", odd, speakers)),
        ("shape", tiny("shape", tones, np.ones((2, 7), np.float32))),
    ]:
        onnx.save(model, f"{sys.argv[1]}/{name}.onnx")


if __name__ == "__main__":
    main()
