"""anchors.py: the sizes that a head should start from, as a script and a person ask for them."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused, run


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, _, data = make_sample(folder, 16)

        def finds_sizes():
            said = ask("anchors", data, "--net", cfg, "--count", 4)
            areas = [anchor["w"] * anchor["h"] for anchor in said["anchors"]]
            assert len(areas) == 4 and areas == sorted(areas), areas
            assert sum(anchor["boxes"] for anchor in said["anchors"]) == said["boxes"] > 16
            assert said["line"].startswith("anchors = ") and said["line"].count(",") == 7, said["line"]
            assert 0 < said["network"]["mean_iou"] < 1 and .5 < said["mean_iou"] < 1, said
            assert ask("anchors", data, "--net", cfg, "--count", 4) == said

        def more_fit_better():
            fits = [ask("anchors", data, "--net", cfg, "--count", count)["mean_iou"] for count in (1, 3, 9)]
            assert fits == sorted(fits) and fits[0] < fits[-1], fits

        def tells_people():
            told = run("anchors", data, "--count", 2, "--width", 320, "--height", 256).stdout
            assert "on 320 x 256: mean IoU" in told and told.splitlines()[-1].startswith("anchors = "), told

        def takes_what_is_trained_on():
            """A head is not fitted to what it is measured on; a set with nothing else says what was taken."""
            said, train, val = (ask("anchors", data, "--count", 3, *words) for words in ((), ("--split", "train"), ("--split", "val")))
            assert said == train and said["boxes"] != val["boxes"], (said, train, val)
            bare = os.path.join(folder, "bare")
            run("sample", bare, "--orchard", "--test", 8, "--quiet")
            done = run("anchors", os.path.join(bare, "sample.data"), "--count", 2)
            assert "no split to train on" in done.stderr, done.stderr

        def refuses():
            refused("anchors", data, "--count", 4000, naming=("boxes of fewer than 4000 different sizes",))
            assert "--count -1: expected 1 to 4096" in run("anchors", data, "--count", -1, expect=2).stderr
            for name in ("count", "width", "height"):
                assert f"--{name} 0: expected 1 to" in run("anchors", data, f"--{name}", 0, expect=2).stderr
            assert "--fit crop: expected stretch or letterbox" in run("anchors", data, "--fit", "crop", expect=2).stderr

        for test in (finds_sizes, more_fit_better, tells_people, takes_what_is_trained_on, refuses):
            tap.check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
