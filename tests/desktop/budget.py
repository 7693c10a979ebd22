"""budget.py: a plan within a budget from the window: searched beside the slider, shown as it goes, made the plan, and undone; stopped; what cannot be had."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Program


def step(text):
    print(f"# {text}", flush=True)


def spin(program, name, value):
    program.find("spin button", name).queryValue().currentValue = value


def rows(program):
    return [row.name for row in program.rows("What was found")]


def search(program):
    step("search with few images and plans")
    spin(program, "Images", 16)
    spin(program, "Plans", 12)
    program.press("button", "Search")
    program.find("label", "Found after", 240)
    program.shot("budget-found.png")
    said = rows(program)
    assert len(said) == 3 and "BFLOPs" in said[0] and "8 images that judge" in said[1] and "95 %" in said[1], said
    assert "plans tried" in program.find("image", "mAP % of the half that chooses").description
    print("# " + said[1].replace("\n", "; "), flush=True)


def apply(program):
    step("make it the plan, and take it back")
    tile = program.find(None, "BFLOPs").name
    program.press("button", "Make It the Plan")
    program.wait(None, "BFLOPs", lambda node: node.name != tile, 20)
    cut = program.find(None, "BFLOPs").name
    assert float(cut.split()[1].rstrip(",")) <= .22, cut
    assert "At most" in program.find("button", "Undo").description
    program.press("button", "Undo")
    program.wait(None, "BFLOPs", lambda node: node.name == tile, 20)


def refuse(program):
    step("what cannot be had is said with the least that can")
    spin(program, "Largest cost", .0001)
    program.press("button", "Search")
    program.find("label", "at most 0.0001 BFLOPs cannot be had", 120)
    program.shot("budget-refused.png")
    program.press("button", "OK")
    program.find("label", "Nothing was found")


def stop(program):
    step("stop, and drag meanwhile")
    spin(program, "Largest cost", .2)
    spin(program, "Images", 128)
    spin(program, "Plans", 400)
    program.press("button", "Search")
    slider = next(node.name for node in program.matches("slider", "Prune ratio: "))
    tile = program.find(None, "Size").name
    begun = time.time()
    program.set(slider, .3)
    program.wait(None, "Size", lambda node: node.name != tile, 20)
    print(f"# the slider answered after {time.time() - begun:.2f} s", flush=True)
    program.press("button", "Stop")
    program.find("label", "Stopped", 40)
    program.find("button", "Search")


def main():
    program = Program("--sample")
    try:
        program.find("slider", "Prune ratio: ", 150)
        program.take_keyboard()
        program.key("ctrl+b")
        program.find("button", "Search")
        search(program)
        apply(program)
        refuse(program)
        stop(program)
    finally:
        program.end()
    print("1..1\nok 1 - a budget by names and keyboard")


if __name__ == "__main__":
    main()
