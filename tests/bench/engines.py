"""engines.py ENGINE CFG WEIGHTS INPUT: one engine in a process of its own, for side-by-side.py: loads, then answers on stdout what stdin asks.

    forward N, explain N   runs N times; a JSON list of milliseconds
    train N                N training steps of 8 images each, update included; after the first the rest of the engine is gone
    memory                 the most that was resident so far, in bytes
    output                 writes the last layer as raw float32 to the path that follows

ENGINE is libdarknet, opencv or pytorch; all run on two threads unless OMP_NUM_THREADS says otherwise."""
import ctypes
import json
import os
import re
import resource
import sys
import time

THREADS = int(os.environ.setdefault("OMP_NUM_THREADS", "2"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "witness"))
import numpy as np

from cfg import Network


BATCH = 8  # of a training step


class Matrix(ctypes.Structure):
    _fields_ = [("rows", ctypes.c_int), ("cols", ctypes.c_int), ("vals", ctypes.POINTER(ctypes.POINTER(ctypes.c_float)))]

    def __init__(self, values):
        rows = (ctypes.POINTER(ctypes.c_float) * len(values))(*(row.ctypes.data_as(ctypes.POINTER(ctypes.c_float)) for row in values))
        super().__init__(*values.shape, rows)
        self.kept = values, rows


class Data(ctypes.Structure):
    """darknet.h's data, as train_network takes it by value."""
    _fields_ = [("w", ctypes.c_int), ("h", ctypes.c_int), ("x", Matrix), ("y", Matrix), ("shallow", ctypes.c_int),
                ("num_boxes", ctypes.c_void_p), ("boxes", ctypes.c_void_p)]


class Libdarknet:
    """As Debian builds it. It prints its layers to stderr and has no gradients of one image."""

    def __init__(self, cfg, weights, input):
        self.lib = ctypes.CDLL("/usr/lib/darknet/libdarknet.so")
        self.lib.load_network.restype = ctypes.c_void_p
        self.lib.network_predict.restype = ctypes.POINTER(ctypes.c_float)
        self.lib.network_predict.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
        self.net = self.lib.load_network(cfg.encode(), weights.encode(), 0)
        self.input, self.paths, self.training = input, (cfg, weights), None

    def forward(self):
        return self.lib.network_predict(self.net, self.input.ctypes.data)

    def start_training(self):
        """A network of its own for 8 images: the buffers of the other are for one. Ten boxes an image."""
        cfg, weights = self.paths
        with open(cfg, encoding="latin-1") as file:
            text = re.sub(r"(?m)^batch=.*$", f"batch={BATCH}", file.read())
        path = cfg.replace(".cfg", f"-{BATCH}.cfg")
        with open(path, "w", encoding="latin-1") as file:
            file.write(text)
        random = np.random.RandomState(3)
        truth = np.zeros((BATCH, 90 * 5), "f4")  # boxes of four numbers and a class
        boxes = truth[:, :50].reshape(BATCH, 10, 5)
        boxes[:, :, :4] = random.uniform(.2, .4, boxes[:, :, :4].shape)
        boxes[:, :, 4] = random.randint(0, 20, boxes.shape[:2])
        images = random.uniform(0, 1, (BATCH, self.input.size)).astype("f4")
        self.lib.train_network.restype = ctypes.c_float
        self.lib.train_network.argtypes = [ctypes.c_void_p, Data]
        self.kept = Matrix(images), Matrix(truth)  # Data copies their addresses alone
        self.training = self.lib.load_network(path.encode(), weights.encode(), 0), Data(0, 0, *self.kept, 0, None, None)

    def train(self):
        """Forward, losses, backward, update."""
        if self.training is None:
            self.start_training()
        return self.lib.train_network(*self.training)


