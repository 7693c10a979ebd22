"""torch_net.py: runs a network of cfg.py in PyTorch, in float64 or float32, with autograd: what every layer kind is defined to compute.

Gradients are the true ones of what the forward pass computes; statistics of batch normalisation are frozen, as where a network is explained."""
import math
import struct

import numpy as np
import torch
import torch.nn.functional as F

from cfg import floats_bytes

# Batch normalisation divides by: AlexeyAB sqrt (v + 1e-5), pjreddie sqrt (v) + 1e-6, OpenCV sqrt (v + 1e-6).
DIVISORS = {"alexey": lambda v: (v + 1e-5).sqrt(), "darknet": lambda v: v.sqrt() + 1e-6, "opencv": lambda v: (v + 1e-6).sqrt()}


def plse(x):
    return torch.where(x < -4, .01 * (x + 4), torch.where(x > 4, .01 * (x - 4) + 1, .125 * x + .5))


def stair(x):
    whole = x.floor()
    return torch.where(whole % 2 == 0, (x / 2).floor(), x - whole + (x / 2).floor())


def among_channels(x, by):
    return by / (by.sum(1, keepdim=True) + 1e-4)


ACTIVATIONS = {
    "linear": lambda x: x,
    "leaky": lambda x: torch.where(x > 0, x, .1 * x),
    "relu": lambda x: x.clamp(min=0),
    "relu6": lambda x: x.clamp(0, 6),
    "logistic": torch.sigmoid,
    "loggy": lambda x: 2 * torch.sigmoid(x) - 1,
    "tanh": torch.tanh,
    "ramp": lambda x: x.clamp(min=0) + .1 * x,
    "relie": lambda x: torch.where(x > 0, x, .01 * x),
    "elu": lambda x: torch.where(x >= 0, x, torch.expm1(x.clamp(max=0))),
    "selu": lambda x: 1.0507 * torch.where(x >= 0, x, 1.6732 * torch.expm1(x.clamp(max=0))),
    "plse": plse,
    "stair": stair,
    "hardtan": lambda x: x.clamp(-1, 1),
    "lhtan": lambda x: torch.where(x < 0, .001 * x, torch.where(x > 1, .001 * (x - 1) + 1, x)),
    "swish": lambda x: x * torch.sigmoid(x),
    "mish": lambda x: x * torch.tanh(F.softplus(x, threshold=700)),
    "hard_mish": lambda x: torch.where(x > 0, x, torch.where(x > -2, x * x / 2 + x, torch.zeros_like(x))),
    "gelu": lambda x: .5 * x * (1 + torch.tanh(.797885 * x + .035677 * x ** 3)),
    "normalize_channels": lambda x: among_channels(x, x.clamp(min=0)),
    "normalize_channels_softmax": lambda x: among_channels(x, x.exp()),
    "normalize_channels_softmax_maxval": lambda x: among_channels(x, (x - x.amax(1, keepdim=True)).exp()),
}


def normalized(x, p, net):
    """The frozen form, over channels; in training by the mean and variance of the batch."""
    if net.training:
        return F.batch_norm(x, None, None, p["scales"], p["biases"], True, 0, 1e-5)
    shape = (1, -1, 1, 1)
    return (x - p["means"].view(shape)) / net.divisor(p["variances"]).view(shape) * p["scales"].view(shape) + p["biases"].view(shape)


def filtered(layer, p, net, x):
    value = {"conv": x}
    value["pre"] = normalized(x, p, net) if layer.normalized else x + p["biases"].view(1, -1, 1, 1)
    return value


def convolutional(layer, p, net, x):
    padding = layer.padding * layer.dilation
    return filtered(layer, p, net, F.conv2d(x, p["weights"], None, layer.stride, padding, layer.dilation, layer.groups))


def connected(layer, p, net, x):
    return filtered(layer, p, net, (x.flatten(1) @ p["weights"].t())[:, :, None, None])


def maxpool(layer, p, net, x):
    """Half of the padding, rounded down, goes before; as much as the last window needs goes behind."""
    sides = []
    for side, out, stride in zip(x.shape[:1:-1], layer.out[:0:-1], layer.stride[::-1]):
        before = layer.padding // 2
        sides += [before, max(0, (out - 1) * stride + layer.size - side - before)]
    return F.max_pool2d(F.pad(x, sides, value=-math.inf), layer.size, layer.stride)[:, :, :layer.out[1], :layer.out[2]]


def avgpool(layer, p, net, x):
    return x.mean((2, 3), keepdim=True)


