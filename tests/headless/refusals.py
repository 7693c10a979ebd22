"""refusals.py: input that must be refused with file and line or byte, exit 1, nothing written; and input that must be read."""
import os
import random
import shutil
import struct
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused, run

SEED = 1


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


def line_of(text, part):
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


class Case:
    def __init__(self, folder):
        self.folder = folder
        self.cfg, self.weights, self.data = make_sample(folder)
        self.text = read(self.cfg).decode()
        self.picture = os.path.join(folder, "sample", "images", "test-00000.png")
        self.label = os.path.join(folder, "sample", "labels", "test-00000.txt")

    def path(self, name):
        return os.path.join(self.folder, name)

    def bad_cfg(self, old, new, *naming):
        changed = self.text.replace(old, new, 1)
        assert changed != self.text
        path = write(self.path("bad.cfg"), changed)
        number = line_of(changed, new.splitlines()[-1])
        refused("info", path, naming=(f"bad.cfg:{number}", *naming))

    def cfgs(self):
        self.bad_cfg("filters=24", "filters=many", "many")
        self.bad_cfg("filters=24", "filters=-3", "-3")
        self.bad_cfg("filters=24", "filters=99999999999", "99999999999")
        self.bad_cfg("[route]", "[gru]", "gru")
        self.bad_cfg("layers=15", "layers=-50", "-50")
        self.bad_cfg("activation=leaky", "activation=swoosh", "swoosh")
        self.bad_cfg("size=3", "size", "size")
        refused("info", write(self.path("empty.cfg"), ""), naming=("empty.cfg",))
        refused("info", write(self.path("junk.cfg"), os.urandom(4096)), naming=("junk.cfg",))
        refused("info", write(self.path("large.cfg"), "#" * (64 << 20)), naming=("large.cfg",))
        refused("info", self.path("absent.cfg"), naming=("absent.cfg",))
        refused("info", write(self.path("huge.cfg"), self.text.replace("width=256", "width=1000000000")), naming=("huge.cfg",))

    def weights_files(self):
        whole = read(self.weights)
        for name, data in (("short", whole[:-7]), ("half", whole[:len(whole) // 2]), ("header", whole[:10]), ("long", whole + b"\0" * 4), ("none", b"")):
            message = refused("detect", self.cfg, write(self.path(name + ".weights"), data), self.picture, naming=(name + ".weights",))
            assert str(len(data)) in message, message
        poisoned = whole[:20] + struct.pack("<f", float("nan")) + whole[24:]
        refused("detect", self.cfg, write(self.path("nan.weights"), poisoned), self.picture, naming=("nan.weights", "20"))

    def pictures(self):
        whole = read(self.picture)
        for name, data in (("cut.png", whole[:len(whole) // 2]), ("junk.png", os.urandom(2000)), ("empty.png", b""), ("text.jpg", b"not a picture\n")):
            refused("detect", self.cfg, self.weights, write(self.path(name), data), naming=(name,))
        header = struct.pack(">IIBBBBB", 1 << 30, 1 << 30, 8, 2, 0, 0, 0)
        chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
        refused("detect", self.cfg, self.weights, write(self.path("giant.png"), b"\x89PNG\r\n\x1a\n" + chunk), naming=("giant.png",))

    def labels(self):
        good = read(self.label).decode()
        lines = good.splitlines()
        for bad, word in (("0 nan .5 .1 .1", "nan"), ("0 inf .5 .1 .1", "inf"), ("0 1.02 .5 .1 .1", "1.02"), ("0 -.02 .5 .1 .1", "-.02"),
                          ("7 .5 .5 .1 .1", "7"), ("-1 .5 .5 .1 .1", "-1"), ("0 .5 .5 .1", "0 .5 .5 .1"), ("cat .5 .5 .1 .1", "cat")):
            write(self.label, "\n".join(lines + [bad]) + "\n")
            refused("evaluate", self.cfg, self.weights, self.data, naming=(f"test-00000.txt:{len(lines) + 1}", word))
        write(self.label, good)

    def damaged(self):
        """Random damage never crashes: it is read or it is refused."""
        rng = random.Random(SEED)
        sources = [(self.cfg, "info {}"), (self.weights, "detect {cfg} {} {picture}"), (self.picture, "detect {cfg} {weights} {}")]
        for source, command in sources:
            whole = read(source)
            for round_ in range(12):
                data = bytearray(whole)
                for _ in range(1 + round_):
                    data[rng.randrange(len(data))] = rng.randrange(256)
                path = write(self.path("damaged" + os.path.splitext(source)[1]), bytes(data))
                words = command.replace("{}", path).format(cfg=self.cfg, weights=self.weights, picture=self.picture).split()
                done = __import__("subprocess").run([__import__("cli").PROGRAM, *words], capture_output=True, timeout=120)
                assert done.returncode in (0, 1), (SEED, round_, words, done.returncode, done.stderr[-500:])

    def nothing_written(self):
        output = self.path("out")
        refused("prune", self.cfg, write(self.path("x.weights"), b"junk"), "--criterion", "l1", "--ratio", "0.3", "--output", output)
        assert not os.path.exists(output) or os.listdir(output) == [], os.listdir(output)
        run("prune", self.cfg, self.weights, "--criterion", "l1", "--ratio", "1.5", "--output", output, expect=2)
        run("prune", self.cfg, self.weights, "--criterion", "l1", "--ratio", "nan", "--output", output, expect=2)
        run("prune", self.cfg, self.weights, "--criterion", "nonsense", "--ratio", ".5", "--output", output, expect=2)
        assert not os.path.exists(output) or os.listdir(output) == [], os.listdir(output)

    def usage(self):
        for words in (("info",), ("info", self.cfg, "--nonsense"), ("evaluate", self.cfg), ("nonsense",)):
            run(*words, expect=2)

    def must_be_read(self):
        good = read(self.label)
        write(self.label, b"\xef\xbb\xbf# a comment\r\n\r\n" + good.replace(b"\n", b"\r\n"))
        assert ask("evaluate", self.cfg, self.weights, self.data, "--quiet")["images"] == 4
        write(self.label, good)
        found = ask("detect", self.cfg, self.weights, self.picture, "--quiet")["images"][0]["detections"]
        assert found and all(isinstance(box["class"], int) and len(box["box"]) == 4 for box in found), found
        crlf = write(self.path("crlf.cfg"), self.text.replace("\n", "\r\n"))
        assert ask("info", crlf)["params"] == ask("info", self.cfg)["params"]


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        case = Case(folder)
        for name in ("cfgs", "weights_files", "pictures", "labels", "damaged", "nothing_written", "usage", "must_be_read"):
            tap.check(name.replace("_", " "), getattr(case, name))
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
