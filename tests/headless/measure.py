"""measure.py: detect and evaluate from outside, on the sample."""
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import PROGRAM, Tap, ask, make_sample, refused, run

IMAGES = 40


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, IMAGES)
        sample = os.path.dirname(cfg)
        names = os.path.join(sample, "sample.names")
        images = sorted(os.path.join(sample, "images", name) for name in os.listdir(os.path.join(sample, "images")))
        whole = ask("evaluate", cfg, weights, data, "--quiet")

        def evaluate():
            classes = whole["per_class"]
            assert whole["map"] > 0.9, whole["map"]
            assert whole["interval"][0] < whole["map"] < whole["interval"][1], whole["interval"]
            assert [one["class"] for one in classes] == list(range(len(classes)))
            assert abs(sum(one["ap"] for one in classes) / len(classes) - whole["map"]) < 1e-12
            assert whole["tp"] + whole["fn"] == sum(one["objects"] for one in classes)
            assert abs(whole["precision"] - whole["tp"] / (whole["tp"] + whole["fp"])) < 1e-12
            assert abs(whole["recall"] - whole["tp"] / (whole["tp"] + whole["fn"])) < 1e-12
            assert abs(whole["f1"] - 2 * whole["tp"] / (2 * whole["tp"] + whole["fp"] + whole["fn"])) < 1e-12
            assert whole["images"] == IMAGES and whole["images_per_second"] > 0
            assert "difference" not in whole

        def protocols():
            maps = {name: ask("evaluate", cfg, weights, data, "--protocol", name)["map"] for name in ("darknet", "darknet-11", "darknet-101")}
            assert maps["darknet"] == whole["map"]
            assert len(set(maps.values())) == 3, maps
            assert max(maps.values()) - min(maps.values()) < 0.1, maps

        def from_detections():
            path = os.path.join(folder, "again.json")
            for protocol in ("darknet", "darknet-101", "voc-2007", "voc-2010", "coco"):
                there = ask("evaluate", cfg, weights, data, "--protocol", protocol, "--detections", path, "--tide")
                back = ask("evaluate", "--from-detections", path, data, "--protocol", protocol, "--tide")
                for key in there:
                    if key not in ("mean_iou", "images_per_second"):
                        assert there[key] == back[key], (protocol, key, there[key], back[key])
                assert abs(there["mean_iou"] - back["mean_iou"]) < 1e-6 and back["images_per_second"] is None
                assert there["interval"][0] < there["map"] < there["interval"][1], there
            few = ask("evaluate", "--from-detections", path, data, "--limit", 3)
            assert few["images"] == 3 and few["map"] == ask("evaluate", cfg, weights, data, "--limit", 3)["map"]

        def plan():
            for protocol in ("darknet", "coco"):
                cut = ask("evaluate", cfg, weights, data, "--plan", os.path.join(sample, "plan.json"), "--protocol", protocol)
                assert abs(cut["map"] - cut["unpruned_map"] - cut["difference"]) < 1e-12
                assert cut["difference_interval"][0] <= cut["difference"] <= cut["difference_interval"][1]
                assert protocol != "darknet" or cut["unpruned_map"] == whole["map"]

        def other_weights():
            copy = os.path.join(folder, "other.weights")
            with open(weights, "rb") as file:
                content = bytearray(file.read())
            content[-4:] = b"\0\0\0\0" if content[-4:] != b"\0\0\0\0" else b"\0\0\x80\x3f"
            with open(copy, "wb") as file:
                file.write(content)
            refused("evaluate", cfg, copy, data, "--plan", os.path.join(sample, "plan.json"), naming=["plan.json", "weights"])

        def detections():
            path = os.path.join(folder, "detections.json")
            limited = ask("evaluate", cfg, weights, data, "--limit", 8, "--detections", path)
            with open(path, encoding="utf-8") as file:
                rows = json.load(file)
            assert limited["images"] == 8
            assert 5 <= len({row["image_id"] for row in rows}) <= 8  # one scene in twenty is empty
            for row in rows:
                assert os.path.basename(images[row["image_id"]]) == row["file_name"], row
                assert 0 <= row["category_id"] < 3 and row["score"] > 0.005 - 1e-6 and len(row["bbox"]) == 4, row

        def detect():
            seen = ask("detect", cfg, weights, images[0], images[1], "--names", names)["images"]
            assert [one["path"] for one in seen] == images[:2]
            assert seen[0]["detections"]
            for row in seen[0]["detections"]:
                assert row["score"] > 0.25 and row["name"] and 0 <= row["class"] < 3, row
                assert row["box"][2] > 1 and row["box"][3] > 1, row  # pixels, not fractions
            unnamed = ask("detect", cfg, weights, images[0], "--threshold", 0.9)["images"][0]["detections"]
            assert len(unnamed) <= len(seen[0]["detections"])
            assert all(row["name"] is None and row["score"] > 0.9 for row in unnamed)
            odd = os.path.join(os.fsencode(folder), b"n\xff.png")
            shutil.copy(images[0], odd)
            done = subprocess.run([PROGRAM, "detect", cfg, weights, odd, "--json"], capture_output=True, timeout=60)
            assert done.returncode == 0 and len(json.loads(done.stdout.decode("utf-8"))["images"][0]["detections"]) > 0, done

        def other_names():
            with open(names, encoding="utf-8") as file:
                own = file.read().split()
            with open(os.path.join(sample, "turned.names"), "w", encoding="utf-8") as file:
                file.write("\n".join([own[1], "zebra", own[0]]))
            turned = os.path.join(sample, "turned.data")
            with open(turned, "w", encoding="utf-8") as file:
                file.write("classes=3\nvalid=test.txt\nnames=turned.names\n")
            done = run("evaluate", cfg, weights, turned, "--names", names, "--json")
            said = json.loads(done.stdout)
            objects = [one["objects"] for one in whole["per_class"]]
            assert [one["objects"] for one in said["per_class"]] == [objects[2], objects[0], 0], said["per_class"]
            assert f"zebra ({objects[1]})" in said["warning"] and said["warning"] in done.stderr, done.stderr
            assert said["tp"] + said["fn"] == objects[0] + objects[2]
            assert whole["warning"] is None
            mapped = ask("evaluate", cfg, weights, turned, "--names", names, "--map", f"{own[0]}={own[2]}", "--map", f"zebra={own[1]}",
                         "--map", f"{own[1]}={own[0]}")
            assert mapped["map"] == whole["map"] and mapped["warning"] is None

        def wrong_usage():
            for arguments in (["evaluate", cfg, weights], ["evaluate", cfg, weights, data, "--protocol", "x"],
                              ["evaluate", cfg, weights, data, "--limit", "-1"], ["detect", cfg, weights, images[0], "--fit", "crop"],
                              ["detect", cfg, weights, images[0], "--threshold", 2], ["detect", cfg, weights],
                              ["detect", cfg, weights, images[0], "--threads", -1], ["detect", cfg, weights, images[0], "--threads", 100000]):
                assert run(*arguments, "--json", expect=2).stdout == "", arguments

        def refusals():
            bare = os.path.join(folder, "one", "bare")
            os.makedirs(bare)
            shutil.copy(images[0], bare)
            refused("evaluate", cfg, weights, bare, "--json", naming=["bare", "no labels"])
            refused("evaluate", cfg, images[0], data, naming=[os.path.basename(images[0])])
            refused("detect", cfg, weights, names, naming=["sample.names"])

        def thresholds():
            # too few images for scores: the refusal names the threshold that was used
            few = make_sample(os.path.join(folder, "few"), 6)
            for tau, verb, arguments in (("0.05", "ablate", ["attribution:tau=0.05", "--units", 1, "--limit", 1]),
                                         ("0", "ablate", ["attribution:tau=0.05", "--tau", 0, "--units", 1, "--limit", 1]),
                                         ("0.02", "score", ["attribution"]), ("0", "score", ["attribution:tau=0"]),
                                         ("0", "score", ["attribution", "--tau", 0])):
                refused(verb, *few, "-o", os.path.join(folder, "few", verb), "--criterion", *arguments, naming=[f"of the target above {tau};"])
            wrong = run("score", *few, "-o", os.path.join(folder, "few", "score"), "--criterion", "attribution", "--tau", 2, expect=2)
            assert "--tau 2: expected a number from 0 to 1" in wrong.stderr, wrong.stderr

        for test in (thresholds, evaluate, protocols, from_detections, plan, other_weights, detections, detect, other_names, wrong_usage, refusals):
            tap.check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
