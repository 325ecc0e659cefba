#!/usr/bin/env python3
"""Turn the 8-bit Kokoro-82M export into the file that the voice is run from.

usage: convert.py kokoro-v1.0.int8.onnx kokoro-v1.0.q8.data        (needs: onnx, numpy)

The export computes in 8 bits: it rounds every activation, and the rounding can be heard. This keeps
its 8-bit weights, so the file stays small, and lets everything be computed in 32-bit floats:

1. `ConvInteger` and `MatMulInteger`, with the nodes around them that round the input, round the bias
   and scale the sum back, become `Conv` and `MatMul` on a dequantised weight;
2. `DynamicQuantizeLSTM` becomes `LSTM` on dequantised weights;
3. `FusedMatMul`, which few runtimes know, becomes `Transpose` and `MatMul`;
4. the phase of the source spectrogram is guarded. The graph takes it as Atan(imaginary / real), which
   is 0/0 where a Fourier transform gives an exact zero; and where the imaginary part is zero and the
   real part negative it takes -pi, although the model was trained with torch.angle, which says +pi;
5. what nothing needs any more is swept out.

The same input always gives the same bytes. Every step counts what it replaced, and a count that is
not the known one stops the work: a half-converted model still speaks, only badly.
"""

import hashlib
import sys
from collections import defaultdict

import numpy as np
import onnx
from onnx import helper, numpy_helper

SOURCE_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"

# A tensor with fewer elements is stored as floats: the extra node would cost more than it saves.
SMALL = 4096

GENERATOR = "/decoder/decoder/generator/"


class Surgery:
    """A graph under repair: what is looked up, what is cut out, what is put in its place."""

    def __init__(self, graph):
        self.graph = graph
        self.stored = {tensor.name: tensor for tensor in graph.initializer}
        self.producer = {output: node for node in graph.node for output in node.output if output}
        self.users = defaultdict(list)
        for node in graph.node:
            for name in node.input:
                self.users[name].append(node)
        self.removed = set()  # ids of nodes that are cut out
        self.replacement = {}  # name of an output -> the nodes that make it now
        self.added = {}  # name -> new stored tensor

    def nodes(self, *kinds):
        return [node for node in self.graph.node if node.op_type in kinds]

    def value(self, name):
        return numpy_helper.to_array(self.stored[name])

    def only_user(self, name):
        users = self.users[name]
        if len(users) != 1:
            sys.exit(f"{name} has {len(users)} users where one was expected")
        return users[0]

    def store(self, name, array):
        self.added[name] = numpy_helper.from_array(np.ascontiguousarray(array), name)
        return name

    def replace(self, old, new):
        """Cut out the nodes `old`; `new` make the output of the last of them."""
        self.removed.update(map(id, old))
        self.replacement[old[-1].output[0]] = new

    def weight(self, name, numbers, scale, zero, axis):
        """Store a quantised weight; its float name and the nodes that make it (none the second time).

        `scale` and `zero` are scalars or run along `axis`.
        """
        float_name = name + ".float"
        if float_name in self.added or name + ".numbers" in self.added:
            return float_name, []
        if scale.size == 1:
            scale, zero = scale.reshape(()), zero.reshape(-1)[:1].reshape(())
        if numbers.size < SMALL:
            along = [1] * numbers.ndim
            if scale.ndim:
                along[axis] = -1
                scale, zero = scale.reshape(along), zero.reshape(along)
            floats = (numbers.astype(np.float32) - zero.astype(np.float32)) * scale
            return self.store(float_name, floats.astype(np.float32)), []
        inputs = [
            self.store(name + ".numbers", numbers),
            self.store(name + ".scale", scale.astype(np.float32)),
            self.store(name + ".zero", zero.astype(numbers.dtype)),
        ]
        along = {"axis": axis} if scale.ndim else {}
        return float_name, [
            helper.make_node("DequantizeLinear", inputs, [float_name], name=float_name, **along)
        ]

    def finish(self):
        """Write the graph anew: replacements where the last node they replace stood, then sweep."""
        nodes = []
        for node in self.graph.node:
            made = next((name for name in node.output if name in self.replacement), None)
            if made is not None:
                nodes += self.replacement[made]
            elif id(node) not in self.removed:
                nodes.append(node)
        needed, kept = {output.name for output in self.graph.output}, []
        for node in reversed(nodes):
            if needed.intersection(node.output):
                kept.append(node)
                needed.update(name for name in node.input if name)
        kept.reverse()
        tensors = [t for t in [*self.graph.initializer, *self.added.values()] if t.name in needed]
        for field, content in ((self.graph.node, kept), (self.graph.initializer, tensors)):
            del field[:]
            field.extend(content)
        del self.graph.value_info[:]


def float_sums(surgery):
    """Step 1. The chain around one integer operator is:

    x -> DynamicQuantizeLinear -> ConvInteger [-> Add rounded bias] -> Cast -> Mul (scale x * scale w)
    """
    count = 0
    for node in surgery.nodes("ConvInteger", "MatMulInteger"):
        rounding = surgery.producer[node.input[0]]
        expect(rounding, "DynamicQuantizeLinear")
        chain, after = [node], surgery.only_user(node.output[0])
        bias = []
        if after.op_type == "Add":
            bias = [float_bias(surgery, after, node.output[0])]
            chain.append(after)
            after = surgery.only_user(after.output[0])
        expect(after, "Cast")
        scaling = surgery.only_user(after.output[0])
        expect(scaling, "Mul")
        chain += [after, scaling]
        scales = surgery.producer[other(scaling.input, after.output[0])]
        expect(scales, "Mul")
        scale = surgery.value(other(scales.input, rounding.output[1]))
        zero = surgery.value(node.input[3])

        is_conv = node.op_type == "ConvInteger"
        axis = 0 if is_conv else 1
        name, nodes = surgery.weight(
            node.input[1], surgery.value(node.input[1]), scale.reshape(-1), zero.reshape(-1), axis
        )
        plain = helper.make_node(
            "Conv" if is_conv else "MatMul",
            [rounding.input[0], name, *bias],
            list(scaling.output),
            name=node.name.removesuffix("_quant"),
        )
        plain.attribute.extend(node.attribute)
        surgery.replace(chain, [*nodes, plain])
        count += 1
    return count


