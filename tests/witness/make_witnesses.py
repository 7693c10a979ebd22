#!/usr/bin/python3
"""make_witnesses.py: remakes tests/data/witness: for each cfg there, what PyTorch computes in float64: every layer, and gradients of everything.

NAME.f64 holds the numbers, NAME.json says which. Weights, input and seed gradient are made again from the seed by whoever compares. With --check
nothing is written: the numbers must be those that are there."""
import argparse
import glob
import hashlib
import json
import math
import os
import sys
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import numpy as np
import torch

from cfg import Network
from committed import FOLDER, Materials, Tap
from torch_net import TorchNet, read_params, tensor_of


# The one network whose values and gradients before normalisation and activation are kept too.
WHOLE = "backbone"
TRAINED = ("weights", "biases", "scales")


def gradients(network, made, seed_layer, dtype):
    """{(layer, what): gradient of sum (seed * out of seed_layer)}; layer -1 is the image."""
    net = TorchNet(network, read_params(network, made.weights), dtype, gradients=True)
    x = tensor_of(made.input, network.input, dtype).requires_grad_()
    values = net.forward(x)
    (values[seed_layer]["out"] * tensor_of(made.seeds[seed_layer], network.layers[seed_layer].out, dtype)).sum().backward()
    found = {(-1, "out"): x.grad}
    for layer, value, params in zip(network.layers, values, net.params):
        for what, tensor in [*value.items(), *params.items()]:
            if tensor.grad is not None:
                found[layer.index, what] = tensor.grad
    return {key: value.double().numpy().reshape(-1) for key, value in found.items()}


def error_of(got, wanted):
    return float(np.abs(got - wanted).max() / (np.abs(wanted).max() or 1))


def make(path):
    """(numbers, index) of one cfg"""
    name = os.path.basename(path)[:-len(".cfg")]
    network, seed = Network(path), zlib.crc32(name.encode()) % 100000
    made = Materials(network, seed)
    numbers, parts = [], []

    def add(array, **what):
        parts.append(dict(what, count=int(array.size), at=sum(part["count"] for part in parts)))
        numbers.append(array)

    with torch.no_grad():
        values = TorchNet(network, read_params(network, made.weights)).forward(tensor_of(made.input, network.input))
    for layer, value in zip(network.layers, values):
        for at, tensor in value.items():
            if at == "out" or name == WHOLE and layer.kind == "convolutional" and (at == "pre" or layer.normalized):
                add(tensor.numpy().reshape(-1), value=at, layer=layer.index)
    for seed_layer in made.seeds:
        double, single = (gradients(network, made, seed_layer, dtype) for dtype in (torch.float64, torch.float32))
        for (layer, what), array in double.items():
            if layer < 0 or what in TRAINED or name == WHOLE and what in ("conv", "pre", "out") and seed_layer == len(network.layers) - 2:
                add(array, seed=seed_layer, gradient=what, layer=layer, torch_float32=float(f"{error_of(single[layer, what], array):.1e}"))
    worst = max((part["torch_float32"], part["layer"], part["gradient"]) for part in parts if "gradient" in part)
    print(f"# {name}: seed {seed}, {len(network.layers)} layers, {len(made.weights)} bytes of weights, {len(parts)} parts; PyTorch float32 is off by"
          f" up to {worst[0]:.1e} (gradient, layer {worst[1]} {worst[2]})", flush=True)
    raw = np.concatenate(numbers).astype("<f8").tobytes()
    index = {"seed": seed, "dialect": network.dialect, "weights_sha256": hashlib.sha256(made.weights).hexdigest(), "torch": torch.__version__,
             "parts": parts}
    return raw, index


def read(path):
    with open(path, "rb") as file:
        return file.read()


def compare(raw, index, base):
    """What is committed must say the same, up to the last bits of another processor's sums."""
    there, said = np.frombuffer(read(base + ".f64"), "<f8"), json.loads(read(base + ".json"))
    plain = [[{k: v for k, v in part.items() if k != "torch_float32"} for part in parts] for parts in (said["parts"], index["parts"])]
    assert plain[0] == plain[1] and said["weights_sha256"] == index["weights_sha256"], "it holds other parts"
    new = np.frombuffer(raw, "<f8")
    worst = max(error_of(new[p["at"]:p["at"] + p["count"]], there[p["at"]:p["at"] + p["count"]]) for p in index["parts"])
    assert worst <= 1e-11, f"off by {worst:.1e}"
    return f"off by {worst:.1e}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with what is committed instead")
    parser.add_argument("name", nargs="*", help="only these cfgs")
    options = parser.parse_args()
    torch.set_num_threads(1)
    total, tap = 0, Tap()
    for path in sorted(glob.glob(os.path.join(FOLDER, "*.cfg"))):
        base = path[:-len(".cfg")]
        if options.name and os.path.basename(base) not in options.name:
            continue
        raw, index = make(path)
        if options.check:
            tap.run(os.path.basename(base) + " made again", lambda: compare(raw, index, base))
            continue
        with open(base + ".f64", "wb") as file:
            file.write(raw)
        with open(base + ".json", "w", encoding="utf-8") as file:
            json.dump(index, file, separators=(",", ":"))
            file.write("\n")
        total += len(raw) + os.path.getsize(base + ".json")
    if options.check:
        return tap.end()
    print(f"{total} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
