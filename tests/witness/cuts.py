#!/usr/bin/python3
"""cuts.py: whole networks that the program cut, against PyTorch, OpenCV and libdarknet; run by ./check --witnesses.

Each network is pruned by a plan drawn by lot: a ratio of every group, one layer with a ratio of its own, one that is kept whole, rounding and the rule
for what is coupled. What is compared are the files that `espalier-cli prune` wrote, as they are. PyTorch also runs the whole network with the
channels that are gone multiplied by 0, in float64: every layer of the cut one gives the same there, and what is gone is 0 from there on, so that the
cut itself is judged by nothing of the program's. Cuts that others published are made, too, and what is written is counted here. A network that is
refused, or that cannot be found, fails."""
import argparse
import json
import math
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import numpy as np
import torch

from cfg import Network
from committed import Tap
from large import (LIBDARKNET, OPENCV, PYTORCH, TREES, WITHIN, Case, Verdict, cli, error_of, heads_with_opencv, path_of, read, torch_values,
                   with_libdarknet, with_onnx, with_opencv, with_pytorch)
from torch_net import TorchNet, read_params, tensor_of

WITHIN_DOUBLE = 1e-12  # of the layer's largest number: only sums are taken in another order
FASTEST = ["yolo-fastest-1.1", "yolo-fastest-1.1-xl"]
REAL = " (real weights)"
REALS = [name + REAL for name in FASTEST]
ASKED = REALS + FASTEST + ["yolov3", "yolov2"] + OPENCV
ALL = ASKED + [name for name in PYTORCH if name not in ASKED and name not in TREES]
DRAWS = 8

# layer:filters of yolov4 with the 20 classes of Pascal VOC, where Chu et al. (2022) released others than the whole network's
RELEASED = ("0:26 1:63 15:63 27:122 28:59 29:122 31:82 32:122 34:122 35:122 37:124 38:122 40:127 41:122 44:122 47:122 50:122 55:478 56:254 "
            "58:198 59:59 60:198 62:157 63:198 65:216 66:198 68:215 69:198 71:224 72:198 74:229 75:198 77:229 78:198 80:245 81:198 83:249 "
            "86:909 87:201 89:67 90:61 91:67 93:121 94:67 96:77 97:67 99:85 100:67 102:122 104:608 105:340 106:394 114:407 115:373 116:308 "
            "123:456 124:252 125:379 126:228 130:125 133:247 134:127 135:236 136:127 137:211 141:131 143:239 144:342 145:231 146:318 147:225 "
            "148:335 152:198 154:249 155:247 156:238 157:279 158:252 159:409")
# shares of layers of yolov3-tiny that Shi, Li and Yamaguchi (2020) released, called by the size of the file; the heads get one class
SHARED_LAYERS = (0, 2, 4, 6, 8, 10, 12, 13, 18, 14, 21)
VARIANTS = {"6.3MB": (0, 0, 0, .4, .4, .5, .7, .6, .8, .8, .6), "5.3MB": (0, 0, 0, .5, .5, .5, .75, .5, .75, .75, .75),
            "5.2MB": (.2, 0, 0, .5, .5, .5, .75, .6, .75, .75, .75), "4.7MB": (0, 0, 0, .5, .5, .5, .75, .75, .75, .875, .875)}
# name: side, millions of parameters, billions of multiplications and additions
PUBLISHED = {"yolov4 of 20 classes, released map": (416, 24.074, 19.764), "yolov3-tiny 6.3MB": (512, 1.544, 2.974 / 2),
             "yolov3-tiny 5.3MB": (512, 1.303, 2.627 / 2), "yolov3-tiny 5.2MB": (512, 1.266, 2.453 / 2), "yolov3-tiny 4.7MB": (512, 1.126, 2.465 / 2)}


def plan_by_lot(groups, stream):
    """Words of `prune`: mixed ratios over the groups."""
    layers = [layer for group in groups for layer in group["layers"]]
    words = [f"--group={group['name']}={stream.randint(15, 85) / 100}" for group in groups]
    words += [f"--layer={stream.choice(layers)}={stream.randint(15, 85) / 100}", f"--protect={stream.choice(layers)}",
              f"--round={stream.choice((1, 1, 4, 8))}"]
    return words + [f"--merge={rule}" for rule in (stream.choice(("reduce", "union", "majority", "intersection")),)]


