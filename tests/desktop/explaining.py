"""explaining.py: a box, its y coordinate, a missed object and a method of the pixels explained, by names and the keyboard."""
import os
import sys
import time

import pyatspi

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import POLL, Program


def step(text):
    print(f"# {text}", flush=True)


def said(program, *words, seconds=60):
    """Waits until the sentence under the picture says all of it."""
    return program.wait(None, "Image view", lambda node: all(word in node.description for word in words), seconds).description


def rows_of(program, combo):
    """The rows of an open drop-down, each with what it says, in order."""
    rows = [node for node in program.nodes(combo) if node.getRoleName() == "list item"]
    return [(row, next((node.name for node in program.nodes(row) if node.getRoleName() == "label" and node.name != "(None)"), "")) for row in rows]


def wait_row(program, combo, fits):
    """Waits until the keyboard is on a row of that kind: an open list has no keyboard at first, and a key takes its time."""
    end = time.time() + 20
    while True:
        rows = rows_of(program, combo)
        row = next((k for k, (node, _) in enumerate(rows) if node.getState().contains(pyatspi.STATE_FOCUSED)), None)
        if row is not None and fits(row):
            return row, rows[row][1]
        assert time.time() < end, f"{combo.name!r}: on {row} of {[said for _, said in rows]}"
        time.sleep(POLL)


def pick(program, drop, item):
    """Chooses an item of a drop-down by the keyboard: opens it, walks down from its top, takes it."""
    program.tab_to("button", drop)
    program.key("space")
    combo = next(node for node in program.matches(None, drop) if node.getRoleName() == "combo box")
    wait_row(program, combo, lambda row: True)
    program.key("Home")
    row, said = wait_row(program, combo, lambda row: row == 0)
    while said != item:
        program.key("Down")
        row, said = wait_row(program, combo, lambda now, above=row: now == above + 1)
    program.key("Return")


def explain_class(program):
    step("the class, with its two masks as what they are")
    said(program, "why class", "everywhere", "spatial mask", "channel mask", "above 0.02")


def explain_box(program):
    step("a box")
    end = time.time() + 20
    while not (rows := program.rows("Detections")):
        assert time.time() < end, "no detections are listed"
        time.sleep(.1)
    name = rows[0].name
    program.tab_to("list", "Detections")
    program.key("Home", "Return")
    said(program, "why " + name.split(" ")[0], "here", "energy in the box")
    program.find("button", "Score")
    step("how faithful the heatmap is, beside pixels in random order")
    badge = program.find("label", "deletion ", 60)
    assert "(random " in badge.name and "Insertion" in badge.description, (badge.name, badge.description)
    program.shot("box.png")
    return name


def explain_y(program, name):
    step("its y coordinate, by the card")
    y = name.split(" y ")[1].split(" ")[0]
    program.tab_to("button", f"y {y}")
    program.key("space")
    said(program, "why y of " + name.split(" ")[0], "energy in the box")
    assert not list(program.matches("label", "deletion ")), "a coordinate has no badge"
    program.shot("y.png")
    step("its objectness, by the bar")
    pick(program, "Target", "Its objectness")
    said(program, "why objectness of")


def explain_pixels(program):
    step("by a method of the pixels alone: there are no layers to choose")
    pick(program, "Target", "This box")
    said(program, "here")
    pick(program, "Method", "All Methods")
    pick(program, "Method", "Occlusion")
    sentence = said(program, "by occlusion")
    assert " at layer" not in sentence, sentence
    program.shot("pixels.png")
    step("and back: a method of layers alone")
    pick(program, "Method", "Gradient × activation")
    said(program, "by gradient × activation at layer")


def explain_missed(program):
    step("Escape: back to the class")
    program.tab_to(None, "Image view")
    program.key("Escape")
    said(program, "everywhere")
    step("a box drawn by keys where nothing was found")
    program.tab_to("button", "Mark Missed")
    program.key("space")
    node = said(program, "Missed here: x ")
    program.key("Left", "Up", "shift+Left", "shift+Up")
    program.wait(None, "Image view", lambda view: "Missed here: x " in view.description and view.description != node)
    program.key("Return")
    sentence = said(program, "why missed ")
    program.find(None, "Missed: x ")
    program.find(None, "Class of the missed object")
    program.shot("missed.png")
    step("of another class")
    pick(program, "Class of the missed object", "unripe" if "missed unripe" not in sentence else "ripening")
    program.wait(None, "Image view", lambda view: "missed " in view.description and view.description != sentence)
    program.tab_to(None, "Image view")
    program.key("Escape")
    said(program, "everywhere")


def main():
    program = Program("--sample")
    try:
        program.wait(None, "mAP", lambda node: node.name.endswith(", final"), 120)
        explain_class(program)
        name = explain_box(program)
        explain_y(program, name)
        explain_pixels(program)
        explain_missed(program)
    finally:
        program.end()
    print("1..1\nok 1 - boxes, coordinates, missed objects and methods explained")


if __name__ == "__main__":
    main()
