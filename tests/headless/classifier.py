"""classifier.py: a network that ends in [softmax] and [cost], of one and of three channels: its scores, its gradients, and that it finds no boxes."""
import array
import math
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused

CFG = """[net]
width=6
height=6
channels={channels}
[convolutional]
filters=4
size=3
stride=3
activation=leaky
[convolutional]
filters=5
size=2
activation=linear
[softmax]
groups=1
temperature=2
[cost]
type=sse
"""


def write(path, values, head=()):
    with open(path, "wb") as file:
        array.array("i", head).tofile(file)
        array.array("f", values).tofile(file)


def read(path):
    numbers = array.array("f")
    with open(path, "rb") as file:
        numbers.frombytes(file.read())
    return list(numbers)


def softmax(values, temperature):
    most = max(values)
    powers = [math.exp((value - most) / temperature) for value in values]
    return [power / sum(powers) for power in powers]


def check(folder, picture, channels):
    lot = random.Random(channels)
    cfg, weights, image, seed, out = (os.path.join(folder, name) for name in ("net.cfg", "net.weights", "image.f32", "seed.f32", "out"))
    with open(cfg, "w", encoding="utf-8") as file:
        file.write(CFG.format(channels=channels))
    count = 4 + 4 * channels * 9 + 5 + 5 * 16
    write(weights, [lot.uniform(-1, 1) for _ in range(count)], (0, 2, 5, 0, 0))
    write(image, [lot.random() for _ in range(36 * channels)])
    seeds = [lot.uniform(-1, 1) for _ in range(5)]
    write(seed, seeds)

    said = ask("info", cfg, "--weights", weights)
    assert (said["classes"], said["params"], said["channels"]) == (5, count, channels), said
    assert [layer["kind"] for layer in said["layers"]] == ["convolutional", "convolutional", "softmax", "cost"], said

    for source in (("--input-f32", image), (picture,)):
        ask("dump", cfg, weights, *source, *(word for layer in range(4) for word in ("--layer", layer)), "--output", out, "--quiet")
        logits, scores, passed = (read(os.path.join(out, f"layer-{layer}.f32")) for layer in (1, 2, 3))
        assert all(abs(a - b) < 1e-6 for a, b in zip(scores, softmax(logits, 2))), (scores, logits)
        assert passed == scores and abs(sum(scores) - 1) < 1e-6

    ask("dump", cfg, weights, "--input-f32", image, "--layer", 2, "--output", out, "--quiet")
    scores = read(os.path.join(out, "layer-2.f32"))
    for end in (2, 3):
        ask("gradient", cfg, weights, "--input-f32", image, "--seed-f32", seed, "--seed-layer", end, "--layer", 1, "--output", out, "--quiet")
        mean = sum(a * b for a, b in zip(seeds, scores))
        for found, own, score in zip(read(os.path.join(out, "layer-1.f32")), seeds, scores):
            assert abs(found - score * (own - mean) / 2) < 1e-6

    refused("detect", cfg, weights, picture, naming=("net.cfg", "5 classes of whole images", "[yolo]", "[region]"))
    refused("attribute", cfg, weights, picture, "--method", "gradient-activation", "--output", os.path.join(folder, "never"), naming=("no head",))


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        make_sample(folder)
        picture = os.path.join(folder, "sample", "images", "scene-00000.png")
        for channels in (1, 3):
            tap.check(f"channels-{channels}", lambda n=channels: check(folder, picture, n))
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
