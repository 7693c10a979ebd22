"""cfg.py: reads a darknet cfg on its own: layers, shapes, and the parameters in the order of a weights file; standard library only.

Written from what darknet publishes (pjreddie's for the kinds it has, AlexeyAB's for the rest) and not from the program's sources. Shapes are
(channels, rows, columns). A kind or an option that is not known here raises: a witness does not guess."""
import itertools
import math
import os
import random
import re
import struct

ALIASES = {"conv": "convolutional", "max": "maxpool", "avg": "avgpool", "soft": "softmax", "conn": "connected", "network": "net"}


class Section:
    """One [kind] and its options, all blanks dropped as darknet drops them."""

    def __init__(self, kind, line):
        self.kind, self.line, self.options = ALIASES.get(kind, kind), line, {}

    def text(self, key, default=None):
        return self.options.get(key, default)

    def whole(self, key, default):
        found = re.match(r"[+-]?\d+", self.options.get(key, str(default)))
        return int(found.group()) if found else 0

    def real(self, key, default):
        return float(self.options.get(key, default))

    def items(self, key, read=int):
        return [read(word) for word in self.options.get(key, "").split("#")[0].split(",") if word]

    def forbid(self, *keys):
        for key in keys:
            if self.options.get(key, "0") not in ("0", "none"):
                raise NotImplementedError(f"line {self.line}: [{self.kind}] {key}={self.options[key]}")


class Layer:
    """index as darknet counts; inputs are indices of layers, -1 the image; params are (name, shape) in file order."""

    def __init__(self, index, section, path):
        self.path = path
        self.index, self.section, self.kind, self.line = index, section, section.kind, section.line
        self.inputs, self.params, self.out = [index - 1], [], None
        self.activation = None


def sections_of(text):
    sections = []
    for number, line in enumerate(text.splitlines(), 1):
        line = re.sub(r"[ \t\r]", "", line)
        if line.startswith("["):
            sections.append(Section(line.strip("[]"), number))
        elif line and line[0] not in "#;":
            key, _, value = line.partition("=")
            sections[-1].options[key] = value
    return sections


def pair(section, key="stride"):
    """(down, across)"""
    both = section.whole(key, 1)
    return section.whole(key + "_y", both) if section.whole(key + "_y", both) > 0 else both, \
        section.whole(key + "_x", both) if section.whole(key + "_x", both) > 0 else both


def normalization(filters):
    return [("scales", (filters,)), ("means", (filters,)), ("variances", (filters,))]


