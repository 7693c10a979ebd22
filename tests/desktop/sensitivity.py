"""sensitivity.py: what groups bear alone, measured from the window: each as it is known, a point made the plan's and undone, chance beside it, a stop."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Program

GROUPS = 7


def step(text):
    print(f"# {text}", flush=True)


def places(program):
    return [row.name for row in program.rows("Places measured")]


def begin(program):
    step("measure what each group bears, on few images")
    program.find("spin button", "Images").queryValue().currentValue = 8
    program.press("button", "Measure")
    program.find("label", "measured on 8 images", 120)
    said = places(program)
    assert len(said) == GROUPS and all("safe" in name for name in said), said
    print("# " + "; ".join(said), flush=True)
    program.shot("sensitivity.png")


def choose(program):
    step("choose a place by key, and one of its points: one act of the plan")
    program.tab_to("list", "Places measured")
    program.key("Down")
    tile = program.find(None, "BFLOPs").name
    program.tab_to("list", "Shares cut")
    program.key("Down", "Down", "Return")
    program.wait(None, "BFLOPs", lambda node: node.name != tile, 20)
    act = program.find("button", "Undo").description
    assert any(act == f"{name.split(',')[0]} to 30 %" for name in places(program)), act
    program.shot("sensitivity-chosen.png")
    program.press("button", "Undo")
    program.wait(None, "BFLOPs", lambda node: node.name == tile, 20)


def chance(program):
    step("where chance lies for it; then a stop")
    program.press("button", "Show Chance")
    program.find("label", "Measuring 20 orders", 20)
    program.find("label", "measured on 8 images", 120)
    program.shot("sensitivity-chance.png")
    program.find("spin button", "Images").queryValue().currentValue = 128
    program.press("button", "Measure")
    time.sleep(1)
    program.press("button", "Stop")
    program.find("button", "Measure", 30)


def main():
    program = Program("--sample")
    try:
        program.find("slider", "Prune ratio: ", 150)
        program.take_keyboard()
        program.key("ctrl+t")
        program.find("button", "Measure")
        begin(program)
        choose(program)
        chance(program)
    finally:
        program.end()
    print("1..1\nok 1 - what groups bear by names and keyboard")


if __name__ == "__main__":
    main()
