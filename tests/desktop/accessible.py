"""accessible.py: every object that can take the focus has a name of its own, in the empty window and on the sample."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pyatspi
from driver import Program

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
        finally:
            program.end()
        number += 1
        print(f"{'not ok' if nameless else 'ok'} {number} - names with {arguments or 'nothing open'}", flush=True)
        assert not nameless, "\n".join(nameless)
    print(f"1..{number}")


if __name__ == "__main__":
    main()
