"""session.py: a whole session by names and the keyboard alone: open, choose an image, a detection, explain, cut, drag, undo, save."""
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Program


DEAR = "Prune ratio: 32×32 backbone"  # a group of the sample that cannot lose so much for nothing


def final(node):
    return node.name.endswith(", final")


def step(text):
    print(f"# {text}", flush=True)


def cli(*arguments):
    program = os.path.join(os.environ["ESP_BUILD_ROOT"], "app", "espalier-cli")
    done = subprocess.run([program, *arguments, "--json", "--quiet"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def choose_image(program):
    step("choose the third image by keyboard")
    rows = program.rows("Images")
    assert len(rows) >= 3, rows
    program.tab_to("list", "Images")
    program.key("Home", "Down", "Down")
    program.key("Return")
    program.wait("list", "Detections", lambda node: node.description != "")


def explain_detection(program):
    step("choose a detection and explain it")
    end = time.time() + 20
    while not (rows := program.rows("Detections")):
        assert time.time() < end, "no detections are listed"
        time.sleep(.1)
    name = rows[0].name
    program.tab_to("list", "Detections")
    program.key("Home", "Return")
    colour = name.split(" ")[0]
    program.wait(None, "Image view", lambda node: colour in node.description and "why" in node.description)
    program.shot("explained.png")


def cut_two_channels(program):
    step("cut two channels in the strip")
    end = time.time() + 20
    while len(rows := program.rows("Channels")) < 2:
        assert time.time() < end, "no channels are listed"
        time.sleep(.1)
    program.tab_to("list", "Channels")
    program.key("Home")
    program.key("space")
    program.key("Right")
    program.key("space")
    end = time.time() + 10
    while sum(row.name.endswith("cut") for row in program.rows("Channels")) < 2:
        assert time.time() < end, [row.name for row in program.rows("Channels")][:6]
        time.sleep(.1)
    program.shot("cut.png")


def drag_group(program):
    step("drag a group and wait for the number")
    before = program.find(None, "mAP").name
    size = program.find(None, "Size").name
    program.set(DEAR, .6)
    assert abs(program.value(DEAR) - .6) < .05
    assert program.find(None, "Size").name != size, size
    node = program.wait(None, "mAP", lambda tile: final(tile) and tile.name != before, 120)
    program.shot("dragged.png")
    return node


def undo(program, map_before):
    step("undo everything")
    for _ in range(3):
        program.press("button", "Undo")
        time.sleep(.3)
    node = program.wait(None, "mAP", final, 60)
    assert node.description == map_before, (node.description, map_before)
    assert program.value(DEAR) == 0


def bring_back(program, map_of_trial):
    step("bring a trial back from the list")
    names = [row.name for row in program.rows("Trials")]
    at = next(i for i, name in enumerate(names) if " to 60 %" in name)  # what undo passed through may have been evaluated since
    program.tab_to("page tab", "Trials")
    program.key("space")
    program.tab_to("list", "Trials")
    program.key("Home", *["Down"] * at, "Return")
    node = program.wait(None, "mAP", lambda tile: tile.description == map_of_trial and final(tile))
    program.shot("brought-back.png")
    program.press("button", "Undo")
    return node


def save(program, folder):
    step("save the plan")
    path = os.path.join(folder, "session-plan.json")
    program.key("ctrl+s")
    program.find(None, "Save Plan")
    time.sleep(.5)
    program.key("ctrl+a")
    program.type(path)
    program.key("Return")
    end = time.time() + 20
    while not os.path.exists(path):
        assert time.time() < end, program.tree()
        time.sleep(.1)
    return path


def main():
    program = Program("--sample")
    sample = os.path.join(os.environ["XDG_CACHE_HOME"], "espalier")
    try:
        step("open the sample")
        whole = program.wait(None, "mAP", final, 120).description
        program.shot("open.png")
        choose_image(program)
        explain_detection(program)
        cut_two_channels(program)
        dragged = drag_group(program)
        shown = dragged.description
        path = save(program, os.environ["HOME"])
        folder = os.path.join(sample, os.listdir(sample)[0])
        files = [os.path.join(folder, "sample." + ending) for ending in ("cfg", "weights", "data")]
        step("the same number headless")
        measured = cli("evaluate", *files, "--plan", path)
        assert float(shown) == measured["map"], (shown, measured["map"])
        undo(program, whole)
        bring_back(program, shown)
        program.wait(None, "mAP", lambda tile: tile.description == whole and final(tile))
        step("the same baseline headless")
        assert float(whole) == cli("evaluate", *files)["map"]
    finally:
        program.end()
    print("1..1\nok 1 - a session by names and keyboard")


if __name__ == "__main__":
    main()
