"""orchard.py: scenes written by the command line: counted, the same on any number of threads, splits apart, the cue switched, wrong words refused."""
import filecmp
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, refused, run

NAMES = ("unripe", "ripening", "ripe")


def read(*parts):
    with open(os.path.join(*parts), "rb") as file:
        return file.read()


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    one, other = (os.path.join(folder, name) for name in ("one", "other"))
    try:
        told = ask("sample", one, "--orchard", "--train", 6, "--val", 4, "--test", 8, "--seed", 5, "--masks", "--cue", "on", "--quiet")

        def counted():
            assert told["images"] == 18 and told["cues"] == 18, told
            counts = [0, 0, 0]
            for name in os.listdir(os.path.join(one, "labels")):
                for line in read(one, "labels", name).decode().splitlines():
                    counts[int(line.split()[0])] += 1
            assert told["objects"] == dict(zip(NAMES, counts)) and sum(counts) > 18, (told, counts)
            assert read(one, "sample.names").decode().split() == list(NAMES)
            assert len(os.listdir(os.path.join(one, "masks"))) == 4 * 18

        def apart():
            pictures = {read(one, "images", name) for name in os.listdir(os.path.join(one, "images"))}
            assert len(pictures) == 18
            for split, count in (("train", 6), ("val", 4), ("test", 8)):
                lines = read(one, split + ".txt").decode().splitlines()
                assert lines == [f"images/{split}-{number:05}.png" for number in range(count)]

        def same_bytes():
            """The first scenes of a set are those of a larger one, on one thread or all."""
            run("sample", other, "--orchard", "--test", 3, "--seed", 5, "--masks", "--cue", "on", "--threads", 1, "--quiet")
            names = [os.path.join(kind, name) for kind in ("images", "labels", "masks") for name in os.listdir(os.path.join(other, kind))]
            _, differing, missing = filecmp.cmpfiles(other, one, names, shallow=False)
            assert len(names) == 3 * 6 and not differing and not missing, (differing, missing)

        def switched():
            """Without the cue other pictures with the same labels and kinds; the list to test on stands in where there is none to choose by."""
            without = os.path.join(folder, "without")
            assert ask("sample", without, "--orchard", "--test", 3, "--seed", 5, "--masks", "--quiet")["cues"] == 0
            for number in range(3):
                name = f"test-{number:05}"
                assert read(without, "images", name + ".png") != read(one, "images", name + ".png")
                assert read(without, "labels", name + ".txt") == read(one, "labels", name + ".txt")
                assert read(without, "masks", name + "-kind.png") == read(one, "masks", name + "-kind.png")
            assert b"valid = test.txt\n" in read(without, "sample.data")
            assert not os.path.exists(os.path.join(without, "test-cue.txt")) and os.path.exists(os.path.join(one, "test-cue.txt"))

        def kept_apart():
            """Scenes of another command are not mixed with those that are there, nor is anybody's file written over; the same command may come again."""
            used, own = os.path.join(folder, "used"), os.path.join(folder, "own")
            words = ("sample", used, "--orchard", "--test", 4, "--seed", 2, "--masks", "--cue", "planted", "--quiet")
            run(*words)
            def files():
                return {os.path.join(at, name): read(at, name) for at, _, names in os.walk(used) for name in names}
            before = files()
            refused("sample", used, "--orchard", "--test", 3, "--seed", 3, naming=[used, "seed 2", "seed 3", "planted", "masks"])
            refused("sample", used, "--test", 4, naming=[used, "seed 2"])
            assert files() == before
            run(*words)
            assert files() == before
            os.mkdir(own)
            with open(os.path.join(own, "train.txt"), "w", encoding="utf-8") as file:
                file.write("mine\n")
            refused("sample", own, "--orchard", "--test", 2, naming=["train.txt"])
            assert read(own, "train.txt") == b"mine\n" and os.listdir(own) == ["train.txt"]

        def as_many_as_asked():
            few = os.path.join(folder, "few")
            assert "--train 5: expected at least 32" in run("sample", few, "--train", 5, expect=2).stderr and not os.path.exists(few)
            assert ask("sample", few, "--train", 33, "--test", 40, "--quiet")["images"] == 73
            assert len(os.listdir(os.path.join(few, "images"))) == 73 and os.path.exists(os.path.join(few, "plan.json"))

        def refusals():
            nowhere = os.path.join(folder, "nowhere")
            assert "planted" in run("sample", nowhere, "--orchard", "--cue", "perhaps", expect=2).stderr
            assert "--train -3" in run("sample", nowhere, "--orchard", "--train", "-3", expect=2).stderr
            for split in ("train", "val", "test"):
                assert f"--{split} 0: expected 1 to" in run("sample", nowhere, f"--{split}", 0, expect=2).stderr
            assert not os.path.exists(nowhere)

        for test in (counted, apart, same_bytes, switched, kept_apart, as_many_as_asked, refusals):
            tap.check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
