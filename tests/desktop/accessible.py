"""accessible.py: every object that can take the focus has a name of its own, in the empty window and on the sample."""
import os
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
            shortcuts(program)
        finally:
            program.end(but="reported min width -3")  # GTK's own buttons for the pages of shortcuts
        number += 1
        print(f"{'not ok' if nameless else 'ok'} {number} - names with {arguments or 'nothing open'}", flush=True)
        assert not nameless, "\n".join(nameless)
    print(f"1..{number}")


if __name__ == "__main__":
    main()
