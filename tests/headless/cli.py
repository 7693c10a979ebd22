"""cli.py: runs espalier-cli and reads what it says; what the tests of this folder share."""
import json
import os
import subprocess

PROGRAM = os.path.join(os.environ["ESP_BUILD_ROOT"], "app", "espalier-cli")


def run(*arguments, expect=0):
    """The finished process; its exit status must be the one expected."""
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == expect, f"{arguments}: exit {done.returncode}, expected {expect}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done


def ask(*arguments):
    """The one JSON object on stdout."""
    done = run(*arguments, "--json")
    return json.loads(done.stdout)


def refused(*arguments, naming=()):
    """Exit 1 and one message on stderr that has every word of naming; nothing on stdout."""
    done = run(*arguments, expect=1)
    assert done.stdout == "", done.stdout
    assert done.stderr.startswith("espalier-cli "), done.stderr
    for word in naming:
        assert word in done.stderr, f"{word!r} is not in {done.stderr!r}"
    return done.stderr


def make_sample(folder, images=4):
    """A small sample: its network, weights and data as three paths."""
    sample = os.path.join(folder, "sample")
    run("sample", sample, "--test", images, "--quiet")
    return [os.path.join(sample, "sample." + ending) for ending in ("cfg", "weights", "data")]


class Tap:
    """Counts and prints tests as GLib's programs do."""

    def __init__(self):
        self.count = 0

    def check(self, name, function):
        """A function that returns words was not tried, and they say why."""
        self.count += 1
        why = function()
        print(f"ok {self.count} - {name}" + (f" # SKIP {why}" if isinstance(why, str) else ""), flush=True)

    def end(self):
        print(f"1..{self.count}")
