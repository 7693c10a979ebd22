"""sample.py: the sample tells its story: a good detector, channels free to cut, channels dear; and is the same wherever it is drawn."""
import filecmp
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, run


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, 48)
        plan = os.path.join(os.path.dirname(cfg), "plan.json")
        whole = ask("evaluate", cfg, weights, data, "--quiet")["map"]

        def accuracy():
            assert whole > .9, whole

        def free():
            planned = ask("evaluate", cfg, weights, data, "--quiet", "--plan", plan)
            assert planned["difference"] > -.01, planned["difference"]

        def dear():
            output = os.path.join(folder, "random")
            run("prune", cfg, weights, "--criterion", "random", "--ratio", ".4", "--output", output, "--quiet")
            cut = ask("evaluate", os.path.join(output, "pruned.cfg"), os.path.join(output, "pruned.weights"), data, "--quiet")["map"]
            assert cut < whole - .05, (cut, whole)

        def same_bytes():
            other = os.path.join(folder, "other")
            run("sample", other, "--test", 48, "--quiet", "--threads", 1)
            one = os.path.dirname(cfg)
            names = [os.path.relpath(os.path.join(at, name), one) for at, _, files in os.walk(one) for name in files]
            assert len(names) > 48 * 2
            _, differing, missing = filecmp.cmpfiles(one, other, names, shallow=False)
            assert not differing and not missing, (differing, missing)

        for test in (accuracy, free, dear, same_bytes):
            tap.check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
