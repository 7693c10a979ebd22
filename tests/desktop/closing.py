"""closing.py: the window closes in the middle of an act and of a pass, and what was done last is offered when the network is opened again."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Program

SLIDER = "Prune ratio: 32×32 backbone"


def final(node):
    return node.name.endswith(", final")


def close_in_an_act():
    program = Program("--sample")
    try:
        program.wait(None, "mAP", final, 120)
        program.set(SLIDER, .4)  # the act is open for 800 ms more, the pass for longer
        program.take_keyboard()
        program.key("ctrl+w")
        program.process.wait(15)
        assert program.process.returncode == 0, f"ended with {program.process.returncode}\n{program.output()}"
    finally:
        program.end()


def restore():
    program = Program("--sample")
    try:
        program.wait(None, "mAP", final, 120)
        program.press("button", "Restore Plan")
        end = time.time() + 10
        while abs(program.value(SLIDER) - .4) > .05:
            assert time.time() < end, program.value(SLIDER)
            time.sleep(.1)
    finally:
        program.end()


def go_on_without():
    program = Program("--sample")
    try:
        program.wait(None, "mAP", final, 120)
        program.find("button", "Restore Plan")
        program.set(SLIDER, .1)
        end = time.time() + 30
        while list(program.matches("button", "Restore Plan")):
            assert time.time() < end, "the plan is offered still"
            time.sleep(.1)
    finally:
        program.end()


CHECKS = (
    (close_in_an_act, "closed in the middle of an act"),
    (restore, "the plan is offered again"),
    (go_on_without, "the offer ends with the first act"),
)


def main():
    for number, (check, words) in enumerate(CHECKS, 1):
        check()
        print(f"ok {number} - {words}", flush=True)
    print(f"1..{len(CHECKS)}")


if __name__ == "__main__":
    main()
