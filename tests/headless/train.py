"""train.py: a run of training by the command line: its files and log, killed and taken up, stopped by a signal, refused in words."""
import json
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import PROGRAM, Tap, ask, refused, run

SIDE = 32
CFG = """[net]
batch=4
subdivisions=2
width=32
height=32
channels=3
learning_rate=0.01
momentum=0.9
decay=0.0005
burn_in=1000
max_batches=10000
policy=steps
steps=8000,9000
scales=.1,.1
hue=.1
saturation=1.5
exposure=1.5

[convolutional]
batch_normalize=1
filters=8
size=3
stride=2
pad=1
activation=leaky

[maxpool]
size=2
stride=2

[convolutional]
filters=170
size=1
stride=1
pad=1
activation=linear

[yolo]
mask=0,1
anchors=8,8, 14,14
classes=80 # of COCO
num=2
jitter=.2
"""
KEYS = ("epoch", "loss", "map", "seconds", "images_per_second")


def png(path, pixels):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = b"".join(b"\0" + bytes(pixels[y * SIDE * 3:(y + 1) * SIDE * 3]) for y in range(SIDE))
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows))
                   + chunk(b"IEND", b""))


def make_image(folder, number, lot):
    """One square of a colour that is its class, on noise."""
    side, kind = lot.randrange(8, 15), number % 2
    left, top = lot.randrange(SIDE - side), lot.randrange(SIDE - side)
    pixels = [lot.randrange(40) for _ in range(SIDE * SIDE * 3)]
    for y in range(top, top + side):
        for x in range(left, left + side):
            pixels[(y * SIDE + x) * 3 + 2 * kind] = 200 + lot.randrange(40)
    png(os.path.join(folder, f"{number}.png"), pixels)
    with open(os.path.join(folder, f"{number}.txt"), "w", encoding="utf-8") as file:
        file.write(f"{kind} {(left + side / 2) / SIDE} {(top + side / 2) / SIDE} {side / SIDE} {side / SIDE}\n")


def make_data(folder, images=10):
    lot = random.Random(3)
    for number in range(images):
        make_image(folder, number, lot)
    for name, numbers in (("train", range(images - 3)), ("val", range(images - 3, images))):
        with open(os.path.join(folder, name + ".txt"), "w", encoding="utf-8") as file:
            file.writelines(f"{number}.png\n" for number in numbers)
    with open(os.path.join(folder, "set.names"), "w", encoding="utf-8") as file:
        file.write("red\nblue\n")
    data = os.path.join(folder, "set.data")
    with open(data, "w", encoding="utf-8") as file:
        file.write("classes=2\ntrain=train.txt\nvalid=val.txt\nnames=set.names\n")
    return data


def read(path):
    with open(path, "rb") as file:
        return file.read()


