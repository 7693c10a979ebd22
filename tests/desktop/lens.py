"""lens.py: Enter on a channel opens the lens; its parts come one after the other; another channel takes its place; Escape leaves."""
import os
import sys
import time

import pyatspi

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Program


def final(node):
    return node.name.endswith(", final")


def step(text):
    print(f"# {text}", flush=True)


def label(program, *words, seconds=120):
    """A label that holds every word."""
    end = time.time() + seconds
    while time.time() < end:
        for node in program.matches("label", ""):
            try:
                if all(word in node.name for word in words):
                    return node.name
            except Exception:
                continue
        time.sleep(.2)
    raise AssertionError(f"{words} in no label\n{program.tree()}")


def comes_into_view(program):
    """Tab goes to what a person sees: the first in the order shown, later where the keyboard was; nothing is focused out of sight."""
    step("Tab into the strip")
    program.tab_to("list", "Channels")
    shown = program.rows("Channels")[0].name
    assert shown in program.focused()[0], (shown, program.focused())
    program.key("End")
    last = program.focused()[0]
    program.key("Tab", "shift+Tab")
    assert program.focused()[0] == last, (last, program.focused())
    top = program.place(program.find("combo box", "Sort channels by"))[1]
    node = next(node for node in program.nodes(program.find("list", "Channels")) if node.getState().contains(pyatspi.STATE_FOCUSED))
    assert top < program.place(node)[1] < 720, (top, program.place(node))


def main():
    program = Program("--sample")
    try:
        program.wait(None, "mAP", final, 120)
        time.sleep(2)  # the order follows the scores, and stands
        comes_into_view(program)
        step("Enter on a channel")
        program.key("Home")
        first = program.focused()[0]
        program.key("Return")
        title = label(program, "Layer ", ", channel ")
        assert "button 'Back to the Picture'" in program.focused()[0], program.focused()
        step(title)
        step("its parts come")
        program.wait("list", "Patches", lambda node: len(program.rows("Patches")) == 9)
        assert all("activation" in row.name for row in program.rows("Patches"))
        program.shot("lens-early.png")
        program.wait("list", "Classes of the channel", lambda node: program.rows("Classes of the channel"))
        assert "of the class" in program.rows("Classes of the channel")[0].name
        step(label(program, "of 200 resamples"))
        step(label(program, "mAP ", "95 %", "beside the plan"))
        assert "AP " in program.rows("Cost of cutting the channel")[0].name
        program.shot("lens.png")
        step("another channel of the same layer")
        program.tab_to("list", "Channels")
        program.key("Home", "Right", "Return")
        program.wait("list", "Patches", lambda node: len(program.rows("Patches")) == 9)
        assert label(program, "Layer ", ", channel ") != title
        step("Escape goes back to the strip")
        program.key("Escape")
        program.wait("list", "Channels", program.has_focus)
        assert first
    finally:
        program.end()
    print("1..1\nok 1 - a channel looked at by the keyboard")


if __name__ == "__main__":
    main()
