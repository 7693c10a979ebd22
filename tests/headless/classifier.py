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


def check_right(folder, pictures):
    """evaluate counts what dump says of each image, and refuses what only boxes have."""
    cfg, weights, out, data = (os.path.join(folder, name) for name in ("net.cfg", "net.weights", "out", "classes"))
    names = ["a", "b", "c", "d", "e"]
    ranks, loss = [], 0
    for i, picture in enumerate(pictures):
        truth = i % 5
        os.makedirs(os.path.join(data, names[truth]), exist_ok=True)
        shutil.copy(picture, os.path.join(data, names[truth]))
        ask("dump", cfg, weights, picture, "--layer", 3, "--output", out, "--quiet")
        scores = read(os.path.join(out, "layer-3.f32"))
        ranks.append(sum(1 for k in range(5) if k != truth and scores[k] >= scores[truth]))
        loss -= math.log(scores[truth]) / len(pictures)
    said = ask("evaluate", cfg, weights, data, "--quiet")
    assert said["images"] == len(pictures) and said["top5"] == 1, said
    assert said["top1"] == sum(rank == 0 for rank in ranks) / len(pictures), (said, ranks)
    assert said["interval"][0] <= said["top1"] <= said["interval"][1], said
    assert abs(said["loss"] - loss) < 1e-5, (said, loss)
    assert sum(row["right"] for row in said["per_class"]) == sum(rank == 0 for rank in ranks)
    assert [row["name"] for row in said["per_class"]] == names
    few = os.path.join(folder, "few")
    for name in names[:2]:
        shutil.copytree(os.path.join(data, name), os.path.join(few, name))
    with open(few + ".names", "w", encoding="utf-8") as file:
        file.write("a\nb\n")
    said = ask("evaluate", cfg, weights, few, "--names", few + ".names", "--quiet")
    assert [row["name"] for row in said["per_class"]] == ["a", "b", None, None, None], said
    boxes = os.path.join(folder, "sample", "sample.data")
    refused("evaluate", cfg, weights, boxes, naming=("sample.data", "boxes", "whole images"))
    detector = [os.path.join(folder, "sample", "sample." + ending) for ending in ("cfg", "weights")]
    refused("evaluate", *detector, data, naming=("classes", "whole images", "no boxes"))


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        make_sample(folder, 8)
        picture = os.path.join(folder, "sample", "images", "test-00000.png")
        for channels in (1, 3):
            tap.check(f"channels-{channels}", lambda n=channels: check(folder, picture, n))
        images = os.path.join(folder, "sample", "images")
        tap.check("right", lambda: check_right(folder, [os.path.join(images, name) for name in sorted(os.listdir(images))]))
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