def log(folder):
    with open(os.path.join(folder, "log.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def timeless(folder):
    return [{key: value for key, value in line.items() if "second" not in key} for line in log(folder)]


class Case:
    def __init__(self, folder):
        self.folder = folder
        self.data = make_data(folder)
        self.cfg = os.path.join(folder, "net.cfg")
        with open(self.cfg, "w", encoding="utf-8") as file:
            file.write(CFG)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def words(self, out, *more):
        return ["train", self.cfg, self.data, "--classes-from-data", "--output", self.path(out), "--quiet", "--threads", "1", *more]

    def test_files(self):
        said = ask(*self.words("a", "--epochs", "20", "--rate", "0.02"))
        lines = log(self.path("a"))
        assert [line["epoch"] for line in lines] == list(range(1, 21)), lines
        assert all(key in line for line in lines for key in KEYS)
        assert lines[-1]["loss"] < lines[0]["loss"] and said["steps"] == lines[-1]["step"] == 35, (said, lines[0], lines[-1])
        assert said["best_map"] == max(line["map"] for line in lines) == lines[said["best_epoch"] - 1]["map"]
        cfg = read(self.path("a", "net.cfg")).decode()
        changed = [(a, b) for a, b in zip(CFG.splitlines(), cfg.splitlines()) if a != b]
        assert changed == [("learning_rate=0.01", "learning_rate=0.02"), ("burn_in=1000", "burn_in=4"), ("max_batches=10000", "max_batches=35"),
                           ("steps=8000,9000", "steps=28,32"), ("filters=170", "filters=14"), ("classes=80 # of COCO", "classes=2 # of COCO")], changed
        assert len(cfg.splitlines()) == len(CFG.splitlines())
        assert read(self.path("a", "net.names")) == b"red\nblue\n"
        measured = ask("evaluate", self.path("a", "net.cfg"), self.path("a", "best.weights"), self.data, "--split", "val")
        assert measured["map"] == said["best_map"], (measured["map"], said)

    def test_killed(self):
        """kill -9 at random moments; what goes on ends as if nothing had been."""
        words = ("--epochs", "30", "--ema", "0.9", "--checkpoint-minutes", "0.0005")
        run(*self.words("whole", *words))
        lot, more, kills = random.Random(4), [], 0
        for _ in range(30):
            process = subprocess.Popen([PROGRAM, *self.words("killed", *words), *more], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(lot.uniform(0.03, 0.3))
            process.send_signal(signal.SIGKILL)
            said = process.communicate()[1]
            kills += process.returncode == -signal.SIGKILL
            assert process.returncode in (0, -signal.SIGKILL), said
            if process.returncode == 0:
                break
            if os.path.exists(self.path("killed", "checkpoint")):
                more = ["--resume", self.path("killed", "checkpoint")]
        else:
            run(*self.words("killed", *words), *more)
        print(f"# killed {kills} times", flush=True)
        for name in ("last.weights", "best.weights", "net.cfg"):
            assert read(self.path("whole", name)) == read(self.path("killed", name)), name
        assert timeless(self.path("whole")) == timeless(self.path("killed"))

    def test_interrupted(self):
        """A signal ends it with a checkpoint, by a message that says how to go on."""
        words = self.words("stopped", "--epochs", "20000")
        process = subprocess.Popen([PROGRAM, *words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        limit = time.monotonic() + 60
        while not os.path.exists(self.path("stopped", "checkpoint")) and time.monotonic() < limit:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 1 and "--resume" in said, (process.returncode, said)
        before = [read(self.path("a", name)) for name in ("net.cfg", "log.jsonl")]
        refused(*self.words("a", "--epochs", "20000", "--resume", self.path("stopped", "checkpoint")), naming=["holds another run"])
        assert before == [read(self.path("a", name)) for name in ("net.cfg", "log.jsonl")]

    def test_two(self):
        process = subprocess.Popen([PROGRAM, *self.words("both", "--epochs", "20000")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        limit = time.monotonic() + 60
        while not os.path.exists(self.path("both", "checkpoint")) and time.monotonic() < limit:
            time.sleep(0.02)
        try:
            refused(*self.words("both", "--epochs", "2"), naming=["both"])
        finally:
            process.kill()
            process.wait()

    def test_full(self):
        """No room for a checkpoint: said in words, and what was there is whole."""
        run(*self.words("full", "--epochs", "2"))
        before = read(self.path("full", "best.weights"))
        done = subprocess.run([PROGRAM, *self.words("full", "--epochs", "3")], capture_output=True, text=True, timeout=120,
                              preexec_fn=lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_DFL), resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))))
        assert done.returncode == 1 and "checkpoint" in done.stderr, (done.returncode, done.stderr)
        assert read(self.path("full", "earlier", "best.weights")) == before
        assert not [name for name in os.listdir(self.path("full")) if "checkpoint" in name], os.listdir(self.path("full"))

    def test_start(self):
        """Weights of the first layers; heads of other classes; what fits nothing is refused."""
        first = self.path("a", "best.weights")
        said = ask("train", self.path("a", "net.cfg"), self.data, "--weights", first, "--output", self.path("tuned"), "--epochs", "1", "--quiet")
        assert "lot" not in said["start"], said
        with open(self.path("first.weights"), "wb") as file:
            file.write(read(first)[:20 + 4 * (4 * 8 + 8 * 27)])
        said = ask(*self.words("partial", "--weights", self.path("first.weights"), "--epochs", "1"))
        assert "first 2 of 4 layers" in said["start"] and said["start"].endswith("layers 2"), said
        refused(*self.words("x", "--weights", self.cfg, "--epochs", "1"), naming=["net.cfg"])
        refused("train", self.cfg, self.data, "--weights", first, "--output", self.path("x"), naming=["best.weights", "parameters"])
        said = ask(*self.words("other", "--weights", first, "--weights-cfg", self.path("a", "net.cfg"), "--epochs", "1"))
        assert "lot" not in said["start"], said

    def test_refused(self):
        out = ("--output", self.path("x"), "--quiet")
        with open(self.path("none.txt"), "w", encoding="utf-8"):
            pass
        refused("train", self.cfg, self.path("none.txt"), *out, naming=["none.txt", "no images"])
        with open(self.path("beyond.txt"), "w", encoding="utf-8") as file:
            file.write("0.png\ngone/8.png\n")
        os.makedirs(self.path("gone"))
        shutil.copy(self.path("8.txt"), self.path("gone", "8.txt"))
        refused("train", self.cfg, self.path("beyond.txt"), *out, naming=["8.png"])
        with open(self.path("gone", "8.txt"), "w", encoding="utf-8") as file:
            file.write("7 .5 .5 .1 .1\n")
        refused("train", self.path("a", "net.cfg"), self.path("beyond.txt"), *out, "--split", "train", "--split-seed", "1", "--split-parts", "1/0/0",
                naming=["8.txt:1", "7"])
        for words in (["--epochs", "2", "--iterations", "3"], ["--batch", "-1"], ["--prior", "1"], ["--upto", "3"], ["--ema", "1"]):
            run("train", self.cfg, self.data, *out, *words, expect=2)
        for option in ("epochs", "iterations", "batch", "subdivisions", "memory", "workers"):
            assert f"--{option} 0: expected a number from 1" in run("train", self.cfg, self.data, *out, "--" + option, "0", expect=2).stderr
        run("train", self.cfg, self.data, expect=2)
        for words in (["--set", "width=3"], ["--set", "batch"], ["--objective", "x"], ["--policy", "wild"], ["--batch", "5", "--subdivisions", "2"],
                      ["--freeze", "9"], ["--resume", self.path("nothing")]):
            refused(*self.words("x", "--epochs", "1"), *words)
        refused(*self.words("x", "--epochs", "1", "--set", "head.iou_loss=foo"), naming=["iou_loss=foo", "expected mse, iou, giou, diou or ciou"])
        refused(*self.words("x", "--epochs", "1", "--set", "head.iou_thresh_kind=foo"), naming=["expected iou, giou, diou or ciou"])
        refused(*self.words("x", "--epochs", "1", "--set", "iou_loss=giou"), naming=["head.iou_loss"])
        refused(*self.words("x", "--epochs", "1", "--set", "cutmix=1"), naming=["cutmix=1", "expected 0"])
        refused(*self.words("x", "--epochs", "1", "--objective", "foo"), naming=["foo", "expected one of detection, classification"])
        refused(*self.words("x", "--epochs", "1", "--objective", "detection", "--objective", "detection:box-gain=2"), naming=["detection", "twice"])

    def test_background(self):
        """Objects of a class that the network lacks: refused, or background if that is what is meant; fewer classes than it has: told."""
        for name, classes in (("three", "red\nblue\ngreen\n"), ("one", "red\n")):
            with open(self.path(f"{name}.names"), "w", encoding="utf-8") as file:
                file.write(classes)
            with open(self.path(f"{name}.data"), "w", encoding="utf-8") as file:
                file.write(f"classes={len(classes.split())}\ntrain={name}.txt\nnames={name}.names\n")
            os.makedirs(self.path(name), exist_ok=True)
            shutil.copy(self.path("0.png"), self.path(name, "0.png"))
            shutil.copy(self.path("8.png"), self.path(name, "8.png"))
            with open(self.path(f"{name}.txt"), "w", encoding="utf-8") as file:
                file.write(f"{name}/0.png\n{name}/8.png\n")
        for path, line in (("three/0.txt", "0 .5 .5 .4 .4"), ("three/8.txt", "2 .5 .5 .4 .4"), ("one/0.txt", "0 .5 .5 .4 .4"), ("one/8.txt", "")):
            with open(self.path(path), "w", encoding="utf-8") as file:
                file.write(line + "\n" if line else "")
        words = ["train", self.path("a", "net.cfg"), self.path("three.data"), "--output", self.path("three-out"), "--epochs", "1", "--batch", "2",
                 "--quiet", "--threads", "1"]
        refused(*words, naming=["green", "background"])
        run(*words, "--background")
        words[2:5] = [self.path("one.data"), "--output", self.path("one-out")]
        assert "has 1 class, the network 2" in run(*words).stderr

    def test_batch(self):
        """A cfg written to be run, and one that means it."""
        plain = self.path("plain.cfg")
        with open(plain, "w", encoding="utf-8") as file:
            file.write(CFG.replace("batch=4\nsubdivisions=2", "batch=1\nsubdivisions=1"))
        words = ("train", plain, self.data, "--classes-from-data", "--epochs", "2", "--no-val", "--output", self.path("batch"), "--quiet", "--json")
        assert "batch=1" in run(*words).stderr
        assert log(self.path("batch"))[-1]["step"] == 2
        assert "batch=1" not in run(*words, "--batch", "1").stderr
        lines = log(self.path("batch"))
        assert lines[-1]["step"] == 14 and lines[-1]["map"] is None, lines

    def test_rate(self):
        said = ask("train", self.cfg, self.data, "--classes-from-data", "--find-rate", "--quiet", "--threads", "1")
        rates = [point["rate"] for point in said["points"]]
        assert rates == sorted(rates) and abs(rates[0] - 1e-6) < 1e-12, rates
        assert said["suggestion"] is not None and 1e-6 < said["suggestion"] < 1, said["suggestion"]

    def test_diverges(self):
        said = refused(*self.words("wild", "--epochs", "50", "--rate", "1e6", "--burn-in", "0", "--json"), naming=["diverged", "rate"])
        assert "nan" not in said.lower()


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        case = Case(folder)
        for name in ("files", "killed", "interrupted", "two", "full", "start", "refused", "background", "batch", "rate", "diverges"):
            tap.check(name, getattr(case, "test_" + name))
    tap.end()


main()
