"""drift.py: explanations before and after a plan, and the objects it loses: as text what --json tells, all of it or as many as asked."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, run

WORDS = {"weak": "too weak a score", "cls": "another class", "loc": "badly placed", "both": "another class, badly placed", "miss": "nothing found there"}


def channels_of(lost):
    layers = {}
    for one in lost["channels"]:
        layers.setdefault(one["layer"], []).append(str(one["channel"]))
    return "; ".join(f"layer {layer}: {', '.join(channels)}" for layer, channels in layers.items())


def name_of(row):
    return os.path.basename(row["path"])


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, 12)
        pruned = os.path.join(folder, "pruned")
        run("prune", cfg, weights, "--criterion", "l1", "--ratio", 0.5, "--output", pruned, "--quiet")
        asked = ["drift", cfg, weights, data, "--split", "test", "--plan", os.path.join(pruned, "plan.json")]
        told = ask(*asked)

        def numbers():
            assert told["boxes"] == len(told["drift"]) > 10 and told["objects_lost"] == len(told["lost"]) > 10, told
            drifts = [row["spearman_distance"] for row in told["drift"] if row["spearman_distance"] is not None]
            assert drifts == sorted(drifts, reverse=True) and drifts[0] > 0
            assert sum(told["errors"].values()) == told["objects_lost"]
            for row in told["lost"]:
                shares = [one["share"] for one in row["channels"]]
                assert shares == sorted(shares, reverse=True) and 0 < len(shares) <= 8, row

        def check_text(lines, n):
            boxes, lost = told["drift"][:n], told["lost"][:n]
            assert len(lines) == 2 + len(boxes) + len(lost), (len(lines), len(boxes), len(lost))
            assert lines[0].startswith(f"{told['boxes']} boxes explained")
            for line, row in zip(lines[1:], boxes):
                assert line.startswith(f"{name_of(row)}: {row['name']} {100 * row['score_before']:.0f} %: "), (line, row)
                assert row["spearman_distance"] is None or f": {row['spearman_distance']:.3f}," in line, (line, row)
                assert line.endswith("not found any more") != row["found"], (line, row)
            assert lines[1 + len(boxes)] == (f"{told['objects_found']} objects found, {told['objects_lost']} of them lost, "
                                             f"{told['objects_gained']} gained")
            for line, row in zip(lines[2 + len(boxes):], lost):
                assert line == (f"{name_of(row)}: {row['name']} {100 * row['score_before']:.0f} %: lost, {WORDS[row['error']]}; "
                                f"carried by {channels_of(row)}"), (line, row)

        def text():
            check_text(run(*asked, "--quiet").stdout.splitlines(), len(told["drift"]) + len(told["lost"]))

        def limited():
            for n in (3, 11):
                check_text(run(*asked, "--limit", n, "--quiet").stdout.splitlines(), n)
                fewer = ask(*asked, "--limit", n)
                assert fewer["drift"] == told["drift"][:n] and fewer["lost"] == told["lost"][:n]
                assert fewer["boxes"] == told["boxes"] and fewer["objects_lost"] == told["objects_lost"]

        def refusals():
            for words, naming in ((asked[:-2], "expected --plan FILE"), (asked + ["--limit=-1"], "--limit -1")):
                done = run(*words, expect=2)
                assert done.stdout == "" and naming in done.stderr, done.stderr

        for check in (numbers, text, limited, refusals):
            tap.check(check.__name__, check)
    finally:
        shutil.rmtree(folder)
    tap.end()


main()
