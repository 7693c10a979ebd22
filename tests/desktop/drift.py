"""drift.py: before and after from the window: nothing cut, a sentence; a group cut, the boxes and the lost objects that espalier-cli tells; a row shows
its image and box; the plan changed, said; a stop."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pyatspi
from driver import Program

HOME = os.environ["HOME"]
CLI = os.path.join(os.environ["ESP_BUILD_ROOT"], "app", "espalier-cli")
SAMPLE = os.path.join(HOME, "sample")
WORDS = {"weak": "too weak a score", "cls": "another class", "loc": "badly placed", "both": "another class, badly placed", "miss": "nothing found there"}


def step(text):
    print(f"# {text}", flush=True)


def cli(*arguments):
    done = subprocess.run([CLI, *arguments, "--json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def percent(score):
    return f"{100 * score:.0f} %"


def box_words(row):
    after = f"{percent(row['score_before'])} to {percent(row['score_after'])}" if row["found"] else f"{percent(row['score_before'])}, not found any more"
    return f"{row['name']} {after}, drift {row['spearman_distance']:.3f}, {os.path.basename(row['path'])}"


def lost_words(row):
    layers = {}
    for one in row["channels"]:
        layers.setdefault(one["layer"], []).append(str(one["channel"]))
    channels = "; ".join(f"layer {layer}: {', '.join(numbers)}" for layer, numbers in layers.items())
    return f"{row['name']} {percent(row['score_before'])}, {WORDS[row['error']]}, {os.path.basename(row['path'])}, {channels}"


def names(program, listing):
    return [row.name for row in program.rows(listing) if row.name]


def cut_and_save(program, path):
    step("cut one group, and save the plan")
    name = [node.name for node in program.matches("slider", "Prune ratio: ")][2]
    program.set(name, .4)
    program.take_keyboard()
    program.key("ctrl+s")
    program.find("text", "Name:").queryEditableText().setTextContents(path)
    time.sleep(.3)
    program.press("button", "_Save")
    end = time.time() + 60
    while not os.path.exists(path):
        assert time.time() < end, program.tree()
        time.sleep(.1)


def nothing_cut(program):
    step("nothing cut: a sentence, and nothing to press")
    program.take_keyboard()
    program.key("ctrl+d")
    program.find("label", "The plan cuts nothing")
    assert not program.find("button", "Compare").getState().contains(pyatspi.STATE_SENSITIVE)
    program.shot("drift-nothing.png")
    program.take_keyboard()
    program.key("Escape")
    time.sleep(.5)


def look(program):
    program.take_keyboard()
    program.key("ctrl+d")
    return program.wait("button", "Compare", lambda node: node.getState().contains(pyatspi.STATE_SENSITIVE), 20)


def compare(program, plan):
    step("compare, and hold it against espalier-cli")
    look(program)
    program.press("button", "Compare")
    said = found_words(program)
    layer = said.split("at layer ")[1].split(",")[0]
    told = cli("drift", *(os.path.join(SAMPLE, "sample." + ending) for ending in ("cfg", "weights", "data")), "--plan", plan, "--layer", layer)
    assert said.startswith(f"{told['boxes']} boxes, drift {told['mean_spearman_distance']:.3f} on average. Of {told['objects_found']} objects found "
                           f"{told['objects_lost']} are lost, {told['objects_gained']} gained. By Gradient × activation at layer"), (said, told)
    assert told["objects_lost"] > 3 and told["boxes"] > 30, told
    shown = names(program, "Boxes, worst first")
    assert len(shown) > 5 and shown == [box_words(row) for row in told["drift"]][:len(shown)], shown
    program.shot("drift-boxes.png")
    return told


def found_words(program, seconds=120):
    end = time.time() + seconds
    while time.time() < end:
        for node in program.matches("label", ""):
            if " objects found " in node.name:
                return node.name
        time.sleep(.2)
    raise AssertionError(program.tree())


def selected(program, listing):
    return [row.name for row in program.rows(listing) if row.getState().contains(pyatspi.STATE_SELECTED)]


def shows(program, row):
    """The study's window has the row's image and, of its boxes, the row's."""
    end = time.time() + 30
    while time.time() < end:
        image, box = selected(program, "Images"), selected(program, "Detections")
        if image and box and image[0].startswith(os.path.basename(row["path"])) and box[0].startswith(f"{row['name']} {percent(row['score_before'])}"):
            return
        time.sleep(.2)
    raise AssertionError((row, selected(program, "Images"), selected(program, "Detections")))


def choose(program, told):
    step("a box chosen by key is in view, original beside pruned")
    side = program.find(None, "Beside the Pruned Network")
    if side.getState().contains(pyatspi.STATE_CHECKED) or side.getState().contains(pyatspi.STATE_PRESSED):
        side.queryAction().doAction(0)
    program.tab_to("list", "Boxes, worst first")
    program.key("Down", "Down")
    at = selected(program, "Boxes, worst first")
    row = next(row for row in told["drift"] if [box_words(row)] == at)
    shows(program, row)
    assert side.getState().contains(pyatspi.STATE_CHECKED) or side.getState().contains(pyatspi.STATE_PRESSED), side.getState().getStates()
    step("what is lost, with the channels responsible; a row of it is in view, too")
    program.tab_to("page tab", "Lost, ")
    program.key("space")
    time.sleep(.5)
    shown = names(program, "Objects lost")
    assert shown == [lost_words(row) for row in told["lost"]][:len(shown)] and len(shown) > 3, shown
    program.tab_to("list", "Objects lost")
    program.key("End")
    at = selected(program, "Objects lost")
    shows(program, next(row for row in told["lost"] if [lost_words(row)] == at))
    time.sleep(1)
    program.shot("drift-lost.png")


def earlier(program):
    step("the plan changed: what is shown is of an earlier one; a stop")
    program.set([node.name for node in program.matches("slider", "Prune ratio: ")][2], .5)
    program.find("label", "These are of an earlier plan")
    program.shot("drift-earlier.png")
    program.press("button", "Compare")
    program.press("button", "Stop")
    program.find("button", "Compare", 30)


def main():
    plan = os.path.join(HOME, "plan.json")
    subprocess.run([CLI, "sample", SAMPLE, "--test", "24"], check=True, stdout=subprocess.DEVNULL)
    program = Program(os.path.join(SAMPLE, "sample.cfg"))
    try:
        program.find("slider", "Prune ratio: ", 60)
        nothing_cut(program)
        cut_and_save(program, plan)
        told = compare(program, plan)
        choose(program, told)
        earlier(program)
    finally:
        program.end()
    print("1..1\nok 1 - before and after by names and keyboard")


if __name__ == "__main__":
    main()