def convolutional(layer, section, shapes):
    section.forbid("binary", "xnor", "share_index", "antialiasing", "deform", "sway", "rotate", "stretch", "stretch_sway", "flipped", "bin_output",
                   "assisted_excitation", "coordconv", "cbn", "reverse")
    c, h, w = shapes[0]
    layer.filters, layer.groups, layer.size = section.whole("filters", 1), section.whole("groups", 1), section.whole("size", 1)
    layer.dilation = section.whole("dilation", 1) if layer.size > 1 else 1
    layer.stride = pair(section)
    layer.padding = layer.size // 2 if section.whole("pad", 0) else section.whole("padding", 0)
    layer.normalized, layer.activation = section.whole("batch_normalize", 0) != 0, section.text("activation", "logistic")
    if layer.dilation > 1 and 2 * layer.padding != layer.size - 1:
        raise NotImplementedError(f"line {section.line}: AlexeyAB's sizes contradict themselves where a dilated kernel is not padded to its middle")
    reach = layer.dilation * (layer.size - 1) + 1
    layer.out = (layer.filters, *((side + 2 * layer.padding * layer.dilation - reach) // stride + 1
                                  for side, stride in zip((h, w), layer.stride)))
    layer.params = [("biases", (layer.filters,)), *(normalization(layer.filters) if layer.normalized else []),
                    ("weights", (layer.filters, c // layer.groups, layer.size, layer.size))]


def connected(layer, section, shapes):
    count = math.prod(shapes[0])
    layer.filters = section.whole("output", 1)
    layer.normalized, layer.activation = section.whole("batch_normalize", 0) != 0, section.text("activation", "logistic")
    layer.out = (layer.filters, 1, 1)
    layer.params = [("biases", (layer.filters,)), ("weights", (layer.filters, count)), *(normalization(layer.filters) if layer.normalized else [])]


def maxpool(layer, section, shapes):
    section.forbid("maxpool_depth", "antialiasing", "maxpool_zero_nonmax")
    c, h, w = shapes[0]
    layer.stride = pair(section)
    layer.size = section.whole("size", section.whole("stride", 1))
    layer.padding = section.whole("padding", layer.size - 1)
    layer.out = (c, *((side + layer.padding - layer.size) // stride + 1 for side, stride in zip((h, w), layer.stride)))


def avgpool(layer, section, shapes):
    layer.out = (shapes[0][0], 1, 1)


def upsample(layer, section, shapes):
    layer.stride, layer.scale = section.whole("stride", 2), section.real("scale", 1)
    if layer.stride < 1:
        raise NotImplementedError(f"line {section.line}: upsample downwards")
    c, h, w = shapes[0]
    layer.out = (c, h * layer.stride, w * layer.stride)


def route(layer, section, shapes):
    layer.groups, layer.group = section.whole("groups", 1), section.whole("group_id", 0)
    layer.out = (sum(shape[0] // layer.groups for shape in shapes), *shapes[0][1:])
    assert all(shape[1:] == shapes[0][1:] for shape in shapes), f"line {section.line}: {shapes}"


def shortcut(layer, section, shapes):
    """inputs[0] is the layer before, the others are those of from="""
    layer.activation = section.text("activation", "linear")
    layer.out = shapes[0]
    layer.alpha, layer.beta = section.real("alpha", 1), section.real("beta", 1)
    layer.weighting, layer.norm = section.text("weights_type", "none"), section.text("weights_normalization", "none")
    if layer.weighting in ("per_feature", "per_layer"):
        layer.params = [("weights", (len(shapes), 1))]
    elif layer.weighting == "per_channel":
        layer.params = [("weights", (len(shapes), shapes[0][0]))]


def gate(layer, section, shapes):
    """inputs[0] is the gate, inputs[1] the map that it scales"""
    layer.activation = section.text("activation", "linear")
    layer.over_channels = section.whole("scale_wh", 0) != 0
    layer.out = shapes[1]


def sam(layer, section, shapes):
    layer.activation = section.text("activation", "linear")
    layer.out = shapes[1]
    assert shapes[0] == shapes[1], f"line {section.line}: {shapes}"


def reorg(layer, section, shapes):
    section.forbid("extra", "flatten")
    layer.stride, layer.reverse = section.whole("stride", 1), section.whole("reverse", 0) != 0
    c, h, w = shapes[0]
    area = layer.stride ** 2
    if c % area or (not layer.reverse and (h % layer.stride or w % layer.stride)):
        raise NotImplementedError(f"line {section.line}: {shapes[0]} does not divide: darknet would read past its ends")
    layer.out = (c // area, h * layer.stride, w * layer.stride) if layer.reverse else (c * area, h // layer.stride, w // layer.stride)


def reorg3d(layer, section, shapes):
    layer.stride, layer.reverse = section.whole("stride", 1), section.whole("reverse", 0) != 0
    c, h, w = shapes[0]
    area = layer.stride ** 2
    if (layer.reverse and c % area ** 2) or (not layer.reverse and (h % layer.stride or w % layer.stride)):
        raise NotImplementedError(f"line {section.line}: {shapes[0]} does not divide: darknet would read past its ends")
    layer.out = (c // area, h * layer.stride, w * layer.stride) if layer.reverse else (c * area, h // layer.stride, w // layer.stride)


def same(layer, section, shapes):
    layer.out = shapes[0]


def tree_of(section, path, count):
    """The sizes of the groups of siblings of tree=, looked for from the cfg's folder and the one above; None without."""
    if section.text("tree") is None:
        return None
    here = os.path.dirname(os.path.abspath(path))
    found = [place for place in (os.path.join(here, section.text("tree")), os.path.join(here, os.path.basename(section.text("tree"))),
                                 os.path.join(here, "..", section.text("tree"))) if os.path.exists(place)]
    with open(found[0], encoding="latin-1") as file:
        parents = [int(line.split()[1]) for line in file]
    assert len(parents) == count and all(parent < i for i, parent in enumerate(parents)), f"line {section.line}: {found[0]}"
    return [len(list(group)) for _, group in itertools.groupby(parents)]


def softmax(layer, section, shapes):
    layer.tree = tree_of(section, layer.path, math.prod(shapes[0]))
    layer.groups, layer.temperature, layer.spatial = section.whole("groups", 1), section.real("temperature", 1), section.whole("spatial", 0) != 0
    layer.out = shapes[0]


def region(layer, section, shapes):
    layer.anchors, layer.classes, layer.coords = section.whole("num", 1), section.whole("classes", 20), section.whole("coords", 4)
    layer.tree = tree_of(section, layer.path, layer.classes)
    layer.softmax, layer.background = section.whole("softmax", 0) != 0, section.whole("background", 0) != 0
    layer.out = shapes[0]
    assert shapes[0][0] == layer.anchors * (layer.coords + 1 + layer.classes), f"line {section.line}: {shapes[0]}"


def yolo(layer, section, shapes):
    layer.anchors, layer.classes = len(section.items("mask")) or section.whole("num", 1), section.whole("classes", 20)
    layer.scale, layer.new_coords = section.real("scale_x_y", 1), section.whole("new_coords", 0) != 0
    layer.out = shapes[0]
    assert shapes[0][0] == layer.anchors * (5 + layer.classes), f"line {section.line}: {shapes[0]}"


KINDS = {"convolutional": convolutional, "connected": connected, "maxpool": maxpool, "avgpool": avgpool, "upsample": upsample, "route": route,
         "shortcut": shortcut, "scale_channels": gate, "sam": sam, "reorg": reorg, "reorg3d": reorg3d, "softmax": softmax, "region": region,
         "yolo": yolo, "dropout": same, "cost": same}


class Network:
    """The layers of a cfg. size: (rows, columns) in place of the cfg's own."""

    def __init__(self, path, size=None):
        with open(path, encoding="latin-1") as file:
            first, *rest = sections_of(file.read())
        assert first.kind == "net", first.kind
        self.net = first
        self.input = (first.whole("channels", 3), *(size or (first.whole("height", 0), first.whole("width", 0))))
        self.layers = []
        for index, section in enumerate(rest):
            if section.kind not in KINDS:
                raise NotImplementedError(f"line {section.line}: [{section.kind}]")
            layer = Layer(index, section, path)
            named = section.items("layers") if section.kind == "route" else section.items("from")
            named = [index + word if word < 0 else word for word in named]
            layer.inputs = named if section.kind == "route" else layer.inputs + named
            KINDS[section.kind](layer, section, [self.shape(input) for input in layer.inputs])
            self.layers.append(layer)
        joined = [layer for layer in self.layers if layer.kind == "shortcut"
                  and any(self.shape(input)[1:] != layer.out[1:] for input in layer.inputs)]
        self.dialect = "pjreddie" if joined else "alexey"

    def shape(self, index):
        return self.input if index < 0 else self.layers[index].out

    def all_params(self):
        return [(layer, name, shape) for layer in self.layers for name, shape in layer.params]


class Exact:
    """Random numbers that are the same to the last bit everywhere: uniforms of the Mersenne Twister, and sums of twelve for normals."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def uniform(self, low, high, count):
        return [low + (high - low) * self.random.random() for _ in range(count)]

    def normal(self, scale, count):
        return [scale * (sum(self.random.random() for _ in range(12)) - 6) for _ in range(count)]


def numbers_of(source, name, shape):
    """He-normal weights; gamma and variance U(.5, 1.5); beta and mean N(0, .1)."""
    count = math.prod(shape)
    if name == "weights" and len(shape) == 2 and shape[1] == 1:
        return source.normal(1, count)
    if name == "weights":
        return source.normal(math.sqrt(2 / math.prod(shape[1:])), count)
    if name in ("scales", "variances"):
        return source.uniform(.5, 1.5, count)
    return source.normal(.1, count)


def weights_bytes(network, source):
    """A weights file of random numbers: version 0.2.5, nothing seen."""
    parts = [struct.pack("<3iQ", 0, 2, 5, 0)]
    for layer, name, shape in network.all_params():
        parts.append(floats_bytes(numbers_of(source, name, shape)))
    return b"".join(parts)


def floats_bytes(numbers):
    """numbers as raw float32; an array of numpy packs itself."""
    if hasattr(numbers, "astype"):
        return numbers.astype("<f4").tobytes()
    return struct.pack(f"<{len(numbers)}f", *numbers)
