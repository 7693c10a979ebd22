"""faithfulness.py: methods against baselines on the sample, stopped, gone on with, and refused."""
import glob
import json
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused, run

FEW = ("--methods", "gradient-activation", "--boxes", 3, "--steps", 4, "--stable", 1, "--randomise", 1, "--score", .2, "--seed", 5)
ROOT = os.environ["ESP_SOURCE_ROOT"]


def registry():
    """The ids of all methods, as the sources have them."""
    ids = []
    for path in glob.glob(os.path.join(ROOT, "core", "explain", "*.c")):
        with open(path, encoding="utf-8") as file:
            ids += re.findall(r"\bEspAttribution esp_attribution_\w+ = \{\s*\.id = \"([a-z-]+)\"", file.read())
    return sorted(ids)


def numbers(said):
    return [[row[key] for key in ("deletion", "insertion", "pointing", "energy", "sparseness")] for row in said["baselines"]] + [
        [row["measures"][key]["mean"] for key in sorted(row["measures"])] for row in said["methods"]]


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, 6)
        work, table = os.path.join(folder, "work.tsv"), os.path.join(folder, "table.md")
        first = {}

        def measures():
            said = ask("faithfulness", cfg, weights, data, *FEW, "--work", work, "--output", table)
            first.update(said)
            assert len(said["boxes"]) == 3 and len({box["image"] for box in said["boxes"]}) == 3, said["boxes"]
            assert all(box["score"] >= .2 and 0 < box["chance"] < 1 for box in said["boxes"])
            assert [row["baseline"] for row in said["baselines"]] == ["random-order", "box-prior", "centred-gaussian", "edge-map"]
            box = said["baselines"][1]
            chance = sum(box["chance"] for box in said["boxes"]) / 3
            matched = sum(box["matched"] for box in said["boxes"])
            assert matched > 0, said["boxes"]  # the sample is labelled, and its network finds its fruit
            assert .3 < box["energy"] < .99999 and 0 < box["pointing"] <= 1, box  # a box is not quite its object's
            measured = said["methods"][0]["measures"]
            for key in ("deletion", "insertion"):
                assert 0 <= measured[key]["mean"] <= 1 and measured[key]["boxes"] == 3, measured[key]
                for name, against in measured[key]["against"].items():
                    base = next(row[key] for row in said["baselines"] if row["baseline"] == name)
                    assert abs(against["difference"] - (measured[key]["mean"] - base)) < 1e-9
                    assert against["interval"] == [None, None] and against["p"] is None and against["holm"] is None, against
            assert said["methods"][0]["proved"] is False and "needs at least 20" in said["reason"], said["reason"]
            assert measured["stability"]["boxes"] <= 1 and measured["randomisation"]["boxes"] == 1
            with open(table, encoding="utf-8") as file:
                text = file.read()
            assert "Of 3 boxes nothing is proved" in text, text
            assert "| gradient-activation |" in text and "3 boxes, one an image, seed 5" in text and "1 times the box's area" in text
            assert "Partial: " in text and " occlusion, d-rise, " in text and " gradient-activation, " not in text, text
            assert f"of the object that the box matches, {matched} times" in text, text
            assert f"| chance | - | - | {chance:.4f} | {chance:.4f} | - |" in text, (chance, text)

        def goes_on():
            with open(work, encoding="utf-8") as file:
                lines = file.read().splitlines(keepends=True)
            with open(work, "w", encoding="utf-8") as file:
                file.writelines(lines[:-2])  # as if stopped after the method's first box
            said = ask("faithfulness", cfg, weights, data, *FEW, "--work", work, "--batch", 3)
            assert numbers(said) == numbers(first), (numbers(said), numbers(first))

        def names_all():
            all_of = ("--methods", "all", "--boxes", 1, "--steps", 2, "--stable", 0, "--randomise", 0, "--score", .2)
            done = run("faithfulness", cfg, weights, data, *all_of, "--json", "--quiet")
            methods = [row["method"] for row in json.loads(done.stdout)["methods"]]
            left_out = re.findall(r"faithfulness: ([a-z-]+) is left out", done.stderr)
            assert len(registry()) >= 14 and sorted(methods + left_out) == registry(), (methods, left_out, registry())
            helped = run("attribute", "--help").stdout
            assert all(method in helped for method in registry()), helped

        def keeps_others():
            said = ask("faithfulness", cfg, weights, data, *FEW, "--methods", "gradient", "--work", work)
            assert [row["method"] for row in said["methods"]] == ["gradient"]
            with open(work, encoding="utf-8") as file:
                assert "\ngradient-activation\t2\t" in file.read()

        def refuses():
            refused("faithfulness", cfg, weights, data, *FEW[:-1], 6, "--work", work, naming=("work.tsv:1", "another network"))
            refused("faithfulness", cfg, weights, data, "--score", .9999, naming=("no image has a box",))
            assert "there is no such method" in run("faithfulness", cfg, weights, data, "--methods", "tea-leaves", expect=2).stderr
            assert "ends in .md or .tsv" in run("faithfulness", cfg, weights, data, "--output", "x.doc", expect=2).stderr
            with open(work, "a", encoding="utf-8") as file:
                file.write("random-order\t99\t1\n")
            refused("faithfulness", cfg, weights, data, *FEW, "--work", work, naming=("expected a method, a box below 3",))

        for test in (measures, goes_on, names_all, keeps_others, refuses):
            tap.check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
