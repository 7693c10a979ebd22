"""latency.py: a plan's network timed beside the whole one: what hangs together, never how long it takes."""
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused, run

FEW = ("--turns", 2, "--repeats", 2)


def close(a, b):
    return abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1e-9)


def ordered(side):
    return 0 <= side["low_ms"] <= side["ms"] <= side["high_ms"]


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder)
        out = os.path.join(folder, "cut")
        cut = ask("prune", cfg, weights, "--criterion", "l1", "--ratio", .5, "--no-oracle", "--output", out)
        plan = os.path.join(out, "plan.json")
        said = ask("latency", cfg, weights, "--ratio", .5, *FEW)

        def costs():
            for name in ("before", "after"):
                assert close(said[name]["bflops"], cut[name]["bflops"])
                assert said[name]["params"] == cut[name]["params"] and said[name]["file_bytes"] == cut[name]["file_bytes"]
                assert ordered(said[name]) and said[name]["ms"] > 0
            assert close(said["speedup"], said["before"]["ms"] / said["after"]["ms"])
            info = ask("info", cfg)
            assert [layer["index"] for layer in said["layers"]] == [layer["index"] for layer in info["layers"]]
            for mine, theirs in zip(said["layers"], info["layers"]):
                assert mine["kind"] == theirs["kind"] and close(mine["before"]["bflops"], theirs["bflops"])
                assert mine["before"]["channels"] == theirs["out"][0]

        def groups():
            pruned = ask("info", os.path.join(out, "pruned.cfg"))
            assert [(group["name"], group["before"]["channels"], group["after"]["channels"]) for group in said["groups"]] \
                == [(group["name"], group["channels"], group["kept"]) for group in cut["groups"]]
            for layer, smaller in zip(said["layers"], pruned["layers"]):
                assert layer["after"]["channels"] == smaller["out"][0] and close(layer["after"]["bflops"], smaller["bflops"])
            for name in ("before", "after"):
                for group in said["groups"] + [dict(said["others"], name=None)]:
                    within = [layer[name] for layer in said["layers"] if layer["group"] == group["name"]]
                    assert within and close(sum(layer["bflops"] for layer in within), group[name]["bflops"])
                    assert ordered(group[name]) and all(map(ordered, within))
                    assert group[name]["blocked_bflops"] >= group[name]["bflops"] * (1 - 1e-9)
                parts = said["groups"] + [said["others"]]
                assert close(sum(part[name]["bflops"] for part in parts), said[name]["bflops"])

        def warnings():
            for part in [said, said["others"]] + said["groups"] + said["layers"]:
                before, after = part["before"], part["after"]
                due = before["ms"] > 0 and before["bflops"] > 0 and 1 - after["bflops"] / before["bflops"] >= .01 and after["high_ms"] >= before["low_ms"]
                assert (part["warning"] is not None) == due, part
                assert close(part["excess_ms"], after["ms"] - before["ms"] * (after["bflops"] / before["bflops"] if before["bflops"] else 1))

        def machine():
            assert said["warm_ups"] == 10 and (said["turns"], said["repeats"], said["forwards"]) == (2, 2, 4)
            assert said["threads"] >= 1 and said["block"] in (8, 16) and isinstance(said["cpu"], str) and said["load"] >= 0
            assert ask("latency", cfg, weights, "--ratio", .5, *FEW, "--threads", 1)["threads"] == 1
            assert said["random_weights"] is False
            assert said["layers"][0]["before"]["kernel"]

        def same_plan():
            again = ask("latency", cfg, weights, "--plan", plan, *FEW)
            assert [layer["after"]["channels"] for layer in again["layers"]] == [layer["after"]["channels"] for layer in said["layers"]]
            lot = ask("latency", cfg, "--plan", plan, *FEW)
            assert lot["random_weights"] is True and lot["after"]["params"] == said["after"]["params"]
            nothing = ask("latency", cfg, weights, "--ratio", 0, *FEW)
            assert nothing["warning"] is None and nothing["before"]["params"] == nothing["after"]["params"]

        def table():
            text = run("latency", cfg, weights, "--ratio", .5, "--round", 16, *FEW).stdout
            for group in said["groups"]:
                assert group["name"] in text
            assert "network" in text and "in no group" in text and "layer 0 convolutional" in text and "excess" in text

        def wrong():
            run("latency", cfg, weights, expect=2)
            run("latency", cfg, weights, "--ratio", 1.5, expect=2)
            run("latency", cfg, weights, "--ratio", "nan", expect=2)
            run("latency", cfg, weights, "--plan", plan, "--ratio", .5, expect=2)
            run("latency", cfg, weights, "--ratio", .5, "--turns", 0, expect=2)
            run("latency", cfg, weights, "--ratio", .5, "--turns", 100000, "--repeats", 100000, expect=2)
            run("latency", cfg, weights, "--ratio", .5, "--seconds", "nan", expect=2)
            refused("latency", os.path.join(folder, "nowhere.cfg"), "--ratio", .5, naming=["nowhere.cfg"])
            with open(plan, encoding="utf-8") as file:
                foreign = json.load(file)
            foreign["cfg"] = "0" * 64
            path = os.path.join(folder, "foreign.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(foreign, file)
            refused("latency", cfg, weights, "--plan", path, naming=["cfg"])

        tap.check("costs are those of prune and info", costs)
        tap.check("groups hold every layer once", groups)
        tap.check("a warning where it is due and nowhere else", warnings)
        tap.check("what it was measured on is told", machine)
        tap.check("a plan's file gives the same network, with or without weights", same_plan)
        tap.check("the table", table)
        tap.check("wrong usage and wrong files", wrong)
        tap.end()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
