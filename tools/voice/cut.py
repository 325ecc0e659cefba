#!/usr/bin/env python3
"""Cut the residual blocks out of the converted network: they are computed by `src/engine/neural/residual.rs`.

usage: cut.py kokoro-v1.0.q8.data kokoro.onnx residual.tsv        (needs: onnx, numpy)

The first file is what convert.py wrote: the whole network, with all its weights. It is not changed, and stays
where the weights are read from. This writes

1. a graph without the residual blocks, whose large tensors are references into that file. Where something was cut
   the graph has an output, what goes in, and an input, what comes back:

       tokens, style, speed  -> durations, energy, main_low, source_low, source_high, styles
       low                   -> main_high
       high                  -> audio

   `durations` are frames of each symbol, `energy` is that of each half of a frame, `styles` are gain and offset of
   every adaptive norm of every block, one after the other, blocks in the order of the table;
2. large weights stay in the graph as they are stored, in 8 bits. What makes floats of them waits for what they are
   multiplied with: a runtime would otherwise make them all at once, before anything else, and keep them;
3. a table: where each convolution of a block stands in the weights, with what its numbers mean.
"""

import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

GENERATOR = "/decoder/decoder/generator/"
STORED = "decoder.decoder.generator."
BLOCKS = ["noise_res.0", *(f"resblocks.{n}" for n in range(3)), "noise_res.1", *(f"resblocks.{n}" for n in range(3, 6))]

# Value of the whole network -> what it is called in the cut one, as an output.
OUTPUTS = {
    "/encoder/Clip_output_0": "durations",
    "/encoder/Reshape_1_output_0": "energy",
    GENERATOR + "ups.0/ConvTranspose_output_0": "main_low",
    GENERATOR + "noise_convs.0/Conv_output_0": "source_low",
    GENERATOR + "noise_convs.1/Conv_output_0": "source_high",
    GENERATOR + "reflection_pad/Pad_output_0": "main_high",
}
# The same as an input: name, kind, shape.
INPUTS = {
    GENERATOR + "Div_2_output_0": ("low", TensorProto.FLOAT, [1, 256, "low_frames"]),
    GENERATOR + "Div_4_output_0": ("high", TensorProto.FLOAT, [1, 128, "high_frames"]),
}
# A tensor with fewer bytes stays in the graph.
SMALL = 1024
# A tensor with more numbers is made floats at each use: it takes a few milliseconds, and keeping the floats as well
# would take a quarter of a gigabyte.
LARGE = 100_000


def main(weights, target, table):
    with open(weights, "rb") as file:
        data = file.read()
    model = onnx.load_from_string(data)
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    producer = {name: node for node in graph.node for name in node.output if name}

    write_table(table, data, stored, producer)
    styles = style_names()
    rename(graph)
    graph.node.append(helper.make_node("Concat", styles, ["styles"], name="styles", axis=1))
    sweep(graph, [*OUTPUTS.values(), "styles", *(output.name for output in graph.output)])
    keep_in_eight_bits(graph, stored)
    refer(graph, data, weights.rsplit("/", 1)[-1])

    model.producer_name, model.producer_version = "langdu tools/voice/cut.py", "1"
    with open(target, "wb") as file:
        file.write(model.SerializeToString(deterministic=True))


