"""budget.py: a plan within a budget, from outside: what it costs, what it keeps, and budgets that cannot be had."""
import json
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
        cfg, weights, data = make_sample(folder, 24)
        plan = os.path.join(folder, "found.json")
        few = ("--criterion", "l1", "--criterion", "bn-gamma", "--tries", 32, "--replicates", 200, "--seed", 3)
        search = ("budget", cfg, weights, data, *few)

        def within():
            said = ask(*search, "--at-most", "0.6x-bflops", "-o", plan)
            whole, found, uniform = said["whole"], said["found"], said["uniform"]
            assert said["unit"] == "BFLOPs" and abs(said["at_most"] - .6 * whole["bflops"]) < 1e-12
            assert found["bflops"] <= said["at_most"] and found["fits"] and not whole["fits"]
            assert len(said["tried"]) <= 32 and len(found["ratios"]) == len(said["groups"])
            assert {one["kind"] for one in said["tried"]} >= {"whole", "uniform", "alone", "solved"}
            assert {one["criterion"] for one in said["tried"] if one["kind"] == "uniform"} == {"l1", "bn-gamma"}
            for one in said["tried"]:
                assert not one["fits"] or one["map"] <= found["map"], one
                better = [o for o in said["tried"] if o["cost"] <= one["cost"] and o["map"] >= one["map"]
                          and (o["cost"] < one["cost"] or o["map"] > one["map"])]
                assert one["frontier"] == (not better), one
            assert found["map"] >= uniform["map"] and uniform["bflops"] <= said["at_most"]
            assert said["choosing"]["images"] == said["judging"]["images"] == 12
            assert abs(said["choosing"]["found"] - found["map"]) < 1e-12 and abs(said["choosing"]["whole"] - whole["map"]) < 1e-12
            low, high = said["judging"]["from_uniform"]["interval"]
            assert low <= said["judging"]["from_uniform"]["difference"] <= high
            again = ask(*search, "--at-most", f"{said['at_most']:.17g}-bflops")
            assert [one["map"] for one in again["tried"]] == [one["map"] for one in said["tried"]]
            few_tries = ask(*search, "--at-most", "0.6x-bflops", "--tries", 5)
            assert len(few_tries["tried"]) <= 5 and few_tries["found"]["fits"]

        def plan_is_its_own():
            cut = os.path.join(folder, "cut")
            said = ask("prune", cfg, weights, "--plan", plan, "--no-oracle", "--output", cut)
            whole = ask("info", cfg)
            assert said["after"]["bflops"] <= .6 * whole["bflops"]
            with open(plan, encoding="utf-8") as file:
                assert json.load(file)["format"] == "espalier-plan"

        def bytes_and_map():
            said = ask(*search, "--at-most", "0.9-mb")
            assert said["found"]["file_bytes"] <= 9e5 < said["whole"]["file_bytes"]
            said = ask(*search, "--at-least-map", "0.6")
            assert said["found"]["map"] >= .6 and said["at_most"] is None
            assert all(one["map"] < .6 or one["bflops"] >= said["found"]["bflops"] for one in said["tried"])
            said = ask(*search, "--at-most", "1x-bflops")
            assert said["found"]["kind"] == "whole" and len(said["tried"]) == 1

        def milliseconds():
            said = ask("budget", cfg, weights, data, "--criterion", "l1", "--tries", 6, "--replicates", 50, "--at-most", "1000-ms")
            assert said["unit"] == "ms" and 0 < said["whole"]["ms"] <= 1000 and said["found"]["kind"] == "whole"

        def refusals():
            refused(*search, "--at-most", "0.6x-bflops", "--tries", 1, naming=["one plan to try is the whole network", "expected at least 2 plans"])
            refused(*search, "--at-most", "0.001-bflops", "--json", naming=["least that can be reached", "8 channels"])
            refused(*search, "--at-most", "0.0001-ms", naming=["least that can be reached"])
            refused(*search, "--at-least-map", "0.9999999", naming=["the whole network has"])
            refused(*search, "--at-most", "0.2x-bflops", "--at-least-map", "0.9", "--tries", 8, naming=["the best of", "less than 0.9"])
            for words in (("--at-most", "2x-bflops"), ("--at-most", "0-mb"), ("--at-most", "1-parsec"), ("--at-most", "nan-mb"),
                          ("--at-least-map", "1.5"), ("--at-least-map", "nan"), (), ("--at-most", "1-mb", "--criterion", "luck"),
                          ("--at-most", "1-mb", "--criterion", "contrast"), ("--at-most", "1-mb", "--tries", 0),
                          ("--at-most", "1-mb", "--floor", -1), ("--at-most", "1-mb", "--round", -1), ("--at-most", "1-mb", "--round", 0),
                          ("--at-most", "1-mb", "--criterion", "inverted:of=contrast")):
                run(*search, *words, expect=2)

        for test in (within, plan_is_its_own, bytes_and_map, milliseconds, refusals):
            tap.check(test.__name__, test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
