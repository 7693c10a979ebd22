"""dataset.py: the sample cut in two and joined again, renamed and split anew, as a script asks for it."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused, run

IMAGES = 12


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, IMAGES)
        sample = os.path.dirname(data)
        names = os.path.join(sample, "sample.names")
        lines = read(sample, "test.txt").splitlines(keepends=True)
        for name, part in (("few.txt", lines[:8]), ("more.txt", lines[8:])):
            with open(os.path.join(sample, name), "w", encoding="utf-8") as file:
                file.writelines(part)
        few, more = (os.path.join(sample, name) for name in ("few.txt", "more.txt"))
        out = [os.path.join(folder, f"out{i}") for i in range(5)]

        def joins():
            said = ask("dataset", few + "@train", more + "@val", "--names", names, "--output", out[0])
            assert [said[part]["images"] for part in ("train", "val", "test")] == [8, IMAGES - 8, 0], said
            assert said["classes"] == read(names).split("\n")[:-1], said
            assert read(out[0], "set.names") == read(names)
            for picture in os.listdir(os.path.join(out[0], "images")):
                with open(os.path.join(out[0], "images", picture), "rb") as one, open(os.path.join(sample, "images", picture), "rb") as two:
                    assert one.read() == two.read(), picture

        def measures_the_same():
            whole = ask("dataset", os.path.join(sample, "test.txt") + "@val", "--names", names, "--output", out[1])
            assert whole["val"]["images"] == IMAGES
            one, two = (ask("evaluate", cfg, weights, path) for path in (data, os.path.join(out[1], "set.data")))
            assert one["map"] == two["map"] and one["per_class"] == two["per_class"], (one, two)

        def splits_anew():
            said = ask("dataset", os.path.join(out[0], "set.data"), "--resplit", "random:6,3,3", "--seed", 3, "--map", "ripe=mango", "--classes", "mango",
                       "--output", out[2])
            assert [said[part]["images"] for part in ("train", "val", "test")] == [6, 3, 3], said
            assert said["classes"] == ["mango"] and said["left_out_other_classes"] > 0, said
            table = run("dataset", os.path.join(out[0], "set.data"), "--val-from-train", ".25", "--output", out[3])
            assert "images                          6        6        0" in table.stdout, table.stdout

        def refuses():
            refused("dataset", few, "--names", names, "--output", out[4], naming=("it has no splits", "few.txt@train"))
            refused("dataset", os.path.join(out[0], "set.data"), "--output", out[1], naming=("it is there already",))
            refused("dataset", os.path.join(out[0], "set.data"), "--resplit", "time:60,3,1,1", "--output", out[4], naming=("into 0 blocks",))
            assert "expected random:" in run("dataset", data, "--resplit", "half", "--output", out[4], expect=2).stderr
            assert "--output DIR is missing" in run("dataset", data, expect=2).stderr
            assert "“all” is no part" in run("dataset", data + "@all", "--output", out[4], expect=2).stderr
            assert not os.path.exists(out[4])

        for test in (joins, measures_the_same, splits_anew, refuses):
            tap.check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