def write_table(path, data, stored, producer):
    """Step 3. One row a convolution: where things lie as offsets of bytes into the weights."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("# The residual blocks: where the weights of each convolution lie. Made by tools/voice/cut.py.\n")
        file.write("# block\tchannels\ttaps\tdilation\tnumbers\tscale\tzero\tbias\talpha\n")
        for block in BLOCKS:
            for step in range(3):
                for half in (1, 2):
                    conv = producer[f"{GENERATOR}{block}/convs{half}.{step}/Conv_output_0"]
                    attributes = {a.name: helper.get_attribute_value(a) for a in conv.attribute}
                    (taps,), (dilation,) = attributes["kernel_shape"], attributes["dilations"]
                    numbers, scale, zero = (stored[name] for name in producer[conv.input[1]].input)
                    channels = numbers.dims[0]
                    known = list(numbers.dims) == [channels, channels, taps] and numbers.data_type == TensorProto.UINT8
                    if not known or attributes["pads"] != [taps // 2 * dilation] * 2 or attributes["strides"] != [1]:
                        sys.exit(f"{conv.name} is not the convolution it was")
                    scale, zero = (numpy_helper.to_array(tensor).reshape(-1) for tensor in (scale, zero))
                    if scale.size != 1:
                        sys.exit(f"{conv.name} has a scale for each channel")
                    places = [
                        offset(data, tensor)
                        for tensor in (numbers, stored[conv.input[2]], stored[f"{STORED}{block}.alpha{half}.{step}"])
                    ]
                    row = [block, channels, taps, dilation, places[0], repr(float(scale[0])), int(zero[0]), *places[1:]]
                    file.write("\t".join(map(str, row)) + "\n")


def style_names():
    """Gain and offset of every norm, in the order of the table."""
    norms = [f"{GENERATOR}{block}/adain{half}.{step}/" for block in BLOCKS for step in range(3) for half in (1, 2)]
    return [norm + value for norm in norms for value in ("Add_1_output_0", "Slice_1_output_0")]


def rename(graph):
    """Step 1: who used a value that was cut uses the input; who made it makes the output."""
    for node in graph.node:
        for at, name in enumerate(node.input):
            if name in INPUTS:
                node.input[at] = INPUTS[name][0]
            elif name in OUTPUTS:
                node.input[at] = OUTPUTS[name]
        for at, name in enumerate(node.output):
            if name in OUTPUTS:
                node.output[at] = OUTPUTS[name]
    for name, kind, shape in INPUTS.values():
        graph.input.append(helper.make_tensor_value_info(name, kind, shape))
    for name in [*OUTPUTS.values(), "styles"]:
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))


def sweep(graph, wanted):
    """Drop what no output needs any more."""
    needed, kept = set(wanted), []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(name for name in node.input if name)
    kept.reverse()
    tensors = [tensor for tensor in graph.initializer if tensor.name in needed]
    for field, content in ((graph.node, kept), (graph.initializer, tensors)):
        content = list(content)
        del field[:]
        field.extend(content)


def keep_in_eight_bits(graph, stored):
    """Step 2. scale + 0 * x, where x is what the weight meets first."""
    first_user = {}
    for node in graph.node:
        for at, name in enumerate(node.input):
            first_user.setdefault(name, (node, at))
    # Time comes first in what a recurrent layer meets; everything else has but one batch.
    axes = {"LSTM": np.array([0, 1, 2]), "other": np.array([-2, -1])}
    constants = {"eight.zero": np.float32(0)}
    for name, of in axes.items():
        constants |= {f"eight.{name}": of, f"eight.{name}.start": of * 0, f"eight.{name}.end": of * 0 + 1}
    graph.initializer.extend(numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items())
    late = {}  # id of the node before which they go -> nodes
    for node in list(graph.node):
        numbers = stored.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        if numbers is None or np.prod(numbers.dims) < LARGE:
            continue
        user, at = first_user[node.output[0]]
        known = user.op_type in ("Conv", "ConvTranspose", "MatMul", "LSTM") and at > 0
        if not known:
            sys.exit(f"{user.name} is no {user.op_type} that is known to use weights")
        met, name = user.input[0], node.output[0] + ".scale"
        node_of = helper.make_node
        of = "eight." + (user.op_type if user.op_type in axes else "other")
        chain = [
            node_of("Slice", [met, of + ".start", of + ".end", of], [name + ".x"], name=name + ".x"),
            node_of("Mul", [name + ".x", "eight.zero"], [name + ".0"], name=name + ".0"),
            node_of("Squeeze", [name + ".0"], [name + ".1"], name=name + ".1"),
            node_of("Add", [name + ".1", node.input[1]], [name], name=name),
        ]
        node.input[1] = name
        late.setdefault(id(user), []).extend([*chain, node])
    moved = {id(node) for nodes in late.values() for node in nodes}
    nodes = []
    for node in graph.node:
        nodes += late.get(id(node), [])
        if id(node) not in moved:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)


def refer(graph, data, location):
    """Large tensors become references into the weights."""
    for tensor in graph.initializer:
        raw = tensor.raw_data
        if len(raw) < SMALL:
            continue
        place = offset(data, tensor)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", place), ("length", len(raw))):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, str(value)


def offset(data, tensor):
    """Where the bytes of a tensor stand in the file it came from."""
    place = data.find(tensor.raw_data)
    if place < 0 or not tensor.raw_data:
        sys.exit(f"{tensor.name} has no place in the weights")
    return place


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