class Cut(Case):
    """What the program makes of a case by a plan that float32 can tell apart from float64, as in a Case; its files are never changed."""

    def __init__(self, whole, asked=None):
        self.name, self.whole, self.input, self.input_path = whole.name, whole, whole.input, whole.input_path
        groups = cli("groups", whole.cfg)["groups"]
        for draw in range(1, DRAWS + 1 if asked is None else 2):
            self.folder = os.path.join(whole.folder, f"cut-{draw}")
            words = plan_by_lot(groups, random.Random(f"{whole.name} {draw}")) if asked is None else asked
            said = cli("prune", whole.cfg, whole.weights, "--criterion", "l1", *words, "--onnx", "--output", self.folder)
            self.cfg, self.weights = (os.path.join(self.folder, "pruned" + suffix) for suffix in (".cfg", ".weights"))
            self.network = Network(self.cfg)
            self.params = read_params(self.network, read(self.weights))
            double, single = (torch_values(self.network, self.params, self.input, "alexey", dtype) for dtype in (torch.float64, torch.float32))
            worst = max((error_of(s["out"], d["out"]), layer.index) for layer, d, s in zip(self.network.layers, double, single))
            if worst[0] <= WITHIN / 4:
                break
            print(f"# {self.name}: plan {draw} passed over, PyTorch float32 is off its float64 by {worst[0]:.1e} in layer {worst[1]}")
        self.double = {"alexey": double}
        self.share = said["after"]["params"] / said["before"]["params"]
        told = " ".join(words) if asked is None else "all of them by hand"
        print(f"# {self.name}: plan {draw} keeps {100 * self.share:.0f} % of the parameters: {told}", flush=True)

    def soften(self, convolutions):
        """What is softened is softened before the cut."""

    def onnx(self):
        return os.path.join(self.folder, "pruned.onnx")

    def kept(self):
        with open(os.path.join(self.folder, "index-map.json"), encoding="utf-8") as file:
            rows = json.load(file)["layers"]
        for row in rows:
            assert row["channels"] == self.whole.network.layers[row["layer"]].out[0], f"layer {row['layer']}: {row['channels']} channels"
            assert len(row["kept"]) == self.network.layers[row["layer"]].out[0], f"layer {row['layer']}: {len(row['kept'])} left"
        return {row["layer"]: row["kept"] for row in rows}


def with_mask(case):
    """The cut network and the masked whole one, both by PyTorch in float64. What is gone is 0 in every layer that passes it on."""
    whole, kept, pairs = case.whole, case.kept(), []
    bits = {}
    for layer in whole.network.layers:
        if layer.kind == "convolutional" and layer.index in kept:
            bits[layer.index] = np.isin(np.arange(layer.out[0]), kept[layer.index]).astype("f8")
    with torch.no_grad():
        masked = TorchNet(whole.network, whole.params, keep=bits).forward(tensor_of(whole.input, whole.network.input))
    for layer, value in zip(case.network.layers, case.torch("alexey")):
        wanted = masked[layer.index]["out"].numpy()[0]
        left = kept.get(layer.index, range(len(wanted)))
        pairs.append((error_of(value["out"], wanted[left]), layer.index))
        gone = np.delete(wanted, left, 0)
        assert not gone.any(), f"layer {layer.index} [{layer.kind}]: a channel that is gone gives {np.abs(gone).max():.1e}"
    worst, layer = max(pairs)
    assert worst <= WITHIN_DOUBLE, f"layer {layer} [{case.network.layers[layer].kind}] is off by {worst:.1e}"
    n_gone = sum(int((1 - some).sum()) for some in bits.values())
    return Verdict(worst, f"{len(pairs)} layers, {n_gone} channels gone, the worst off by {worst:.1e} (layer {layer})")


CHECKS = [("mask", ALL, with_mask), ("PyTorch", ALL, with_pytorch),
          ("libdarknet", REALS + FASTEST + ["yolov3-tiny", "yolov2-tiny"] + LIBDARKNET, with_libdarknet),
          ("OpenCV", REALS + FASTEST + OPENCV, with_opencv), ("OpenCV heads", OPENCV, heads_with_opencv), ("ONNX", ALL, with_onnx)]


def of_20_classes(text):
    return text.replace("filters=255", "filters=75").replace("classes=80", "classes=20")


