"""why.py: the roads of boxes and the losses of objects from outside, on the sample."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused, run

STAGES = ["found", "suppressed", "shared", "class", "overlap", "threshold", "unseen"]


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, 12)
        picture = os.path.join(folder, "sample", "images", "test-00000.png")
        seen = ask("detect", cfg, weights, picture)["images"][0]["detections"]

        def boxes():
            told = ask("why", cfg, weights, picture)["boxes"]
            standing = [one for one in told if one["suppressed_by"] is None]
            assert [(one["class"], one["score"], one["box"]) for one in standing] == [(one["class"], one["score"], one["box"]) for one in seen]
            for one in told:
                assert abs(one["objectness"] * one["class_chance"] - one["score"]) < 1e-6, one
            fallen = [one for one in told if one["suppressed_by"] is not None]
            for one in fallen:
                better = told[one["suppressed_by"] - 1]
                assert better["class"] == one["class"] and better["score"] >= one["score"] > .25 and one["overlap"] > .45, one
            assert sum(one["suppressed"] for one in standing) == len(fallen) > 0
            first = ask("why", cfg, weights, picture, "--box", 1)["boxes"]
            assert first[0] == told[0] and len(first) == 1 + told[0]["suppressed"]

        def missed():
            box = ",".join(map(str, seen[0]["box"]))
            one, = ask("why", cfg, weights, picture, "--missed", f"{box}:{seen[0]['class']}")["objects"]
            assert one["stage"] == "found" and one["candidate"] == 1 and one["overlap"] > .99, one
            one, = ask("why", cfg, weights, picture, "--missed", f"{box}:{seen[0]['class']}", "--threshold", .99999)["objects"]
            assert one["stage"] == "threshold" and one["candidate"] is not None and "below the threshold" in one["sentence"], one
            other = next(k for k in range(3) if k != seen[0]["class"])
            one, = ask("why", cfg, weights, picture, "--missed", f"{box}:{other}")["objects"]
            assert one["stage"] == "class" and one["candidate"] == 1, one

        def counts():
            """Found are exactly what evaluate counts as true positives at the threshold."""
            said, judged = ask("why", cfg, weights, data), ask("evaluate", cfg, weights, data)
            assert list(said["stages"]) == STAGES, said["stages"]
            assert said["stages"]["found"] == judged["tp"] and sum(said["stages"].values()) == judged["tp"] + judged["fn"], (said["stages"], judged)
            assert len(said["objects"]) == judged["fn"] and all(one["stage"] != "found" for one in said["objects"])
            harder = ask("why", cfg, weights, data, "--threshold", .9)["stages"]
            assert harder["threshold"] > said["stages"]["threshold"] and sum(harder.values()) == sum(said["stages"].values())
            alone = ask("why", cfg, weights, picture, "--truth")
            assert sum(alone["stages"].values()) == len(alone["objects"]) > 0

        def refusals():
            refused("why", cfg, weights, picture, "--box", 999, naming=("box 999",))
            refused("why", cfg, weights, data, "--box", 1, naming=("one photograph",))
            refused("why", cfg, weights, picture, "--missed", "0,0,9,9:unicorn", naming=("unicorn",))
            refused("why", cfg, weights, picture, "--missed", "9,9,0,9:1", naming=("no area",))
            run("why", cfg, weights, picture, "--missed", "0,0,9", expect=2)
            for number in (0, -1):
                assert "from 1" in run("why", cfg, weights, picture, "--box", number, expect=2).stderr
            garbage = os.path.join(folder, "garbage.png")
            with open(garbage, "w") as file:
                file.write("junk")
            refused("why", cfg, weights, garbage, "--box", 1, naming=("garbage.png: begins with the bytes",))
            run("why", cfg, weights, picture, "--box", 1, "--truth", expect=2)
            run("why", cfg, weights, picture, "--iou", 2, expect=2)

        for function in (boxes, missed, counts, refusals):
            tap.check(function.__name__, function)
        tap.end()
    finally:
        shutil.rmtree(folder)


main()