def upsample(layer, p, net, x):
    return layer.scale * x.repeat_interleave(layer.stride, 2).repeat_interleave(layer.stride, 3)


def route(layer, p, net, *inputs):
    """A part of each input, not of them all together."""
    return torch.cat([x.chunk(layer.groups, 1)[layer.group] for x in inputs], 1)


def shares(layer, p, dtype):
    """What each input of a weighted shortcut is multiplied by."""
    weights = p["weights"]
    if layer.norm in ("relu", "avg_relu"):
        weights = weights.clamp(min=0)
    elif layer.norm == "softmax":
        weights = (weights - weights.amax(0, keepdim=True)).exp()
    return weights if layer.norm == "none" else weights / (weights.sum(0, keepdim=True) + 1e-4)


def shortcut(layer, p, net, x, *others):
    """AlexeyAB: the common prefix of the channels. pjreddie: one other, its channels' prefix, at every stride-th place where the sides differ."""
    if net.dialect == "pjreddie":
        other, = others
        rows, columns = (min(a, b) for a, b in zip(x.shape[2:], other.shape[2:]))
        thin, wide = max(1, other.shape[3] // x.shape[3]), max(1, x.shape[3] // other.shape[3])
        channels = min(x.shape[1], other.shape[1])
        added = torch.zeros_like(x)
        added[:, :channels, :rows * wide:wide, :columns * wide:wide] = other[:, :channels, :rows * thin:thin, :columns * thin:thin]
        scale = torch.ones_like(x)
        scale[:, :channels, :rows * wide:wide, :columns * wide:wide] = layer.alpha
        return {"pre": scale * x + layer.beta * added}
    share = shares(layer, p, x.dtype).view(len(others) + 1, 1, -1, 1, 1) if layer.params else None
    total = x if share is None else x * share[0]
    for i, other in enumerate(others, 1):
        if other.shape[2:] != x.shape[2:]:
            raise NotImplementedError(f"line {layer.line}: sides differ, {tuple(other.shape)} and {tuple(x.shape)}")
        missing = x.shape[1] - other.shape[1]
        other = F.pad(other, (0, 0, 0, 0, 0, missing)) if missing > 0 else other[:, :x.shape[1]]
        total = total + (other if share is None else other * share[i])
    return {"pre": total}


def scale_channels(layer, p, net, gate, x):
    assert gate.shape[1:] == ((1, *x.shape[2:]) if layer.over_channels else (x.shape[1], 1, 1)), f"line {layer.line}"
    return {"pre": gate * x}


def sam(layer, p, net, gate, x):
    return {"pre": gate * x}


def reorg(layer, p, net, x):
    """darknet's: it takes the input for c / s² channels of s times the side, whatever its shape, and its result for the shape of the output."""
    n, c, h, w = x.shape
    s, few = layer.stride, c // layer.stride ** 2
    if layer.reverse:
        return x.reshape(n, s, s, few, h, w).permute(0, 3, 4, 1, 5, 2).reshape(n, *layer.out)
    return x.reshape(n, few, h, s, w, s).permute(0, 3, 5, 1, 2, 4).reshape(n, *layer.out)


def reorg3d(layer, p, net, x):
    """AlexeyAB's: the input's own channels; output p + c o is place o of the s² in each cell of channel p."""
    n, c, h, w = x.shape
    s = layer.stride
    out_c, out_h, out_w = layer.out
    if layer.reverse:
        return x.reshape(n, s, s, out_c // s ** 2, out_h, out_w).permute(0, 3, 4, 1, 5, 2).reshape(n, *layer.out)
    return x.reshape(n, c, out_h, s, out_w, s).permute(0, 3, 5, 1, 2, 4).reshape(n, *layer.out)


def by_group(x, sizes, dim):
    """A softmax over each group of siblings."""
    return torch.cat([group.softmax(dim) for group in x.split(sizes, dim)], dim)


def softmax(layer, p, net, x):
    if layer.tree:
        return by_group(x.reshape(x.shape[0], -1) / layer.temperature, layer.tree, 1).reshape(x.shape)
    if layer.spatial:
        return x.softmax(1)
    return (x.reshape(x.shape[0], layer.groups, -1) / layer.temperature).softmax(2).reshape(x.shape)


def region(layer, p, net, x):
    """pjreddie's: places and objectness through the logistic, classes through softmax, of all or of siblings, or the logistic."""
    n, c, h, w = x.shape
    x = x.reshape(n, layer.anchors, -1, h, w)
    place, shape, rest = x[:, :, :2].sigmoid(), x[:, :, 2:layer.coords], x[:, :, layer.coords:]
    if layer.background:
        known = rest.softmax(2) if layer.softmax else torch.cat((rest[:, :, :1], rest[:, :, 1:].sigmoid()), 2)
        return torch.cat((place, shape, known), 2).reshape(n, c, h, w)
    if layer.tree:
        classes = by_group(rest[:, :, 1:], layer.tree, 2)
    else:
        classes = rest[:, :, 1:].softmax(2) if layer.softmax else rest[:, :, 1:].sigmoid()
    return torch.cat((place, shape, rest[:, :, :1].sigmoid(), classes), 2).reshape(n, c, h, w)


def yolo(layer, p, net, x):
    n, c, h, w = x.shape
    x = x.reshape(n, layer.anchors, -1, h, w)
    place, shape, rest = x[:, :, :2], x[:, :, 2:4], x[:, :, 4:]
    if not layer.new_coords:
        place, rest = place.sigmoid(), rest.sigmoid()
    return torch.cat((place * layer.scale - .5 * (layer.scale - 1), shape, rest), 2).reshape(n, c, h, w)


def same(layer, p, net, x):
    return x.clone()  # a value of its own, with a gradient of its own


KINDS = {"convolutional": convolutional, "connected": connected, "maxpool": maxpool, "avgpool": avgpool, "upsample": upsample, "route": route,
         "shortcut": shortcut, "scale_channels": scale_channels, "sam": sam, "reorg": reorg, "reorg3d": reorg3d, "softmax": softmax,
         "region": region, "yolo": yolo, "dropout": same, "cost": same}


class Numpy:
    """The source of random numbers for large networks; numpy keeps RandomState's streams as they are."""

    def __init__(self, seed):
        self.state = np.random.RandomState(seed)

    def uniform(self, low, high, count):
        return self.state.uniform(low, high, count)

    def normal(self, scale, count):
        return scale * self.state.standard_normal(count)


def read_params(network, raw):
    """A weights file as one dict of arrays a layer."""
    at = 20 if struct.unpack_from("<2i", raw)[0] * 10 + struct.unpack_from("<2i", raw)[1] >= 2 else 16
    params = [{} for _ in network.layers]
    for layer, name, shape in network.all_params():
        count = math.prod(shape)
        params[layer.index][name] = np.frombuffer(raw, "<f4", count, at).reshape(shape)
        at += 4 * count
    assert at == len(raw), f"{at} of {len(raw)} bytes used"
    return params


class TorchNet:
    """network's layers with params (of read_params) as leaves of autograd where gradients are asked for. keep: of layers whose outputs are masked,
    one 0 or 1 a channel, multiplied behind the activation."""

    def __init__(self, network, params, dtype=torch.float64, bn="alexey", gradients=False, training=False, keep=None):
        self.training, self.keep = training, keep or {}
        self.network, self.dialect, self.divisor = network, network.dialect, DIVISORS[bn]
        self.params = [{name: torch.tensor(value, dtype=dtype, requires_grad=gradients) for name, value in layer.items()} for layer in params]
        self.dtype, self.gradients = dtype, gradients

    def forward(self, x):
        """x: n, c, h, w; one dict a layer: out, and where they differ pre and conv."""
        values = []
        for layer in self.network.layers:
            inputs = [x if input < 0 else values[input]["out"] for input in layer.inputs]
            made = KINDS[layer.kind](layer, self.params[layer.index], self, *inputs)
            value = made if isinstance(made, dict) else {"out": made}
            if "out" not in value:
                value["out"] = ACTIVATIONS[layer.activation](value["pre"])
            if layer.index in self.keep:
                value["out"] = value["out"] * torch.tensor(self.keep[layer.index], dtype=self.dtype).view(1, -1, 1, 1)
            assert tuple(value["out"].shape[1:]) == layer.out, f"line {layer.line}: {tuple(value['out'].shape)}, expected {layer.out}"
            if self.gradients:
                for tensor in value.values():
                    if tensor.requires_grad:
                        tensor.retain_grad()
            values.append(value)
        return values


def tensor_of(raw, shape, dtype=torch.float64):
    """Raw float32 as a batch of as many as there are."""
    return torch.tensor(np.frombuffer(raw, "<f4").reshape(-1, *shape), dtype=dtype)


def random_input(source, shape, low=0, high=1):
    return floats_bytes(np.asarray(source.uniform(low, high, math.prod(shape))))
