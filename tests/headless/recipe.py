"""recipe.py: recipes by the command line: listed, checked, run, stopped by a signal and taken up, refused in words."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import PROGRAM, Tap, ask, refused, run

STEPS = """title = From a test
[set]
# the sample's network
cfg = ?
weights = ?
# pictures
data = ?
ratio = .25 | .5
[data]
test = $data
test-split = val
train = $data
replicates = 50
[network]
cfg = $cfg
weights = $weights
[score]
criterion = l1
[evaluate]
latency = no
[plan]
ratio = $ratio
[cut]
[train]
epochs = 2
[controls]
rows = inverted
"""


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        path = os.path.join(folder, "test.recipe")
        with open(path, "w", encoding="utf-8") as file:
            file.write(STEPS)
        sample = os.path.join(folder, "sample")
        run("sample", sample, "--test", 2, "--quiet")
        scenes = os.path.join(folder, "scenes")
        run("sample", scenes, "--orchard", "--train", 32, "--val", 12, "--test", 2, "--quiet")
        words = ["--set", f"cfg={sample}/sample.cfg", "--set", f"weights={sample}/sample.weights", "--set", f"data={scenes}/sample.data"]

        def listed():
            recipes = ask("recipe", "list")["recipes"]
            assert {os.path.basename(one["path"]) for one in recipes} >= {"attribution.recipe", "attribution-sample.recipe"}
            assert all(one["title"] and one["error"] is None for one in recipes)

        def checked():
            said = ask("recipe", "check", path)
            assert said["title"] == "From a test" and said["tier"] == "quick"
            assert said["steps"] == ["data", "network", "score", "evaluate", "plan", "cut", "train", "controls"]
            variables = {one["name"]: one for one in said["variables"]}
            assert variables["cfg"] == {"name": "cfg", "value": None, "about": "the sample's network"}
            assert variables["ratio"]["value"] == ".25"
            full = ask("recipe", "check", path, "--tier", "full", "--set", "cfg=mine")
            assert {one["name"]: one["value"] for one in full["variables"]} == {"cfg": "mine", "weights": None, "data": None, "ratio": ".5"}
            assert ask("recipe", "check", "attribution")["steps"][-1] == "report"

        def stripped():
            """The classes that were taken away are in the pictures still: background, not a reason to end."""
            fewer = os.path.join(folder, "fewer.recipe")
            with open(fewer, "w", encoding="utf-8") as file:
                file.write(STEPS.replace("[evaluate]", "[keep-classes]\nkeep = ripe\n[evaluate]").replace("epochs = 2", "epochs = 1"))
            said = run("recipe", "run", fewer, *words, "--output", os.path.join(folder, "fewer"))
            assert "3 classes become 1: objects of the others are background" in said.stderr, said.stderr
            with open(os.path.join(folder, "fewer", "report.json"), encoding="utf-8") as file:
                stages = {one["name"]: one for one in json.load(file)["stages"]}
            assert stages["recovered"]["map"] is not None and stages["recovered"]["params"] < stages["dense"]["params"], stages

        def stopped_and_taken_up():
            output = os.path.join(folder, "out")
            command = [PROGRAM, "recipe", "run", path, *words, "--output", output]
            begun = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            for line in begun.stderr:
                if "method: epoch 1" in line:
                    begun.send_signal(signal.SIGKILL)
                    break
            begun.stderr.close()
            assert begun.wait() == -signal.SIGKILL
            report = ask("recipe", "run", path, *words, "--output", output)
            with open(os.path.join(output, "report.json"), encoding="utf-8") as file:
                assert json.load(file)["stages"] == report["stages"]
            dense, cut, recovered = report["stages"]
            assert [one["name"] for one in report["stages"]] == ["dense", "cut", "recovered"]
            assert dense["bflops"] > cut["bflops"] == recovered["bflops"]
            assert dense["latency_ms"] is None and cut["latency_ms"] > 0
            for one in (dense, cut, recovered, *report["controls"]):
                assert one["interval"][0] <= one["map"] <= one["interval"][1], one
            assert [one["name"] for one in report["controls"]] == ["inverted"]
            again = run("recipe", "run", path, *words, "--output", output)
            assert "| method |" in again.stdout and ": epoch" not in again.stderr
            with open(os.path.join(output, "results.tsv"), encoding="utf-8") as file:
                lines = file.read().splitlines()
            assert len(lines) == 4 and all(len(line.split("\t")) == len(lines[0].split("\t")) for line in lines)
            pruned = os.path.join(output, "pruned")
            info = ask("info", os.path.join(pruned, "pruned.cfg"), "--weights", os.path.join(pruned, "pruned.weights"))
            assert info["params"] == cut["params"] and info["file_bytes"] == cut["file_bytes"]

        def refusals():
            out = os.path.join(folder, "none")
            refused("recipe", "run", path, "--output", out, naming=["test.recipe:4: expected --set cfg=VALUE: the sample's network"])
            refused("recipe", "run", path, *words, "--set", "epoch=3", "--output", out,
                    naming=["--set epoch", "expected one of cfg, weights, data, ratio"])
            refused("recipe", "run", path, *words, "--set", "ratio=2", "--output", out, naming=["test.recipe:22: ratio = 2: expected a number"])
            refused("recipe", "run", path, *words, "--tier", "slow", "--output", out, naming=["--tier slow: expected quick or full"])
            refused("recipe", "check", os.path.join(folder, "nothing.recipe"), naming=["nothing.recipe"])
            refused("recipe", "check", "nothing", naming=["nothing.recipe"])
            assert "--output DIR" in run("recipe", "run", path, *words, expect=2).stderr
            assert "expected run, check or list" in run("recipe", "bake", path, expect=2).stderr
            assert "expected a FILE.recipe" in run("recipe", "check", expect=2).stderr
            assert not os.path.exists(out)

        for test in (listed, checked, stripped, stopped_and_taken_up, refusals):
            tap.check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
