"""roundtrip.py: a plan, run headless: what is exported says the same number as the plan that it came from, to the last digit."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import PROGRAM, Tap, ask, make_sample, refused, run


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, 8)
        plan = os.path.join(os.path.dirname(cfg), "plan.json")
        output = os.path.join(folder, "pruned")
        pruned = ask("prune", cfg, weights, "--plan", plan, "--output", output, "--quiet")
        whole = ask("info", cfg, "--weights", weights)

        def files():
            assert sorted(os.listdir(output)) == ["index-map.json", "plan.json", "pruned.cfg", "pruned.weights", "report.json"], os.listdir(output)
            assert os.path.getsize(os.path.join(output, "pruned.weights")) == pruned["after"]["file_bytes"]
            assert pruned["before"]["params"] == whole["params"]
            assert pruned["after"]["params"] < pruned["before"]["params"]

        def equality():
            assert 0 <= pruned["max_difference"] <= 1e-5, pruned
            if pruned["oracle"] is None:
                assert "libdarknet" in pruned["oracle_reason"], pruned
            else:
                assert pruned["oracle"]["name"] == "libdarknet" and 0 < pruned["oracle"]["max_difference"] <= 1e-4, pruned

        def number():
            by_plan = ask("evaluate", cfg, weights, data, "--plan", plan, "--quiet")
            exported = ask("evaluate", os.path.join(output, "pruned.cfg"), os.path.join(output, "pruned.weights"), data, "--quiet")
            assert by_plan["map"] == exported["map"], (by_plan["map"], exported["map"])
            again = ask("evaluate", cfg, weights, data, "--plan", os.path.join(output, "plan.json"), "--quiet", "--threads", 1)
            assert again["map"] == by_plan["map"]

        def threads():
            one = ask("evaluate", cfg, weights, data, "--quiet", "--threads", 1)
            two = ask("evaluate", cfg, weights, data, "--quiet", "--threads", 2)
            assert {k: v for k, v in one.items() if k != "images_per_second"} == {k: v for k, v in two.items() if k != "images_per_second"}

        def same_bytes():
            other = os.path.join(folder, "other")
            run("prune", cfg, weights, "--plan", plan, "--output", other, "--quiet")
            for name in os.listdir(output):
                with open(os.path.join(output, name), "rb") as a, open(os.path.join(other, name), "rb") as b:
                    assert a.read() == b.read(), name

        def threshold():
            scores, place = os.path.join(folder, "scores.json"), os.path.join(folder, "by-score")
            run("score", cfg, weights, "--criterion", "l1", "-o", scores, "--quiet")
            with open(scores, encoding="utf-8") as file:
                of_layer = {layer["layer"]: layer["values"] for layer in json.load(file)["scores"]}
            limit = sorted(of_layer[0])[8]
            run("prune", cfg, weights, "--scores", scores, "--threshold", f"128×128 backbone={limit!r}", "--floor", 1, "--output", place, "--quiet")
            with open(os.path.join(place, "plan.json"), encoding="utf-8") as file:
                written = json.load(file)
            group = next(group for group in written["groups"] if group["name"] == "128×128 backbone")
            assert group["threshold"] == limit and 0 < group["ratio"] < 1, group
            assert all("threshold" not in other for other in written["groups"] if other is not group)
            kept = next(layer["kept"] for layer in written["layers"] if layer["layer"] == 0)
            assert kept == [channel for channel, score in enumerate(of_layer[0]) if score >= limit], kept
            for bad in ("128×128 backbone=low", "128×128 backbone=nan", "nothing=1"):
                run("prune", cfg, weights, "--scores", scores, "--threshold", bad, "--output", place, expect=2)

        def index_map():
            with open(os.path.join(output, "index-map.json"), encoding="utf-8") as file:
                json.load(file)

        def interrupted():
            statuses = []
            for wait in (0.02, 0.05, 0.1, 0.15):
                place = os.path.join(folder, f"stop-{wait}")
                os.mkdir(place)
                command = [PROGRAM, "prune", cfg, weights, "--plan", plan, "--output", os.path.join(place, "out"), "--quiet"]
                work = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                time.sleep(wait)
                work.send_signal(signal.SIGINT)
                said = work.communicate(timeout=60)
                assert work.returncode in (0, 1, -signal.SIGINT), (work.returncode, said)  # done already; cancelled; not yet at work
                assert os.listdir(place) == (["out"] if work.returncode == 0 else []), (wait, work.returncode, os.listdir(place))
                if work.returncode == 0:
                    assert sorted(os.listdir(os.path.join(place, "out"))) == sorted(os.listdir(output))
                elif work.returncode == 1:
                    assert said[0] == "" and "cancel" in said[1].lower(), said
                statuses.append(work.returncode)
            print("# stopped with", statuses, flush=True)

        def keep_classes():
            place, again = os.path.join(folder, "kept"), os.path.join(folder, "kept-again")
            names = os.path.join(os.path.dirname(cfg), "sample.names")
            words = ("--keep-classes", "ripe,green=unripe+ripening", "--names", names)
            said = ask("prune", cfg, weights, *words, "--output", place, "--quiet")
            assert said["classes"] == ["ripe", "green"] and said["max_difference"] <= 1e-12, said
            assert said["oracle"] is None or said["oracle"]["max_difference"] <= 1e-4, said
            with open(os.path.join(place, "pruned.names"), encoding="utf-8") as file:
                assert file.read() == "ripe\ngreen\n"
            pruned_cfg, pruned_weights = (os.path.join(place, "pruned." + ending) for ending in ("cfg", "weights"))
            assert ask("info", pruned_cfg, "--weights", pruned_weights)["params"] == said["after"]["params"] < whole["params"]
            run("prune", cfg, weights, "--plan", os.path.join(place, "plan.json"), "--output", again, "--quiet")
            for name in os.listdir(place):
                with open(os.path.join(place, name), "rb") as a, open(os.path.join(again, name), "rb") as b:
                    assert a.read() == b.read(), name
            before = {row["name"]: row["ap"] for row in ask("evaluate", cfg, weights, data, "--quiet")["per_class"]}
            after = ask("evaluate", pruned_cfg, pruned_weights, data, "--names", os.path.join(place, "pruned.names"), "--map", "unripe=green", "--map",
                        "ripening=green", "--quiet")["per_class"]
            assert [row["name"] for row in after] == ["ripe", "green"] and after[0]["ap"] == before["ripe"], (before, after)
            with_plan = ask("prune", cfg, weights, "--plan", plan, *words, "--output", os.path.join(folder, "both"), "--quiet")
            assert with_plan["after"]["params"] < pruned["after"]["params"], with_plan
            refused("prune", cfg, weights, "--keep-classes", "pear", "--names", names, "--output", again, naming=("“pear” is no class",))
            run("prune", cfg, weights, "--redraw-classes", "--criterion", "l1", "--ratio", 0.1, "--output", again, expect=2)

        for test in (files, equality, number, threads, same_bytes, threshold, index_map, keep_classes, interrupted):
            tap.check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
