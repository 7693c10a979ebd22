#!/usr/bin/env python3
"""fashion-mnist.py: Fashion-MNIST as class folders, a small resnet trained on it, and the share of the test images it gets right

    fashion-mnist.py ESPALIER-CLI FOLDER [--minutes 10] [--epochs N] [--from /usr/share/datasets/fashion-mnist] [--threads N]

The IDX files are those of Debian's package dataset-fashion-mnist. FOLDER/data gets train/ and test/, a folder a class, one-channel PNG files;
what is there already is kept. Then `espalier-cli train` runs fashion-mnist.cfg from random numbers, and `evaluate` asks the test images once.
"""
import argparse
import gzip
import json
import os
import struct
import subprocess
import sys
import time
import zlib

CLASSES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot")
PARTS = {"train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
         "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")}


def read_idx(path):
    """The sizes and the bytes of an IDX file of unsigned bytes."""
    with gzip.open(path) as file:
        zero, kind, n = struct.unpack(">HBB", file.read(4))
        assert zero == 0 and kind == 8, f"{path}: not an IDX file of bytes"
        sizes = struct.unpack(f">{n}I", file.read(4 * n))
        return sizes, file.read()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(pixels, height, width):
    """A grey picture of 8 bits."""
    rows = b"".join(b"\0" + pixels[y * width:(y + 1) * width] for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


def write_part(source, folder, part):
    (n, height, width), pixels = read_idx(os.path.join(source, PARTS[part][0]))
    labels = read_idx(os.path.join(source, PARTS[part][1]))[1]
    for name in CLASSES:
        os.makedirs(os.path.join(folder, part, name), exist_ok=True)
    for i in range(n):
        path = os.path.join(folder, part, CLASSES[labels[i]], f"{i:05d}.png")
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(png(pixels[i * height * width:(i + 1) * height * width], height, width))
    return n


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cli")
    parser.add_argument("folder")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=10, help="what the issue allows; printed beside what it took")
    parser.add_argument("--from", dest="source", default="/usr/share/datasets/fashion-mnist")
    parser.add_argument("--threads", type=int, default=0)
    return parser.parse_args()


def main():
    asked = options()
    cfg = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fashion-mnist.cfg")
    data, out = os.path.join(asked.folder, "data"), os.path.join(asked.folder, "run")
    counts = {part: write_part(asked.source, data, part) for part in PARTS}
    print(f"{counts['train']} images to train on, {counts['test']} to test with", flush=True)
    threads = ["--threads", str(asked.threads)] if asked.threads else []
    begin = time.monotonic()
    subprocess.run([asked.cli, "train", cfg, data, "--split", "train", "--epochs", str(asked.epochs), "--seed", "1", "--output", out] + threads,
                   check=True)
    took = (time.monotonic() - begin) / 60
    answer = subprocess.run([asked.cli, "evaluate", cfg, os.path.join(out, "last.weights"), data, "--split", "test", "--json"] + threads,
                            check=True, stdout=subprocess.PIPE, text=True).stdout
    print(f"{took:.1f} minutes ({asked.minutes:g} allowed); of the test images: {json.loads(answer)}")


if __name__ == "__main__":
    sys.exit(main())
