#!/usr/bin/env python3
"""make_counts.py: what Debian's libdarknet counts of each cfg of its package: BFLOPs a convolution as it prints them, and the bytes of weights.

Writes tests/data/witness/counts.txt, which tests/core/test-cfgs.c compares with. Each cfg is opened in a process of its own, with batch 1: several
it ends by exit, or does not survive. A line: name, bytes that it writes, then layer:BFLOPs for every line that it prints them in."""
import ctypes
import glob
import os
import re
import subprocess
import sys
import tempfile

CFGS = "/usr/share/darknet/cfg"
LIBRARY = "/usr/lib/darknet/libdarknet.so"
LINE = re.compile(r"^ *(\d+) .*?([\d.]+) BFLOPs$", re.M)


def open_once(cfg, weights):
    library = ctypes.CDLL(LIBRARY)
    library.load_network.restype = ctypes.c_void_p
    library.save_weights.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
    library.save_weights(library.load_network(cfg.encode(), None, 0), weights.encode())
    os._exit(0)


def count(path):
    with tempfile.TemporaryDirectory() as folder:
        cfg, weights = os.path.join(folder, "n.cfg"), os.path.join(folder, "n.weights")
        with open(path) as file, open(cfg, "w") as copy:
            copy.write(re.sub(r"^ *(batch|subdivisions) *=.*$", r"\1=1", file.read(), flags=re.M))
        done = subprocess.run([sys.executable, __file__, cfg, weights], cwd="/", capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{path}: left out: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
            return None
        name = os.path.splitext(os.path.basename(path))[0]
        return " ".join([name, str(os.path.getsize(weights)), *(":".join(pair) for pair in LINE.findall(done.stderr))])


def main():
    lines = [count(path) for path in sorted(glob.glob(os.path.join(CFGS, "*.cfg")))]
    target = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "witness", "counts.txt")
    with open(target, "w") as file:
        file.write("\n".join(line for line in lines if line) + "\n")


if __name__ == "__main__":
    open_once(*sys.argv[1:]) if len(sys.argv) == 3 else main()
