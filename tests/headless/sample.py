"""sample.py: the sample tells its story: a good detector, channels that cost little, channels dear; and is the same wherever it is drawn."""
import filecmp
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import PROGRAM, Tap, ask, make_sample, run


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, 48)
        plan = os.path.join(os.path.dirname(cfg), "plan.json")
        whole = ask("evaluate", cfg, weights, data, "--quiet")["map"]

        def accuracy():
            assert whole > .9, whole

        def cheap():
            planned = ask("evaluate", cfg, weights, data, "--quiet", "--plan", plan)
            assert -.03 < planned["difference"] < 0, planned["difference"]

        def dear():
            output = os.path.join(folder, "random")
            run("prune", cfg, weights, "--criterion", "random", "--ratio", ".4", "--output", output, "--quiet")
            cut = ask("evaluate", os.path.join(output, "pruned.cfg"), os.path.join(output, "pruned.weights"), data, "--quiet")["map"]
            assert cut < whole - .5, (cut, whole)

        def same_bytes():
            other = os.path.join(folder, "other")
            run("sample", other, "--test", 48, "--quiet", "--threads", 1)
            one = os.path.dirname(cfg)
            names = [os.path.relpath(os.path.join(at, name), one) for at, _, files in os.walk(one) for name in files]
            assert len(names) > 48 * 2
            _, differing, missing = filecmp.cmpfiles(one, other, names, shallow=False)
            assert not differing and not missing, (differing, missing)

        def tells_how_far():
            terminal, other_end = os.openpty()
            done = subprocess.Popen([PROGRAM, "sample", os.path.join(folder, "long"), "--test", "200"], stderr=other_end, stdout=subprocess.DEVNULL)
            os.close(other_end)
            told = b""
            try:
                while part := os.read(terminal, 4096):
                    told += part
            except OSError:  # the other end is closed
                pass
            os.close(terminal)
            assert done.wait() == 0
            counts = [int(count) for count in re.findall(rb"(\d+) of 400", told)]
            assert counts and counts == sorted(counts), told
            assert told.endswith(b"\r\x1b[K"), told[-80:]

        for test in (accuracy, cheap, dear, same_bytes, tells_how_far):
            tap.check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