def float_bias(surgery, add, summed):
    """The float tensor whose rounded form `add` adds: Div by the scales -> Floor -> Cast -> Reshape."""
    node = surgery.producer[other(add.input, summed)]
    expect(node, "Reshape")
    node = surgery.producer[node.input[0]]
    while node.op_type in ("Cast", "Floor"):
        node = surgery.producer[node.input[0]]
    expect(node, "Div")
    if node.input[0] not in surgery.stored:
        sys.exit(f"the bias of {add.name} is not a stored tensor")
    return node.input[0]


def float_lstms(surgery):
    """Step 2. The quantised operator keeps its weights as [direction, input, 4 * hidden]; LSTM wants
    the last two the other way round, and knows no scales."""
    count = 0
    for node in surgery.nodes("DynamicQuantizeLSTM"):
        inputs, nodes, weights = list(node.input), [], []
        for weight, scale, zero in ((1, 8, 9), (2, 10, 11)):
            numbers = surgery.value(inputs[weight]).transpose(0, 2, 1)
            name, made = surgery.weight(
                inputs[weight], numbers, surgery.value(inputs[scale]), surgery.value(inputs[zero]), 0
            )
            weights.append(name)
            nodes += made
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        nodes.append(
            helper.make_node(
                "LSTM",
                [inputs[0], *weights, *inputs[3:7]],
                list(node.output),
                name=node.name.removesuffix("_quant"),
                direction=attributes["direction"].decode(),
                hidden_size=attributes["hidden_size"],
            )
        )
        surgery.replace([node], nodes)
        count += 1
    return count


def plain_products(surgery):
    """Step 3."""
    count = 0
    for node in surgery.nodes("FusedMatMul"):
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        known = {"transA": 1, "transB": 0, "alpha": 1.0, "transBatchA": 0, "transBatchB": 0}
        if attributes != known:
            sys.exit(f"{node.name} multiplies in an unknown way: {attributes}")
        turned = node.input[0] + ".turned"
        surgery.replace(
            [node],
            [
                helper.make_node("Transpose", [node.input[0]], [turned], name=turned, perm=[0, 2, 1]),
                helper.make_node("MatMul", [turned, node.input[1]], list(node.output), name=node.name),
            ],
        )
        count += 1
    return count


def guarded_phase(surgery):
    """Step 4."""
    divide = surgery.producer[GENERATOR + "Div_output_0"]
    expect(divide, "Div")
    imaginary, real = divide.input
    zero = surgery.store("phase.zero", np.array(0, np.float32))
    tiny = surgery.store("phase.tiny", np.array(1e-30, np.float32))
    surgery.replace(
        [divide],
        [
            helper.make_node("Equal", [real, zero], ["phase.is_zero"], name="phase.is_zero"),
            helper.make_node("Where", ["phase.is_zero", tiny, real], ["phase.real"], name="phase.real"),
            helper.make_node("Div", [imaginary, "phase.real"], list(divide.output), name=divide.name),
        ],
    )
    above = surgery.producer[GENERATOR + "Greater_output_0"]
    expect(above, "Greater")
    if above.input[0] != imaginary:
        sys.exit(f"{above.name} does not compare the imaginary part")
    surgery.replace(
        [above],
        [helper.make_node("GreaterOrEqual", list(above.input), list(above.output), name=above.name)],
    )
    return 2


def expect(node, kind):
    if node.op_type != kind:
        sys.exit(f"{node.name} is a {node.op_type} where a {kind} was expected")


def other(names, known):
    """The one of two names that is not `known`."""
    (name,) = [name for name in names if name != known]
    return name


# Each step with how much it replaces in the one source file there is.
STEPS = (
    (float_sums, 87 + 148),
    (float_lstms, 6),
    (plain_products, 1),
    (guarded_phase, 2),
)


def main(source, target):
    with open(source, "rb") as file:
        data = file.read()
    if hashlib.sha256(data).hexdigest() != SOURCE_SHA256:
        sys.exit(f"{source} is not the known export: its checksum differs")
    model = onnx.load_from_string(data)
    surgery = Surgery(model.graph)
    for step, expected in STEPS:
        count = step(surgery)
        print(f"{step.__name__}: {count}")
        if count != expected:
            sys.exit(f"{step.__name__} replaced {count} places, {expected} were expected")
    surgery.finish()

    domains = {node.domain for node in model.graph.node}
    opsets = [opset for opset in model.opset_import if opset.domain in domains]
    del model.opset_import[:]
    model.opset_import.extend(opsets)
    model.producer_name, model.producer_version = "langdu tools/voice/convert.py", "1"

    data = model.SerializeToString(deterministic=True)
    with open(target, "wb") as file:
        file.write(data)
    print(f"{hashlib.sha256(data).hexdigest()}  {target}  {len(data)} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