def published_words(name, whole):
    """Channels cut by hand, so that as many are left as published."""
    filters = {layer.index: layer.out[0] for layer in whole.network.layers}
    if name.startswith("yolov4"):
        left = dict(map(int, word.split(":")) for word in RELEASED.split())
        return [f"--cut={layer}:{','.join(map(str, range(n, filters[layer])))}" for layer, n in left.items()]
    cut = {layer: int(filters[layer] * share) for layer, share in zip(SHARED_LAYERS, VARIANTS[name.split()[-1]])}
    return [f"--cut={layer}:{','.join(map(str, range(n)))}" for layer, n in cut.items() if n] + ["--keep-classes=mango=32+47+49"]


def count(case, name, row):
    """Parameters and multiplications of the files, counted by cfg.py."""
    side, params, macs = PUBLISHED[name]
    network = Network(case.cfg, (side, side))
    found = sum(math.prod(shape) for _, _, shape in network.all_params())
    size = os.path.getsize(case.weights)
    assert size == 20 + 4 * found, f"{size} bytes of weights, expected 20 + 4 x {found}"
    made = sum(math.prod(shape) * math.prod(layer.out[1:]) for layer, which, shape in network.all_params()
               if layer.kind == "convolutional" and which == "weights")
    said = f"{found / 1e6:.3f} million parameters, {made / 1e9:.3f} billion multiplications and additions at {side}, {size / 1e6:.1f} MB"
    row["counted"] = (found / 1e6, made / 1e9, size / 1e6)
    assert abs(found / 1e6 - params) < .0005 and abs(made / 1e9 - macs) < .0005, f"{said}; published {params} and {macs}"
    return said


def run_published(tap, name):
    """A row of what was counted."""
    folder, case = tempfile.mkdtemp(), None
    row = {"network": name}

    def make():
        nonlocal case
        whole = Case(name.split()[0], folder, edit=of_20_classes if name.startswith("yolov4") else lambda text: text)
        whole.name = name
        whole.soften_heads()
        case = Cut(whole, published_words(name, whole))

    try:
        if tap.run(f"published {name}: made", make) and case is not None:
            tap.run(f"published {name}: counted", lambda: count(case, name, row))
            tap.run(f"published {name}: PyTorch", lambda: with_pytorch(case))
            if name.startswith("yolov4"):
                tap.run(f"published {name}: mask", lambda: with_mask(case))
            else:
                tap.run(f"published {name}: libdarknet", lambda: with_libdarknet(case))
    finally:
        shutil.rmtree(folder)
    return row


def run(tap, name, checks):
    """A row of what was found: the worst difference by witness."""
    folder, case = tempfile.mkdtemp(), None
    row = {"network": name, "worst": {}}

    def make():
        nonlocal case
        plain = name.removesuffix(REAL)
        whole = Case(plain, folder, weights=path_of(plain, ".weights") if plain != name else None)
        whole.name = name
        if plain == name:
            whole.soften_heads(("yolo", "region"))
        case = Cut(whole)
        row.update(left=case.share, layers=len(case.network.layers), side=case.network.input[1])

    def ask(witness, check):
        said = check(case)
        row["worst"][witness] = said.worst
        return said

    try:
        if tap.run(f"cut {name}: made", make) and case is not None:
            for witness, names, check in checks:
                if name in names:
                    tap.run(f"cut {name}: {witness}", lambda witness=witness, check=check: ask(witness, check))
    finally:
        shutil.rmtree(folder)
    return row


