"""faults.py: a disk that fills under a run of training, a folder that another one has, checkpoints that are not its own or damaged."""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import PROGRAM, Tap, refused, run

SIDE = 48
CFG = f"""[net]
batch=4
subdivisions=2
width={SIDE}
height={SIDE}
channels=3
momentum=0.9
decay=0.0005
learning_rate=0.01
burn_in=3
policy=steps
steps=20
scales=.1
max_batches=30

[convolutional]
batch_normalize=1
filters=12
size=3
stride=2
pad=1
activation=leaky

[convolutional]
batch_normalize=1
filters=24
size=3
stride=4
pad=1
activation=leaky

[convolutional]
filters=14
size=1
stride=1
activation=linear

[yolo]
mask=0,1
anchors=12,12, 24,24
classes=2
num=2
jitter=.2
random=0
"""


def put(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


def get(path):
    with open(path, "rb") as file:
        return file.read()


def make_data(folder, n=12):
    """Pictures with one square of two colours each; a third of them to measure on."""
    os.makedirs(folder)
    rng = random.Random(1)
    for i in range(n):
        kind, side = i % 2, rng.randint(10, 24)
        left, top = rng.randint(0, SIDE - side), rng.randint(0, SIDE - side)
        square = b"\xe0\x30\x20" if kind else b"\x20\x40\xe0"
        rows = b"".join(square if left <= x < left + side and top <= y < top + side else bytes([90 + (x * y + i) % 60] * 3)
                        for y in range(SIDE) for x in range(SIDE))
        put(os.path.join(folder, f"{i}.ppm"), b"P6\n%d %d\n255\n" % (SIDE, SIDE) + rows)
        numbers = ((left + side / 2) / SIDE, (top + side / 2) / SIDE, side / SIDE, side / SIDE)
        put(os.path.join(folder, f"{i}.txt"), f"{kind} " + " ".join(f"{x:.6f}" for x in numbers) + "\n")
    put(os.path.join(folder, "train.list"), "".join(f"{i}.ppm\n" for i in range(n) if i % 3))
    put(os.path.join(folder, "val.list"), "".join(f"{i}.ppm\n" for i in range(n) if not i % 3))
    put(os.path.join(folder, "names"), "blue\nred\n")
    return put(os.path.join(folder, "d.data"), "classes=2\ntrain=train.list\nvalid=val.list\nnames=names\n")


class Case:
    def __init__(self, folder):
        self.folder = folder
        self.cfg = put(os.path.join(folder, "n.cfg"), CFG)
        self.data = make_data(os.path.join(folder, "data"))
        self.whole = os.path.join(folder, "whole")
        run(*self.command(self.whole))

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def command(self, output, *more, data=None):
        """Many checkpoints: one as soon as 6 ms are over."""
        return ["train", self.cfg, data or self.data, "--output", output, "--seed", "7", "--threads", "1", "--quiet",
                "--checkpoint-minutes", "0.0001", *more]

    def start(self, *arguments):
        return subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def log(self, folder):
        with open(os.path.join(folder, "log.jsonl"), encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        return [(row["epoch"], row["loss"], row["map"]) for row in rows]

    def assert_same(self, folder):
        for name in ("last.weights", "best.weights", "net.cfg"):
            assert get(os.path.join(folder, name)) == get(os.path.join(self.whole, name)), f"{folder}: {name} differs"
        assert self.log(folder) == self.log(self.whole), (self.log(folder), self.log(self.whole))
        left = [name for name in os.listdir(folder) if name.count(".") > 1]
        assert not left, left

    def two_runs(self):
        folder = self.path("two")
        first = self.start(*self.command(folder, "--iterations", "100000", "--no-val"))
        try:
            for _ in range(400):
                if os.path.exists(os.path.join(folder, "checkpoint")):
                    break
                time.sleep(.02)
            before = get(os.path.join(folder, "net.cfg"))
            refused(*self.command(folder), naming=(folder, f"process {first.pid} trains in this folder"))
            refused(*self.command(folder, "--resume", os.path.join(folder, "checkpoint")), naming=(f"process {first.pid}",))
            assert get(os.path.join(folder, "net.cfg")) == before
            assert first.poll() is None, first.communicate()
        finally:
            first.kill()
            first.communicate()
        run(*self.command(folder))
        self.assert_same(folder)

    def another_run(self):
        checkpoint = os.path.join(self.whole, "checkpoint")
        refused(*self.command(self.path("other"), "--resume", checkpoint, "--rate", ".5"), naming=(checkpoint, "belongs to another run", "net.cfg"))
        refused(*self.command(self.path("other"), "--resume", self.path("none")), naming=("none", "no such file"))
        whole = get(checkpoint)
        short = put(self.path("short"), whole[:-5])
        refused(*self.command(self.path("other"), "--resume", short), naming=("short", str(len(whole) - 5), "bytes 16 to 23"))
        bad = put(self.path("bad"), whole[:3000] + bytes([whole[3000] ^ 1]) + whole[3001:])
        refused(*self.command(self.path("other"), "--resume", bad), naming=("bad", "checksum", "damaged"))
        copy = shutil.copytree(self.whole, self.path("threads"))
        refused(*self.command(copy, "--resume", os.path.join(copy, "checkpoint"), "--threads", "2", "--json"),
                naming=(copy, "begun with 1 compute threads", "with 2"))
        self.assert_same(copy)
        run(*self.command(copy, "--resume", os.path.join(copy, "checkpoint")))
        self.assert_same(copy)

    def full_disk(self):
        """A small tmpfs: the first checkpoint fits, the second beside it does not; with more room it goes on as if nothing had been."""
        size = os.path.getsize(os.path.join(self.whole, "checkpoint"))
        weights = os.path.getsize(os.path.join(self.whole, "last.weights"))
        disk, kept = self.path("disk"), self.path("kept")
        os.mkdir(disk)
        room = -(-(size + 2 * weights + size // 2) // 4096) * 4096 + 5 * 4096
        script = 'mount -t tmpfs -o size=$1 none "$2" || exit 77; d=$2; k=$3; shift 3; "$@"; said=$?; cp -a "$d" "$k"; exit $said'
        done = subprocess.run(["unshare", "--map-root-user", "--mount", "sh", "-c", script, "sh", str(room), disk, kept, PROGRAM,
                               *self.command(disk, "--checkpoint-minutes", "0")], capture_output=True, text=True, timeout=100)
        if done.returncode == 77 or "unshare:" in done.stderr:
            return "no file system of its own can be mounted here"
        assert done.returncode == 1 and os.path.join(disk, "checkpoint") in done.stderr and "No space left" in done.stderr, done
        assert len(get(os.path.join(kept, "checkpoint"))) == size, os.listdir(kept)
        run(*self.command(kept, "--resume", os.path.join(kept, "checkpoint")))
        self.assert_same(kept)


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        case = Case(folder)
        tap.check("two runs in one folder", case.two_runs)
        tap.check("another run's checkpoint, or a damaged one", case.another_run)
        tap.check("a full disk", case.full_disk)
    tap.end()


if __name__ == "__main__":
    main()
