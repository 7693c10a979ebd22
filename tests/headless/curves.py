"""curves.py: curve and sensitivity from outside, on the sample: the numbers of evaluate --plan, once measured, and what is refused."""
import json
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused, run

IMAGES = 24
FILES = ["curve.json", "curve.md", "curve.png", "curve.svg", "curve.tsv", "random.tsv", "correlation.tsv", "rows.jsonl"]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, IMAGES)
        out = os.path.join(folder, "curves")
        asked = ["curve", cfg, weights, data, "--split", "test", "--criteria", "l1 l1:rank=pooled,normalise=l2 inverted:of=l1", "--ratios", "0.1,0.3",
                 "--seeds", 3, "--judge-units", 4, "--judge-images", 3, "--replicates", 200, "--output", out]
        first = {}

        def curve():
            told = ask(*asked)
            first.update(told)
            assert [row["name"] for row in told["criteria"]] == ["l1", "l1:rank=pooled,normalise=l2", "inverted:of=l1"]
            assert told["images"] == IMAGES and told["seeds"] == 3 and len(told["random"]) == 2
            for name in FILES:
                assert os.path.getsize(os.path.join(out, name)) > 0, name
            for i in range(2):
                kept = {(row["points"][i]["params"], row["points"][i]["share"]) for row in told["criteria"]}
                assert len(kept) == 1, kept  # every layer by itself: all cut equal numbers
                assert told["random"][i]["low"] <= told["random"][i]["median"] <= told["random"][i]["high"]
            assert told["criteria"][0]["correlation_mean"]["value"] == -told["criteria"][2]["correlation_mean"]["value"]
            assert any("random" in sentence for sentence in told["sentences"])
            assert len(read(os.path.join(out, "curve.tsv")).splitlines()) == 1 + 3 * 2

        def one_road():
            pruned = os.path.join(folder, "pruned")
            run("prune", cfg, weights, "--criterion", "l1", "--ratio", 0.3, "--output", pruned, "--quiet")
            cut = ask("evaluate", cfg, weights, data, "--split", "test", "--plan", os.path.join(pruned, "plan.json"))
            point = first["criteria"][0]["points"][1]
            assert cut["map"] == point["map"] and cut["unpruned_map"] == first["map"], (cut["map"], point["map"])
            assert abs(cut["difference"] - point["difference"]) < 1e-12
            assert cut["f1"] == point["f1"]

        def resumed():
            rows = os.path.join(out, "rows.jsonl")
            before, table, page = read(rows), read(os.path.join(out, "curve.tsv")), read(os.path.join(out, "curve.svg"))
            assert ask(*asked)["criteria"] == first["criteria"]
            assert read(rows) == before
            with open(rows, "w", encoding="utf-8") as file:
                file.write(before[:-200])  # stopped while it wrote
            assert ask(*asked)["criteria"] == first["criteria"]
            assert read(os.path.join(out, "curve.tsv")) == table and read(os.path.join(out, "curve.svg")) == page
            refused(*asked, "--limit", 5, naming=["rows.jsonl", "its rows are of something else"])

        def judged_anew():
            rows = os.path.join(out, "rows.jsonl")
            lines = read(rows).splitlines(keepends=True)
            tables = {name: read(os.path.join(out, name)) for name in ("correlation.tsv", "curve.md")}
            last = max(i for i, line in enumerate(lines) if '"key": "judge' in line)
            for change in (lambda layers: layers.pop(), lambda layers: layers[-1].update(layer=10 ** 6), lambda layers: layers[0].update(layer=1)):
                row = json.loads(lines[last])
                change(row["values"]["layers"])
                with open(rows, "w", encoding="utf-8") as file:
                    file.write("".join(lines[:last] + [json.dumps(row) + "\n"] + lines[last + 1:]))
                assert ask(*asked)["criteria"] == first["criteria"]
                assert all(read(os.path.join(out, name)) == text for name, text in tables.items())

        def no_judge_of_its_own():
            words = ["curve", cfg, weights, data, "--split", "test", "--criteria", "l1 causal:images=1", "--ratios", "0.3", "--seeds", 1, "--judge-units",
                     2, "--judge-images", 1, "--replicates", 20, "--limit", 4, "--threads", 1]
            told = ask(*words, "--output", os.path.join(folder, "causal"))
            l1, causal = told["criteria"]
            assert l1["correlation_pooled"]["value"] is not None and causal["correlation_pooled"]["value"] is None
            assert told["shared_images"] == 4
            assert any(s.startswith("Channels are scored by 4 of the 4 images") for s in told["sentences"]), told["sentences"]
            assert any(s.startswith("causal has no rank correlation") for s in told["sentences"]), told["sentences"]
            assert "| causal:images=1 | – | – |" in read(os.path.join(folder, "causal", "curve.md"))
            assert ask(*words, "--output", os.path.join(folder, "causal"))["criteria"] == told["criteria"]
            apart = ask(*words, "--calibration", data, "--calibration-split", "train", "--calibration-limit", 2)
            assert apart["shared_images"] == 0 and apart["criteria"][1]["correlation_pooled"]["value"] is not None

        def sensitivity():
            told = ask("sensitivity", cfg, weights, data, "--split", "test", "--criterion", "l1", "--by", "group", "--ratios", "0.3", "--replicates", 200,
                       "--output", out)
            names = [group["name"] for group in ask("groups", cfg)["groups"]]
            assert [place["place"] for place in told["places"]] == names
            assert told["map"] == first["map"]
            for place in told["places"]:
                point = place["points"][0]
                assert abs(point["map"] - told["map"] - point["difference"]) < 1e-12 and point["low"] <= point["high"]
                assert abs(point["share"] - 0.3) <= 8 / place["channels"] + 1e-9, (place["place"], point["share"])  # of the group
                assert 0 < point["share_of_network"] < point["share"]
            assert abs(sum(place["points"][0]["share"] * place["channels"] for place in told["places"])
                       - sum(place["points"][0]["share_of_network"] for place in told["places"])
                       * sum(place["channels"] for place in told["places"])) < 1e-6
            with open(os.path.join(out, "sensitivity.tsv"), encoding="utf-8") as file:
                columns, line = (next(file).rstrip("\n").split("\t") for _ in range(2))
            assert len(columns) == len(line) and columns[3:5] == ["share", "share_of_network"], columns
            layers = ask("sensitivity", cfg, weights, data, "--split", "test", "--layers", 0, "--ratios", "0.5", "--replicates", 200)
            assert len(layers["places"]) == 1 and 0 in layers["places"][0]["layers"]

        def wrong():
            plain = ["curve", cfg, weights, data, "--split", "test"]
            for more, words in ((["--ratios", "0.5,2"], ["ratio 2 is 2", "above 0 and at most 1"]), (["--ratios", "nan"], ["ratio 1 is nan"]),
                                (["--ratios=-0.1,0.5"], ["ratio 1 is -0.1"]), (["--ratios", "0.5,0.5"], ["ratio 2 is 0.5"]),
                                (["--ratios", "0.5,"], ["--ratios : expected numbers"]), (["--ratios", "inf"], ["ratio 1 is inf"]),
                                (["--criteria", "best"], ["--criteria best", "attribution, l1"]),
                                (["--limit", IMAGES + 1], [f"--limit {IMAGES + 1}", f"has {IMAGES}"]),
                                (["--judge-images", IMAGES + 1], [f"there are {IMAGES} images"]),
                                (["--rank", "best"], ["--rank best"]), (["--seeds", 0], ["--seeds 0"])):
                done = run(*plain, *more, expect=2)
                for word in words:
                    assert word in done.stderr, (word, done.stderr)
            refused(*plain, "--criteria", "l1:normalise=best", naming=["l1: normalise=best", "none, max"])
            done = run("score", cfg, weights, data, "--split", "test", "--criterion", "taylor", "--limit", 99999, "-o", os.path.join(folder, "s.json"), expect=2)
            assert "--limit 99999" in done.stderr, done.stderr

        for check in (curve, one_road, resumed, judged_anew, no_judge_of_its_own, sensitivity, wrong):
            tap.check(check.__name__, check)
    finally:
        shutil.rmtree(folder)
    tap.end()


main()
