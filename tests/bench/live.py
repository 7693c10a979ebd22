"""live.py CFG WEIGHTS DATA [DRAGS [bfloat16]]: random drags in the window: how soon the first number comes, and whether frames are kept.

Run by hand: tests/desktop/run.sh tests/bench/live.py CFG WEIGHTS DATA, with ESP_BUILD_ROOT set. Prints; asserts nothing about time."""
import os
import random
import sys
import time

os.environ["ESP_DEBUG"] = "live"
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "desktop"))
from driver import Program


def choose_bfloat16(program):
    """The menu's item is there once the menu was open."""
    next(node for node in program.matches(None, "Main menu") if "Action" in node.get_interfaces() and node.queryAction().nActions).queryAction().doAction(0)
    program.press("menu item", "Quick Look in bfloat16")


def main(files, drags, bfloat16):
    rng = random.Random(1)
    program = Program(*map(os.path.abspath, files))
    try:
        program.wait(None, "mAP", lambda node: node.name.endswith(", final"), 180)
        if bfloat16:
            choose_bfloat16(program)
            time.sleep(6)  # its difference is measured meanwhile
        sliders = [node for node in program.matches("slider", "Prune ratio: ")]
        for _ in range(drags):
            value = rng.choice(sliders).queryValue()
            start, end = value.currentValue, rng.random() * .6
            for k in range(1, 9):  # a hand: some motion, then a rest
                value.currentValue = start + (end - start) * k / 8
                time.sleep(.016)
            time.sleep(rng.uniform(.3, 1.2))
    finally:
        program.end()
    print("\n".join(line for line in program.output().splitlines() if line.startswith("live:")))


if __name__ == "__main__":
    main(sys.argv[1:4], int(sys.argv[4]) if len(sys.argv) > 4 else 50, sys.argv[5:] == ["bfloat16"])