def zoo_lines(path):
    """What test-zoo printed of every cfg, as Markdown."""
    told = re.compile(r"# (\S+)\.cfg at (\d+): (\d+) plans that keep (\d+) % of the parameters: double (\S+), float (\S+) of")
    with open(path, encoding="utf-8") as file:
        rows = sorted(match.groups() for match in map(told.match, file) if match)
    lines = ["", "## Every cfg, cut and masked", "",
             "`ESP_TEST_ALL=1 build/tests/core/test-zoo --verbose`: the cut network beside the masked one, both Espalier's, in plain C in float64 and by oneDNN in",
             f"float32; worst over the plans and layers. At most 1e-12 and 1e-5 are accepted. {len(rows)} networks, the worst {max((float(row[4]) for row in rows)):.1e} and",
             f"{max((float(row[5]) for row in rows)):.1e}. Both add up in one order, since masked convolutions take the kept channels first; what float32 still differs",
             "by is of grouped convolutions, which oneDNN runs by another kernel where the cut leaves groups of no multiple of its block. With channels in the masked",
             "network's own order a plan of yolov4-sam-mish-csp-reorg-bfm was at 1.3e-05, 8.8e-06 and 1.2e-05 from float64: a logistic behind 170 layers reads",
             "numbers up to 104 there, of which the two differed by 9e-07.", "", "| network | side | plans | parameters left | float64 | float32 |", "|---" * 6 + "|"]
    return lines + [f"| {name} | {side} | {plans} | {left} % | {double} | {single} |" for name, side, plans, left, double, single in rows]


def write_report(path, rows, zoo=None):
    """Markdown of the rows by network; zoo: what test-zoo printed."""
    versions = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}, ", "darknet", "python3-opencv", "python3-torch"],
                              capture_output=True, text=True).stdout.rstrip(", ")
    names = [witness for witness, _, _ in CHECKS]
    lines = ["# Cut networks beside other programs", "",
             "Written by `tests/witness/cuts.py --work FILE --report docs/results/cuts.md`. Plans are drawn by lot, and the script prints them; so are the",
             "weights, means and variances, but where real ones are said. The figures are the largest difference in any layer, in parts of the layer's largest",
             f"number; at most {WITHIN:.0e} is accepted, of `mask` {WITHIN_DOUBLE:.0e}: the cut network beside the whole one with what is gone multiplied by 0, both",
             "by PyTorch in float64. `PyTorch` is in float64 beside Espalier's float32. `ONNX` is the exported file in OpenCV's importer beside PyTorch's",
             "float64, boxes and scores too; `OpenCV heads` its decoded heads with its fusion off and on. libdarknet and OpenCV are met in their own",
             "forms of batch normalisation.", "", f"Packages: {versions}.", "",
             "| network | side | layers | parameters left | " + " | ".join(names) + " |", "|---" * (4 + len(names)) + "|"]
    for row in (rows[name] for name in ALL if "left" in rows.get(name, {})):
        found = [f"{row['worst'][name]:.1e}" if name in row["worst"] else "–" for name in names]
        lines.append(f"| {row['network']} | {row['side']} | {row['layers']} | {100 * row['left']:.0f} % | " + " | ".join(found) + " |")
    lines += ["", "## Cuts that were published", "",
              "Made by `prune` with the channels by hand, written, and counted by the script that reads the files.", "",
              "| network | parameters, million | published | multiplications and additions, billion | published | file, MB |", "|---" * 6 + "|"]
    for name in (name for name in PUBLISHED if "counted" in rows.get(name, {})):
        (side, params, macs), counted = PUBLISHED[name], rows[name]["counted"]
        lines.append(f"| {name} | {counted[0]:.3f} | {params:.3f} | {counted[1]:.3f} at {side} | {macs:.5g} | {counted[2]:.1f} |")
    if zoo:
        lines += zoo_lines(zoo)
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", nargs="*", help="only these")
    parser.add_argument("--witness", action="append", help="only this one: " + ", ".join(name for name, _, _ in CHECKS))
    parser.add_argument("--work", help="a file of rows: what is in it is not run again")
    parser.add_argument("--report", help="the table of all rows, as Markdown")
    parser.add_argument("--zoo", help="with --report: what `ESP_TEST_ALL=1 test-zoo --verbose` printed, for a table of it, too")
    options = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", os.cpu_count())))
    checks = [check for check in CHECKS if options.witness is None or check[0] in options.witness]
    rows, tap = {}, Tap()
    if options.work and os.path.exists(options.work):
        with open(options.work, encoding="utf-8") as file:
            rows = {row["network"]: row for row in map(json.loads, file)}
    for name in options.network or [*ALL, *PUBLISHED]:
        if name in rows:
            continue
        failed = tap.failed
        rows[name] = run_published(tap, name) if name in PUBLISHED else run(tap, name, checks)
        if options.work and tap.failed == failed:
            with open(options.work, "a", encoding="utf-8") as file:
                file.write(json.dumps(rows[name]) + "\n")
    if options.report:
        write_report(options.report, rows, options.zoo)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