class OpenCV:
    def __init__(self, cfg, weights, input):
        import cv2
        cv2.setNumThreads(THREADS)
        self.net = cv2.dnn.readNetFromDarknet(cfg, weights)
        self.net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)
        self.heads = self.net.getUnconnectedOutLayersNames()
        self.input = input

    def forward(self):
        self.net.setInput(self.input)
        return self.net.forward(self.heads)


class PyTorch:
    """At its best: channels last, batch normalisation folded, activations in place where no gradient is asked for."""

    def __init__(self, cfg, weights, input):
        import torch
        import torch_net
        torch.set_num_threads(THREADS)
        self.torch, self.run_layer, self.dialect, self.divisor = torch, torch_net.KINDS, "alexey", torch_net.DIVISORS["alexey"]
        self.network = Network(cfg)
        self.dialect = self.network.dialect
        with open(weights, "rb") as file:
            params = torch_net.read_params(self.network, file.read())
        self.raw, self.leaves = params, None
        self.params = [self.folded(layer, params[layer.index]) for layer in self.network.layers]
        self.input = torch.tensor(input).contiguous(memory_format=torch.channels_last)
        heads = [layer.inputs[0] for layer in self.network.layers if layer.kind in ("yolo", "region")]
        self.targets = heads or [self.network.layers[-1].index]

    def folded(self, layer, params):
        torch = self.torch
        p = {name: torch.tensor(value) for name, value in params.items()}
        if layer.kind != "convolutional":
            return p
        if layer.normalized:
            gain = p["scales"] / self.divisor(p["variances"])
            p = {"weights": p["weights"] * gain.view(-1, 1, 1, 1), "biases": p["biases"] - p["means"] * gain}
        return {"weights": p["weights"].contiguous(memory_format=torch.channels_last), "biases": p["biases"]}

    def activated(self, name, x, inplace):
        functional = self.torch.nn.functional
        if name == "leaky":
            return functional.leaky_relu(x, .1, inplace)
        if name == "relu":
            return functional.relu(x, inplace)
        if name == "logistic":
            return self.torch.sigmoid(x)
        assert name == "linear", name
        return x

    def layer(self, layer, x, others, inplace, before):
        functional, p = self.torch.nn.functional, self.params[layer.index]
        if layer.kind == "convolutional":
            x = functional.conv2d(x, p["weights"], p["biases"], layer.stride, layer.padding * layer.dilation, layer.dilation, layer.groups)
            if before is not None:
                if not x.requires_grad:
                    x.requires_grad_()
                before[layer.index] = x
            return self.activated(layer.activation, x, inplace)
        if layer.kind == "maxpool":
            sides = layer.padding // 2, layer.padding - layer.padding // 2
            if sides[0] != sides[1]:
                x = functional.pad(x, (*sides, *sides), value=-float("inf"))
            return functional.max_pool2d(x, layer.size, layer.stride, sides[0] if sides[0] == sides[1] else 0)
        if layer.kind == "upsample":
            return functional.interpolate(x, scale_factor=layer.stride, mode="nearest")
        if layer.kind == "dropout":
            return x
        if layer.kind == "shortcut" and len(others) == 1 and others[0].shape == x.shape:
            return self.activated(layer.activation, x + others[0], inplace)
        made = self.run_layer[layer.kind](layer, p, self, x, *others)
        return self.activated(layer.activation, made["pre"], inplace) if isinstance(made, dict) else made

    def values(self, inplace, before=None):
        values = []
        for layer in self.network.layers:
            x, *others = [self.input if input < 0 else values[input] for input in layer.inputs]
            values.append(self.layer(layer, x, others, inplace, before))
        return values

    def forward(self):
        with self.torch.inference_mode():
            return self.values(True)

    def explain(self):
        """As espalier-cli bench has it: seeds of 1 at all heads, a score for each channel of each convolution, one heatmap."""
        torch, before = self.torch, {}
        values = self.values(False, before)
        sum(values[target].sum() for target in self.targets).backward(inputs=list(before.values()))
        scores, last = {}, None
        for index, x in before.items():
            if x.grad is not None:
                product = (x.detach() - self.params[index]["biases"].view(1, -1, 1, 1)) * x.grad
                scores[index] = product.amax((2, 3))
                last = product if index not in self.targets else last
        return scores, last.sum(1).clamp(min=0)

    def start_training(self):
        """What training changes are leaves; the folded parameters are not needed any more."""
        torch, self.leaves, self.params = self.torch, [], [{} for _ in self.network.layers]
        for layer, params in zip(self.network.layers, self.raw):
            p = {name: torch.tensor(value) for name, value in params.items()}
            if layer.kind == "convolutional":
                p["weights"] = p["weights"].contiguous(memory_format=torch.channels_last)
            for name in p:
                p[name].requires_grad_(name not in ("means", "variances"))
            self.leaves.append(p)
        self.batch = torch.rand(BATCH, *self.network.input, generator=torch.Generator().manual_seed(3)).contiguous(memory_format=torch.channels_last)
        learned = [tensor for p in self.leaves for tensor in p.values() if tensor.requires_grad]
        self.optimiser = torch.optim.SGD(learned, lr=1e-6, momentum=.9, weight_decay=5e-4)
        self.seeds = None

    def trained_layer(self, layer, x, others):
        functional, p = self.torch.nn.functional, self.leaves[layer.index]
        if layer.kind != "convolutional":
            return self.layer(layer, x, others, False, None)
        x = functional.conv2d(x, p["weights"], None if layer.normalized else p["biases"], layer.stride, layer.padding * layer.dilation,
                              layer.dilation, layer.groups)
        if layer.normalized:
            x = functional.batch_norm(x, p["means"], p["variances"], p["scales"], p["biases"], True, .1, 1e-5)
        return self.activated(layer.activation, x, True)

    def train(self):
        """Batch normalisation by the batch; the loss is the sum of the heads times numbers of no meaning; SGD with momentum and decay."""
        torch = self.torch
        if self.leaves is None:
            self.start_training()
        values = []
        for layer in self.network.layers:
            if layer.kind in ("yolo", "region"):
                values.append(None)
                continue
            x, *others = [self.batch if input < 0 else values[input] for input in layer.inputs]
            values.append(self.trained_layer(layer, x, others))
        if self.seeds is None:
            self.seeds = {target: torch.rand_like(values[target]) - .5 for target in self.targets}
        self.optimiser.zero_grad()
        sum((values[target] * self.seeds[target]).sum() for target in self.targets).backward()
        self.optimiser.step()
        return values


ENGINES = {"libdarknet": Libdarknet, "opencv": OpenCV, "pytorch": PyTorch}


def last_of(made, network):
    """The last layer of a forward pass, from a pointer, a list of heads or a list of layers."""
    if isinstance(made, (list, tuple)):
        return np.asarray(made[-1].numpy() if hasattr(made[-1], "numpy") else made[-1])
    return np.ctypeslib.as_array(made, (int(np.prod(network.layers[-1].out)),))


def timed(act, count):
    took = []
    for _ in range(count):
        start = time.perf_counter()
        act()
        took.append((time.perf_counter() - start) * 1000)
    return took


def main(name, cfg, weights, input_path):
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # libdarknet prints
    network = Network(cfg)
    engine = ENGINES[name](cfg, weights, np.fromfile(input_path, "<f4").reshape(1, *network.input))
    engine.forward()
    answer.write("ready\n")
    answer.flush()
    for line in sys.stdin:
        word, *rest = line.split()
        if word == "memory":
            said = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        elif word == "output":
            last_of(engine.forward(), network).astype("<f4").tofile(rest[0])
            said = True
        else:
            act = getattr(engine, word, None)
            said = timed(act, int(rest[0])) if act else None
        answer.write(json.dumps(said) + "\n")
        answer.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
