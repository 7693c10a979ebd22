"""method1.py: method 1's scores of channels, computed again from dumped tensors, against what attribute says; on the sample."""
import array
import math
import os
import shutil
import struct
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample

TAU, CLASS = 0.02, 1


def read(path):
    with open(path, "rb") as file:
        return array.array("d", file.read())


def write(path, values):
    with open(path, "wb") as file:
        array.array("f", values).tofile(file)


def read_png(path):
    """Red, green and blue planes, 0 to 1, of an 8-bit RGB picture."""
    with open(path, "rb") as file:
        data = file.read()
    width, height, depth, kind = struct.unpack(">IIBB", data[16:26])
    assert (depth, kind) == (8, 2)
    at, packed = 8, b""
    while at < len(data):
        size, name = struct.unpack(">I4s", data[at:at + 8])
        packed += data[at + 8:at + 8 + size] if name == b"IDAT" else b""
        at += size + 12
    flat, stride, rows = zlib.decompress(packed), 3 * width, []
    above = [0] * stride
    for y in range(height):
        how, line = flat[y * (stride + 1)], list(flat[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            a, b, c = line[i - 3] if i >= 3 else 0, above[i], above[i - 3] if i >= 3 else 0
            p = [abs(b - c), abs(a - c), abs(a + b - 2 * c)]
            line[i] = line[i] + (0, a, b, (a + b) // 2, (a, b, c)[p.index(min(p))])[how] & 255
        rows.append(line)
        above = line
    return [value / 255 for c in range(3) for row in rows for value in row[c::3]]


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def mask_of(raw, anchors, side, size, classes):
    """M of one head: raw logits, anchors in pixels of an input of this size."""
    plane, mask, close = side * side, [0.0] * len(raw), 0
    for a, (width, height) in enumerate(anchors):
        for cell in range(plane):
            at = [(a * (5 + classes) + k) * plane + cell for k in range(5 + classes)]
            t = [raw[i] for i in at]
            score = sigmoid(t[4]) * sigmoid(t[5 + CLASS])
            decoded = [(cell % side + sigmoid(t[0])) / side, (cell // side + sigmoid(t[1])) / side, math.exp(t[2]) * width / size,
                       math.exp(t[3]) * height / size, sigmoid(t[4])]
            for k in range(5):
                mask[at[k]] = float(score > TAU and decoded[k] >= TAU)
            mask[at[5 + CLASS]] = float(score >= TAU)
            close += min(abs(x - TAU) for x in decoded + [score]) < 1e-7
    assert close == 0, "a number too near tau to compare"
    return mask


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    reference = ("--backend", "reference-double")
    try:
        cfg, weights, _ = make_sample(folder)
        picture = os.path.join(folder, "sample", "images", "test-00000.png")
        image, seed, out = (os.path.join(folder, name) for name in ("image.f32", "seed.f32", "out"))
        layers = ask("info", cfg)["layers"]
        heads = [layer["index"] for layer in layers if layer["kind"] == "yolo"]
        convolutions = [layer for layer in layers if layer["kind"] == "convolutional"]
        with open(cfg) as file:
            words = [line.strip().split("=") for line in file if line.startswith(("mask=", "anchors="))]
        sizes = [int(x) for x in words[1][1].replace(" ", "").split(",")]
        masks = [[int(x) for x in value.split(",")] for key, value in words if key == "mask"]
        write(image, read_png(picture))

        def dump(layer, at):
            ask("dump", cfg, weights, "--input-f32", image, "--layer", layer, "--at", at, "--output", out, "--f64", *reference)
            return read(os.path.join(out, f"layer-{layer}.f64"))

        def by_hand():
            """The ones, T, and S[layer][channel] = max of A * dT/dA."""
            ones, value, products = 0, 0.0, {}
            asked = [word for layer in convolutions for word in ("--layer", layer["index"])]
            ask("dump", cfg, weights, "--input-f32", image, *asked, "--at", "conv", "--output", out, "--f64", *reference)
            activations = {layer["index"]: read(os.path.join(out, f"layer-{layer['index']}.f64")) for layer in convolutions}
            gradients = {index: [0.0] * len(values) for index, values in activations.items()}
            for head, chosen in zip(heads, masks):
                side, classes = layers[head]["out"][1], layers[head]["out"][0] // len(chosen) - 5
                raw = dump(head - 1, "out")
                mask = mask_of(raw, [sizes[2 * k:2 * k + 2] for k in chosen], side, 256, classes)
                ones += int(sum(mask))
                value += sum(m * y for m, y in zip(mask, raw))
                write(seed, mask)
                ask("gradient", cfg, weights, "--input-f32", image, "--seed-f32", seed, "--seed-layer", head - 1, *asked, "--at", "conv",
                    "--output", out, "--f64", *reference)
                for index, sums in gradients.items():
                    for i, g in enumerate(read(os.path.join(out, f"layer-{index}.f64"))):
                        sums[i] += g
            for layer in convolutions:
                channels, height, width = layer["out"]
                product = [a * g for a, g in zip(activations[layer["index"]], gradients[layer["index"]])]
                products[layer["index"]] = [max(product[c * height * width:(c + 1) * height * width]) for c in range(channels)]
            return ones, value, products

        def agrees(said, limit):
            scale = {index: max(map(abs, scores)) for index, scores in products.items()}
            assert said["ones"] == ones > 0, (said["ones"], ones)
            assert abs(said["value"] - value) <= limit * abs(value), (said["value"], value)
            assert len(said["channels"]) == sum(map(len, products.values()))
            for row in said["channels"]:
                expected = products[row["layer"]][row["channel"]]
                assert abs(row["score"] - expected) <= limit * scale[row["layer"]], (row, expected)
            assert sum(scale.values()) > 0

        ones, value, products = by_hand()
        asked = ("attribute", cfg, weights, picture, "--target", f"class:{CLASS}", "--output", out)
        tap.check("method 1 by the reference in float64", lambda: agrees(ask(*asked, *reference), 1e-6))
        tap.check("method 1 by the fast kernels", lambda: agrees(ask(*asked), 1e-3))
        tap.end()
    finally:
        shutil.rmtree(folder)


main()
