"""augment.py: the augment verb writes what training draws, the same for any number of threads; and what it refuses."""
import os
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused, run


def size_of(path):
    with open(path, "rb") as file:
        head = file.read(24)
    assert head[:8] == b"\x89PNG\r\n\x1a\n", path
    return struct.unpack(">II", head[16:24])


def bytes_of(folder):
    return [open(os.path.join(folder, name), "rb").read() for name in sorted(os.listdir(folder))]


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, _, data = make_sample(folder, 6)

        def at(name):
            return os.path.join(folder, name)

        def writes():
            told = ask("augment", cfg, data, "-o", at("one"), "--count", 7, "--quiet", "--plain", "--set", "flip=.5", "--set", "jitter=.2")
            assert told["images"] == 7 and told["truths"] > 0 and told["drawn"] == "flip=0.5, jitter=0.2", told
            assert sorted(os.listdir(at("one"))) == [f"{i:04}.png" for i in range(7)]
            assert len({size_of(os.path.join(at("one"), name)) for name in os.listdir(at("one"))}) == 1

        def threads():
            for name, threads in (("two", 1), ("three", 5)):
                run("augment", cfg, data, "-o", at(name), "--count", 9, "--quiet", "--threads", threads, "--set", "mosaic=1")
            assert bytes_of(at("two")) == bytes_of(at("three"))
            run("augment", cfg, data, "-o", at("four"), "--count", 9, "--quiet", "--seed", 2, "--set", "mosaic=1")
            assert bytes_of(at("two")) != bytes_of(at("four"))

        def train_is_meant():
            for name, words in (("default", ()), ("train", ("--split", "train")), ("val", ("--split", "val"))):
                run("augment", cfg, data, "-o", at(name), "--count", 6, "--quiet", "--plain", *words)
            assert bytes_of(at("default")) == bytes_of(at("train")) != bytes_of(at("val"))

        def refusals():
            for words in (["--set", "jitter=2"], ["--set", "shear=1"], ["--set", "angle=10"], ["--set", "pad=4"], ["--count", "0"]):
                done = run("augment", cfg, data, "-o", at("five"), *words, expect=2)
                assert words[1].split("=")[0] in done.stderr, done.stderr
            run("augment", cfg, data, expect=2)
            images = os.path.join(at("sample"), "images")
            os.mkdir(at("bare"))
            shutil.copy(os.path.join(images, sorted(os.listdir(images))[0]), at("bare"))
            refused("augment", cfg, at("bare"), "-o", at("five"), naming=["no labels"])

        for test in (writes, threads, train_is_meant, refusals):
            tap.check(test.__name__, test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
