#!/usr/bin/python3
"""large.py: whole networks with random weights, each layer against PyTorch, OpenCV and libdarknet; run by ./check --witnesses.

A network that the program refuses, or that cannot be found, fails: nothing is left out in silence. Weights are He-normal, gamma and variance
U(.5, 1.5), beta and mean N(0, .1); every seed is printed."""
import argparse
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cv2
import numpy as np
import torch

from cfg import Network, floats_bytes, weights_bytes
from committed import Refused, Tap
from torch_net import Numpy, TorchNet, random_input, read_params, tensor_of

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("ESP_SHARED_DATA", os.path.join(ROOT, "..", "shared", "data"))
DEBIAN = "/usr/share/darknet/cfg"
BUILD = os.environ.get("ESP_BUILD_ROOT", os.path.join(ROOT, "build"))
WITHIN = 1e-4  # of the layer's largest number

OPENCV = ["yolov4-tiny", "yolov4", "yolov4-csp", "enet-coco"]
LIBDARKNET = ["yolov2", "yolov3", "yolov3-spp", "resnet50", "resnext50", "darknet19", "densenet201", "darknet9000", "yolo9000"]
PYTORCH = OPENCV + ["csresnext50-panet-spp-original-optimal", "yolov3-tiny-prn", "yolov4-sam-mish-csp-reorg-bfm", "yolov7-tiny"] + LIBDARKNET \
    + ["yolov3-tiny", "yolov2-tiny", "resnet18", "cifar.test", "tiny", "extraction", "alexnet"]
TREES = ["darknet9000", "yolo9000"]  # no ONNX operator says a softmax over a tree
GRADIENTS = ["yolov3-tiny"]
GRADIENT_DRAWS = 6
TRAINED = ("weights", "biases", "scales")
SIDES = {"alexnet": 227, "cifar.test": 32}
SMALLEST = 64


def path_of(name, suffix=".cfg"):
    for folder in (os.path.join(SHARED, "cfg"), DEBIAN, os.path.join(SHARED, "models", name)):
        path = os.path.join(folder, name + suffix)
        if os.path.exists(path):
            return path
    raise Refused(f"{name}{suffix} is neither in {SHARED} nor in {DEBIAN}")


