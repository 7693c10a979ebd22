"""accessible.py: every object that can take the focus has a name of its own, in the empty window and on the sample, and all fits a small screen."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pyatspi
from driver import POLL, Program

QUIET = {"filler", "panel", "scroll pane", "application", "frame", "window", "split pane", "unknown", "grouping", "generic"}


def faults(program):
    for node in program.nodes():
        state = node.getState()
        if not state.contains(pyatspi.STATE_FOCUSABLE) or node.getRoleName() in QUIET:
            continue
        name = node.name.strip()
        if not name or name.startswith(("Gtk", "Esp", "Adw")):
            yield f"{node.getRoleName()} {name!r} in {[parent.name or parent.getRoleName() for parent in ancestors(node)]}"


def ancestors(node):
    found = []
    while node is not None and node.parent is not None and len(found) < 6:
        node = node.parent
        found.append(node)
    return found


def least_width(program):
    """Pixels that the window asks for at least, its shadow included, by the hints that a window manager reads."""
    windows = subprocess.run(["xdotool", "search", "--onlyvisible", "--pid", str(program.process.pid)], check=True, stdout=subprocess.PIPE,
                             text=True).stdout.split()
    hints = [subprocess.run(["xprop", "-id", window, "WM_NORMAL_HINTS"], check=True, stdout=subprocess.PIPE, text=True).stdout for window in windows]
    return max(int(width) for hint in hints for width in re.findall(r"minimum size: (\d+) by", hint))


def shortcuts(program):
    """The window of shortcuts comes by its key, goes by Escape, and leaves none behind that was never shown."""
    for _ in range(2):
        program.take_keyboard()
        program.key("ctrl+question")
        program.find("label", "Save the picture")
        program.shot("shortcuts.png")
        program.take_keyboard()
        program.key("Escape")
        end = time.time() + 20
        while list(program.matches("label", "Save the picture")):
            assert time.time() < end, "the shortcuts stay"
            time.sleep(POLL)
    for application in pyatspi.Registry.getDesktop(0):
        if application is not None and application.get_process_id() == program.process.pid:
            application.getChildAtIndex(application.childCount)  # a window that has just gone


def main():
    number = 0
    for arguments in ((), ("--sample",)):
        program = Program(*arguments)
        try:
            program.find("button", "Open Sample")
            program.find("button", "Open")
            if arguments:
                program.wait(None, "mAP", lambda node: node.name.endswith(", final"), 120)
            nameless = list(faults(program))
            assert least_width(program) <= 1024, f"the window is at least {least_width(program)} pixels wide"
            shortcuts(program)
        finally:
            program.end(but="reported min width -3")  # GTK's own buttons for the pages of shortcuts
        number += 1
        print(f"{'not ok' if nameless else 'ok'} {number} - names with {arguments or 'nothing open'}", flush=True)
        assert not nameless, "\n".join(nameless)
    print(f"1..{number}")


if __name__ == "__main__":
    main()