def cli(*arguments):
    done = subprocess.run([os.path.join(BUILD, "app", "espalier-cli"), *map(str, arguments), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Refused(done.stderr.strip() or f"espalier-cli {arguments[0]}: exit {done.returncode}")
    return json.loads(done.stdout)


def write(path, raw):
    with open(path, "wb") as file:
        file.write(raw)
    return path


def read(path):
    with open(path, "rb") as file:
        return file.read()


def params_bytes(network, params):
    return b"".join(
        [np.array([0, 2, 5, 0, 0], "<i4").tobytes(), *(floats_bytes(params[layer.index][name]) for layer, name, _ in network.all_params())])


def torch_values(network, params, raw, bn, dtype=torch.float64):
    with torch.no_grad():
        return TorchNet(network, params, dtype, bn).forward(tensor_of(raw, network.input, dtype))


def error_of(got, wanted):
    """The largest difference, relative to the largest number wanted; infinite where a number is not finite."""
    got, wanted = np.asarray(got, "f8").reshape(-1), np.asarray(wanted, "f8").reshape(-1)
    assert got.size == wanted.size, f"{got.size} numbers, expected {wanted.size}"
    if not np.isfinite(got).all() or not np.isfinite(wanted).all():
        return math.inf
    return float(np.abs(got - wanted).max() / (np.abs(wanted).max() or 1))


class Verdict(str):
    """What is said, and the worst difference in it as a number."""

    def __new__(cls, worst, text):
        said = super().__new__(cls, text)
        said.worst = worst
        return said


class Case:
    """A network at the smallest input, with weights that float32 can tell apart: PyTorch's own float32 agrees with its float64 in every layer.

    Where a logistic follows numbers in the hundred thousands it cannot, and the next seed is taken; where none will do, what goes through one
    in gates and before the heads is softened, and that is printed. Where a file of weights is named, those are taken as they are."""

    def __init__(self, name, folder, side=None, weights=None, edit=lambda text: text):
        self.name, self.folder = name, folder
        side = side or SIDES.get(name, SMALLEST)
        with open(path_of(name), encoding="latin-1") as file:
            text = re.sub(r"(?m)^[ \t]*(width|height)[ \t]*=.*$", lambda m: f"{m.group(1)}={side}", edit(file.read()))
        text = re.sub(r"(?m)^[ \t]*(batch|subdivisions)[ \t]*=.*$", lambda m: f"{m.group(1)}=1", text)
        self.cfg = write(os.path.join(folder, name + ".cfg"), text.encode("latin-1"))
        self.network = Network(self.cfg)
        most = 1 if weights else 20 if name in OPENCV + LIBDARKNET else 3
        for self.seed in range(1, most + 1):
            raw = read(weights) if weights else weights_bytes(self.network, Numpy(self.seed))
            self.params = read_params(self.network, raw)
            self.input = random_input(Numpy(self.seed + 1000), self.network.input)
            double, single = (torch_values(self.network, self.params, self.input, "alexey", dtype) for dtype in (torch.float64, torch.float32))
            worst = max((error_of(s["out"], d["out"]), layer.index) for layer, d, s in zip(self.network.layers, double, single))
            if worst[0] <= WITHIN / 4:
                break
            print(f"# {name}: seed {self.seed} passed over, PyTorch float32 is off its float64 by {worst[0]:.1e} in layer {worst[1]}")
        print(f"# {name}: seed {self.seed}, {side} x {side}, {len(self.network.layers)} layers", flush=True)
        self.double = {"alexey": double}
        self.weights = write(os.path.join(folder, "whole.weights"), raw)
        self.input_path = write(os.path.join(folder, "input"), self.input)
        if worst[0] > WITHIN / 4 and not weights:
            print(f"# {name}: no seed up to {most} will do: the gates and the convolutions before the heads are softened")
            self.soften_gates()
            self.soften_heads()

    def soften_heads(self, kinds=("yolo",)):
        """What comes into each head is then of size 1: its exponentials can be compared."""
        heads = [layer.inputs[0] for layer in self.network.layers if layer.kind in kinds]
        if heads:
            self.soften(heads)

    def onnx(self):
        """The path of the exported file, of the weights as they are."""
        path = os.path.join(self.folder, "network.onnx")
        cli("onnx", self.cfg, self.weights, "--output", path)
        return path

    def soften_gates(self):
        """As many as there are one behind the other are taken one by one: each is of size 1 where those before it already are."""
        for layer in self.network.layers:
            gate = self.network.layers[layer.inputs[0]]
            if layer.kind in ("sam", "scale_channels") and gate.kind == "convolutional" and gate.activation == "logistic":
                self.soften([gate.index])

    def soften(self, convolutions):
        """Divides each so that what it gives before its activation is of size 1."""
        values = torch_values(self.network, self.params, self.input, "opencv")
        params = [dict(layer) for layer in self.params]
        for index in convolutions:
            size = float(values[index]["pre"].std())
            names = ("scales" if self.network.layers[index].normalized else "weights", "biases")
            params[index].update({name: params[index][name] / np.float32(size) for name in names})
        self.params = params
        self.weights = write(os.path.join(self.folder, "softened.weights"), params_bytes(self.network, params))
        self.double = {}

    def torch(self, bn):
        if bn not in self.double:
            self.double[bn] = torch_values(self.network, self.params, self.input, bn)
        return self.double[bn]

    def ours(self, bn, layers=None):
        layers = [layer.index for layer in self.network.layers if layer.kind != "cost"] if layers is None else layers
        output = os.path.join(self.folder, "ours")
        said = cli("dump", self.cfg, self.weights, "--input-f32", self.input_path, "--bn-eps", bn, "--output", output,
                   *(word for layer in layers for word in ("--layer", layer)))
        values = {}
        for row in said["layers"]:
            assert tuple(row["shape"]) == self.network.layers[row["layer"]].out, f"layer {row['layer']} [{row['kind']}]: {row['shape']}"
            values[row["layer"]] = np.fromfile(row["file"], "<f4").reshape(row["shape"])
        return values

    def opencv(self, names, fusion=False):
        net = cv2.dnn.readNetFromDarknet(self.cfg, self.weights)
        net.enableFusion(fusion)
        net.setInput(np.frombuffer(self.input, "<f4").reshape(1, *self.network.input).copy())
        return net.forward(names)

    def opencv_names(self):
        """What OpenCV calls each layer: its activation and the next number, or its last step (bn, conv, …) and its own. Heads apart."""
        known = set(cv2.dnn.readNetFromDarknet(self.cfg, self.weights).getLayerNames())
        names = {}
        for layer in self.network.layers:
            steps = ("bn", "conv", "pool", "avgpool", "upsample", "shortcut", "concat", "slice", "identity", "scale_channels", "sam", "reorg")
            choices = [f"{step}_{layer.index}" for step in steps]
            if layer.activation not in (None, "linear"):
                choices = [f"{layer.activation}_{layer.index + 1}"]
            found = [name for name in choices if name in known]
            assert found or layer.kind == "yolo", f"OpenCV has no layer for {layer.index} [{layer.kind}]"
            if layer.kind != "yolo":
                names[layer.index] = found[0]
        return names


def judge(network, pairs):
    """The worst of (layer, got, wanted); raises with all layers that are off."""
    errors = [(error_of(got, wanted), layer) for layer, got, wanted in pairs]
    off = [f"{layer} [{network.layers[layer].kind}] {error:.1e}" for error, layer in errors if not error <= WITHIN]
    assert not off, f"{len(off)} of {len(errors)} layers are off: " + ", ".join(off[:6])
    worst, layer = max(errors)
    return Verdict(worst, f"{len(errors)} layers, the worst off by {worst:.1e} (layer {layer} [{network.layers[layer].kind}])")


def with_pytorch(case):
    wanted = case.torch("alexey")
    return judge(case.network, [(layer, got, wanted[layer]["out"].numpy()) for layer, got in case.ours("alexey").items()])


def with_opencv(case):
    names = case.opencv_names()
    wanted = dict(zip(names, case.opencv(list(names.values()))))
    ours = case.ours("opencv")
    return judge(case.network, [(layer, ours[layer], wanted[layer]) for layer in names])


def opencv_with_pytorch(case):
    names = case.opencv_names()
    values = case.torch("opencv")
    return judge(case.network, [(layer, got, values[layer]["out"].numpy()) for layer, got in zip(names, case.opencv(list(names.values())))])


def decoded(layer, net_shape, value):
    """A head as OpenCV gives it: rows of (centre, size in parts of the image, objectness, classes times objectness), anchors fastest."""
    anchors = np.array(layer.section.items("anchors", float)).reshape(-1, 2)[layer.section.items("mask") or slice(None)]
    c, h, w = value.shape
    value = np.asarray(value, "f8").reshape(len(anchors), -1, h, w).transpose(2, 3, 0, 1).copy()
    value[..., 0] = (value[..., 0] + np.arange(w)[None, :, None]) / w
    value[..., 1] = (value[..., 1] + np.arange(h)[:, None, None]) / h
    size = (2 * value[..., 2:4]) ** 2 if layer.new_coords else np.exp(value[..., 2:4])
    value[..., 2:4] = size * anchors / (net_shape[2], net_shape[1])
    value[..., 5:] *= value[..., 4:5]
    return value.reshape(-1, value.shape[-1])


def heads_with_opencv(case):
    """With fusion off and on. OpenCV sets products below its threshold to 0, so that numbers next to it are left out."""
    case.soften_heads()
    heads = [layer for layer in case.network.layers if layer.kind == "yolo"]
    ours, said = case.ours("opencv", [index for layer in heads for index in (layer.inputs[0], layer.index)]), []
    for fusion in (False, True):
        pairs = []
        for layer, wanted in zip(heads, case.opencv([f"yolo_{layer.index}" for layer in heads], fusion)):
            got = decoded(layer, case.network.input, ours[layer.index])
            scores, threshold = got[:, 5:], layer.section.real("thresh", .2)
            assert (wanted[:, 5:] > 0).any(), "no product is above the threshold"
            wanted = wanted.reshape(got.shape)
            near = np.abs(scores - threshold) < 1e-4
            if layer.new_coords:  # OpenCV 4.6 shows there what its input holds at that place, not permuted; its products are right
                got[:, 4] = ours[layer.inputs[0]].reshape(got.shape)[:, 4]
            scores[scores <= threshold] = 0
            scores[near] = wanted[:, 5:][near]
            pairs += [(layer.index, got[:, part], wanted[:, part]) for part in (slice(0, 2), slice(2, 4), slice(4, 5), slice(5, None))]
        said.append((judge(case.network, pairs), fusion))
    return Verdict(max(one.worst for one, _ in said), "; ".join(f"fusion {'on' if fusion else 'off'}: {one}" for one, fusion in said))


def region_decoded(layer, value):
    """A [region] as darknet decodes it: rows of (centre, size, objectness, classes times objectness), cells fastest."""
    anchors = np.array(layer.section.items("anchors", float)).reshape(-1, 2)
    c, h, w = value.shape
    value = np.asarray(value, "f8").reshape(len(anchors), -1, h, w).transpose(0, 2, 3, 1).copy()
    value[..., 0] = (value[..., 0] + np.arange(w)[None, None, :]) / w
    value[..., 1] = (value[..., 1] + np.arange(h)[None, :, None]) / h
    value[..., 2:4] = np.exp(value[..., 2:4]) * anchors[:, None, None] / (w, h)
    value[..., 5:] *= value[..., 4:5]
    return value.reshape(-1, value.shape[-1])


def with_onnx(case):
    """The exported file in OpenCV's importer of ONNX, which shares nothing with its reader of darknet's files: every layer against PyTorch's
    float64, boxes and scores against PyTorch's heads. A tree of classes is refused."""
    heads = [layer for layer in case.network.layers if layer.kind in ("yolo", "region")]
    case.soften_heads(("yolo", "region"))
    wanted = case.torch("alexey")
    net = cv2.dnn.readNetFromONNX(case.onnx())
    net.enableFusion(False)
    net.setInput(np.frombuffer(case.input, "<f4").reshape(1, *case.network.input).copy())
    known = set(net.getLayerNames())
    names = {layer.index: f"onnx_node!layer_{layer.index}" for layer in case.network.layers if f"onnx_node!layer_{layer.index}" in known}
    weighted = {layer.index for layer in case.network.layers if layer.kind == "convolutional"}
    assert weighted <= set(names), f"convolutions {sorted(weighted - set(names))} are not in the file"
    pairs = [(layer, got, wanted[layer]["out"].numpy()) for layer, got in zip(names, net.forward(list(names.values())))]
    if heads:
        maps = [wanted[layer.index]["out"].numpy()[0] for layer in heads]
        rows = np.concatenate([decoded(layer, case.network.input, value) if layer.kind == "yolo" else region_decoded(layer, value)
                               for layer, value in zip(heads, maps)])
        boxes, scores = (np.asarray(value).reshape(len(rows), -1) for value in net.forward(["boxes", "scores"]))
        pairs += [(heads[-1].index, boxes[:, :2], rows[:, :2]), (heads[-1].index, boxes[:, 2:], rows[:, 2:4]), (heads[-1].index, scores, rows[:, 5:])]
    return judge(case.network, pairs)


def without_last(case):
    """The cfg without its last section, which has no weights: they fit both."""
    with open(case.cfg, encoding="latin-1") as file:
        text = file.read()
    return write(os.path.join(case.folder, "without-last.cfg"), text[:text.rindex("\n[") + 1].encode("latin-1"))


def with_libdarknet(case):
    """A [region] with a tree is left out, and only that: libdarknet's processor divides by 0 there."""
    last = case.network.layers[-1]
    left_out = last.kind == "region" and last.tree is not None
    said = cli("verify", without_last(case) if left_out else case.cfg, case.weights)
    assert said["oracle"], f"there is no oracle: {said.get('oracle_reason')}"
    assert said["max_difference"] <= WITHIN, f"off by {said['max_difference']:.1e}"
    if left_out:
        refused = cli("verify", case.cfg, case.weights)
        assert not refused["oracle"] and "tree=" in refused["oracle_reason"], refused
    text = f"{said['oracle']}: the worst layer off by {said['max_difference']:.1e}" + (f", but for layer {last.index}" if left_out else "")
    return Verdict(said["max_difference"], text)


def torch_gradients(case, seed_layer, seed, dtype, training=False):
    """{(layer, name): gradient} of every parameter that is trained, and of the image as (-1, "image")."""
    net = TorchNet(case.network, case.params, dtype, gradients=True, training=training)
    x = tensor_of(case.input, case.network.input, dtype).requires_grad_()
    (net.forward(x)[seed_layer]["out"] * tensor_of(seed, case.network.layers[seed_layer].out, dtype)).sum().backward()
    found = {(layer, name): tensor.grad for layer, params in enumerate(net.params) for name, tensor in params.items()
             if name in TRAINED and tensor.grad is not None}
    found[-1, "image"] = x.grad
    return {key: value.double().numpy().reshape(-1) for key, value in found.items()}


def our_gradients(case, seed_layer, seed, *more):
    layers = [] if "--training" in more else [-1]
    layers += [layer.index for layer in case.network.layers if layer.params]
    said = cli("gradient", case.cfg, case.weights, "--input-f32", case.input_path, "--seed-f32", write(os.path.join(case.folder, "seed"), seed),
               "--seed-layer", seed_layer, "--parameters", "--output", os.path.join(case.folder, "ours"), *more,
               *(word for layer in layers for word in ("--layer", layer)))
    rows = [((row["layer"], row["parameter"]), row["file"]) for row in said["parameters"]]
    rows += [((-1, "image"), row["file"]) for row in said["layers"] if row["layer"] == -1]
    return {key: np.fromfile(path, "<f8" if path.endswith(".f64") else "<f4") for key, path in rows}


def distance(got, wanted):
    """Root of the summed squares of the difference, relative to that of what is wanted."""
    return float(np.linalg.norm(got.astype("f8") - wanted) / (np.linalg.norm(wanted) or 1))


def compare_tensors(case, ours, theirs, double, most_double):
    """Prints every tensor's errors; raises with those that are off."""
    print(f"# {case.name}: seed {case.seed}, {GRADIENT_DRAWS} inputs; off by, of each tensor's size:\n"
          "#    layer    tensor  ours     PyTorch float32  ratio  largest of ours  and PyTorch's  ours in double")
    off = []
    for key in sorted(ours):
        errors = [statistics.median(found[key]) for found in (ours, theirs)]
        most = [max(found[key]) for found in (ours, theirs)]
        ratio = errors[0] / errors[1] if errors[1] else (0 if errors[0] == 0 else math.inf)
        print(f"#    {key[0]:5d}  {key[1]:>8s}  {errors[0]:.1e}  {errors[1]:.1e}          {ratio:5.2f}  {most[0]:.1e}          {most[1]:.1e}         {double[key]:.1e}")
        if not ratio <= 2:
            off.append(f"layer {key[0]} {key[1]} {errors[0]:.1e}, {ratio:.1f} times PyTorch's")
        if not double[key] <= most_double:
            off.append(f"layer {key[0]} {key[1]} {double[key]:.1e} in double")
    assert not off, f"{len(off)} of {len(ours)} tensors are off: " + "; ".join(off)
    return f"{len(ours)} tensors"


def gradients_of(case):
    """From what comes into each head, over several inputs; float at most twice as far from float64 as PyTorch's own is, tensor by tensor, all
    printed; double at 1e-9. A tensor's error is the median over heads and inputs: where one leaky unit falls to the other side of 0, or two
    numbers under a max-pool change places, an error is thousands of times that of rounding, and that is luck for either. The largest of each are
    printed beside it."""
    ours, theirs, double = {}, {}, {}
    for draw in range(GRADIENT_DRAWS):
        case.input = random_input(Numpy(case.seed + 3000 + draw), case.network.input)
        write(case.input_path, case.input)
        for head in (layer for layer in case.network.layers if layer.kind == "yolo"):
            before = head.inputs[0]
            seed = random_input(Numpy(case.seed + 4000 + before + draw), case.network.layers[before].out, -1, 1)
            wanted, single = (torch_gradients(case, before, seed, dtype) for dtype in (torch.float64, torch.float32))
            got = our_gradients(case, before, seed)
            for key in wanted:
                ours.setdefault(key, []).append(distance(got[key], wanted[key]))
                theirs.setdefault(key, []).append(distance(single[key], wanted[key]))
            if draw == 0:
                exact = our_gradients(case, before, seed, "--backend", "reference-double", "--f64")
                for key in wanted:
                    double[key] = max(double.get(key, 0), error_of(exact[key], wanted[key]))
    return compare_tensors(case, ours, theirs, double, 1e-9)


def gradients_at_160(case):
    """Where sums are longer."""
    return gradients_of(Case(case.name, case.folder, 160))


def training_step(case):
    """The gradients of a step with a batch of two at 160, normalised by that batch, from all heads in turn: float at most twice as far from
    float64 as PyTorch's own is, tensor by tensor (the median over heads and inputs, as above), and the double reference within the rounding of its
    gradients to float."""
    case = Case(case.name, case.folder, 160)
    ours, theirs, double = {}, {}, {}
    for draw in range(GRADIENT_DRAWS):
        case.input = b"".join(random_input(Numpy(case.seed + 5000 + 2 * draw + k), case.network.input) for k in range(2))
        write(case.input_path, case.input)
        for head in (layer for layer in case.network.layers if layer.kind == "yolo"):
            before = head.inputs[0]
            seed = b"".join(random_input(Numpy(case.seed + 6000 + before + 2 * draw + k), case.network.layers[before].out, -1, 1) for k in range(2))
            wanted, single = (torch_gradients(case, before, seed, dtype, True) for dtype in (torch.float64, torch.float32))
            got = our_gradients(case, before, seed, "--training", 2)
            exact = our_gradients(case, before, seed, "--training", 2, "--backend", "reference-double") if draw == 0 else {}
            for key in (key for key in wanted if key[0] >= 0):
                ours.setdefault(key, []).append(distance(got[key], wanted[key]))
                theirs.setdefault(key, []).append(distance(single[key], wanted[key]))
                if exact:
                    double[key] = max(double.get(key, 0), error_of(exact[key], wanted[key]))
    return compare_tensors(case, ours, theirs, double, 1e-7)


CHECKS = [("PyTorch", PYTORCH, with_pytorch), ("OpenCV", OPENCV, with_opencv), ("OpenCV against PyTorch", OPENCV, opencv_with_pytorch),
          ("libdarknet", LIBDARKNET, with_libdarknet), ("gradients", GRADIENTS, gradients_of), ("gradients at 160", GRADIENTS, gradients_at_160),
          ("training step", GRADIENTS, training_step),
          ("OpenCV heads", OPENCV, heads_with_opencv), ("ONNX", [name for name in PYTORCH if name not in TREES], with_onnx)]


def run(tap, name, checks, side=None):
    folder = tempfile.mkdtemp()
    case = None

    def make():
        nonlocal case
        case = Case(name, folder, side)

    try:
        if tap.run(f"{name}: made", make):
            for witness, names, check in checks:
                if name in names:
                    tap.run(f"{name}: {witness}", lambda check=check: check(case))
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", nargs="*", help="only these")
    parser.add_argument("--side", type=int, help="the side of the input (default: the smallest)")
    parser.add_argument("--witness", action="append", help="only this one: " + ", ".join(name for name, _, _ in CHECKS))
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
    checks = [check for check in CHECKS if options.witness is None or check[0] in options.witness]
    tap = Tap()
    for name in options.network or PYTORCH:
        run(tap, name, checks, options.side)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
