"""plans.py: groups, channels and branches by names and the keyboard: what is at the line, what goes together, branches made, compared and deleted, and
a plan that the window saved, cut headless."""
import hashlib
import json
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pyatspi
from driver import Program

GROUP = "Prune ratio: 32×32 backbone"  # its layers go together by shortcuts


def final(node):
    return node.name.endswith(", final")


def step(text):
    print(f"# {text}", flush=True)


def soon(condition, what, seconds=30):
    end = time.time() + seconds
    while time.time() < end:
        found = condition()
        if found:
            return found
        time.sleep(.1)
    raise AssertionError(what() if callable(what) else what)


def cli(*arguments):
    program = os.path.join(os.environ["ESP_BUILD_ROOT"], "app", "espalier-cli")
    done = subprocess.run([program, *arguments, "--json", "--quiet"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def sha(path):
    return hashlib.sha256(open(path, "rb").read()).hexdigest()


def said(program, *words):
    """A label that holds every word."""
    for node in program.matches("label", ""):
        try:
            if all(word in node.name for word in words):
                return node.name
        except Exception:  # it went away
            continue
    return None


def at_the_line(program):
    step("the keyboard at a slider: what is at its line is said")
    slider = program.tab_to("slider", GROUP)
    program.key("Page_Up")
    first = soon(lambda: "next to go: layer " in slider.description and "last to go: layer " in slider.description and slider.description,
                 lambda: slider.description)
    step(first)
    program.find("label", "Next to go", 60)  # a popover that is closed is not in the tree
    time.sleep(2)
    program.shot("line.png")
    program.key("Page_Up")
    soon(lambda: slider.description != first and "next to go: " in slider.description, lambda: slider.description)
    program.key("Tab")
    soon(lambda: "to go" not in slider.description, lambda: slider.description)


def goes_together(program):
    step("the keyboard at a channel: what goes with it is said, and its group lit")
    soon(lambda: len(program.rows("Channels")) > 2, "no channels")
    program.tab_to("list", "Channels")
    program.key("Home")
    words = soon(lambda: said(program, "Channel ", ": goes with channel "), lambda: program.tree())
    row = next(row for row in program.rows("Channels") if row.getState().contains(pyatspi.STATE_FOCUSED))
    assert words.endswith(row.description) and "shortcut" in row.description, (words, row.description)
    step(words)
    program.shot("together.png")


def states(program):
    return [row.name.rsplit(", ", 1)[1] for row in program.rows("Channels")][:3]


def undo_words(program):
    return program.find("button", "Undo").description


def cut_selection(program):
    step("three channels selected, cut, restored and protected at once")
    program.tab_to("list", "Channels")
    program.key("Home", "shift+Right", "shift+Right", "space")
    soon(lambda: undo_words(program).startswith("Cut 3 channels of layer "), lambda: undo_words(program))
    soon(lambda: sum(row.name.endswith(", cut") for row in program.rows("Channels")) >= 3, lambda: states(program))
    program.key("space")
    soon(lambda: undo_words(program).startswith("Restore 3 channels of layer "), lambda: undo_words(program))
    program.key("p")
    soon(lambda: undo_words(program).startswith("Protect 3 channels of layer "), lambda: undo_words(program))
    soon(lambda: sum(row.name.endswith(", protected") for row in program.rows("Channels")) >= 3, lambda: states(program))
    step("the same by the menu")
    program.key("Menu")
    program.find("menu item", "Leave to Its Rank", 60)
    program.shot("menu.png")
    program.key("Return")  # Cut is the first
    words = soon(lambda: not undo_words(program).startswith("Protect") and undo_words(program), lambda: undo_words(program))
    assert " 3 channels of layer " in words, words
    step(words)
    program.key("ctrl+z")
    soon(lambda: undo_words(program).startswith("Protect 3 channels of layer "), lambda: undo_words(program))


def menu(program, item):
    """An item of the menu of branches, by the keyboard."""
    program.tab_to("button", "Branch: ")
    program.key("space")
    node = program.find("menu item", item, 60)
    for _ in range(12):
        if node.getState().contains(pyatspi.STATE_FOCUSED):
            break
        program.key("Down")
    program.key("Return")


def dialog(program, name):
    """Types a name into the dialog that asks for one."""
    soon(lambda: any("Name of the branch" in focus for focus in program.focused()), lambda: str(program.focused()))
    program.key("ctrl+a")
    program.type(name)
    program.key("Return")


def in_hand(program, name):
    return soon(lambda: program.find("button", "Branch: ").name == f"Branch: {name}", lambda: program.find("button", "Branch: ").name)


def branches(program):
    step("a branch, and another share on it")
    program.take_keyboard()
    before = program.value(GROUP)
    assert 0 < before < .5, before
    menu(program, "New Branch…")
    dialog(program, "light")
    program.take_keyboard()
    in_hand(program, "light")
    program.set(GROUP, .6)
    soon(lambda: abs(program.value(GROUP) - .6) < .01, "not .6")
    time.sleep(1)  # the act ends
    step("a name that is taken is refused in words")
    menu(program, "Rename Branch…")
    dialog(program, "main")
    soon(lambda: said(program, "there is a branch “main” already"), lambda: program.tree())
    program.key("Return")
    time.sleep(.5)
    step("another one is not")
    program.take_keyboard()
    menu(program, "Rename Branch…")
    dialog(program, "lighter")
    program.take_keyboard()
    in_hand(program, "lighter")
    step("switched back and forth")
    menu(program, "main")
    in_hand(program, "main")
    soon(lambda: abs(program.value(GROUP) - before) < 1e-9, lambda: str(program.value(GROUP)))
    menu(program, "lighter")
    in_hand(program, "lighter")
    soon(lambda: abs(program.value(GROUP) - .6) < .01, lambda: str(program.value(GROUP)))


def number(program, words):
    """The label that describes itself so."""
    for node in program.matches("label", ""):
        try:
            if node.description == words:
                return node.name
        except Exception:
            continue
    return None


def compare(program):
    step("compared side by side")
    menu(program, "Compare Branches…")
    soon(lambda: said(program, "layers differ"), lambda: program.tree())
    light, whole = (soon(lambda: number(program, f"BFLOPs of “{name}”"), lambda: program.tree()) for name in ("lighter", "main"))
    assert float(light.split(" ")[0]) < float(whole.split(" ")[0]), (light, whole)
    assert len(program.rows("Layers in which")) > 1
    program.shot("compare.png")
    program.take_keyboard()
    program.press("button", "Measure mAP")
    verdict = soon(lambda: said(program, "Second minus first: mAP "), lambda: program.tree(), 120)
    step(verdict)
    program.shot("compared.png")
    found = number(program, "mAP of “lighter”")
    step("lighter has mAP " + found)
    assert float(found.split(" ")[0]) > 0, found
    program.key("Escape")
    program.take_keyboard()


def delete(program):
    step("deleted, and brought back by the toast")
    menu(program, "Delete Branch")
    in_hand(program, "main")
    soon(lambda: said(program, "Branch “lighter” deleted"), lambda: program.tree(), 5)
    toast = next(node for node in program.matches("button", "Undo") if not node.description)
    toast.queryAction().doAction(0)
    in_hand(program, "lighter")


def save(program, folder):
    step("save, and cut headless")
    path = os.path.join(folder, "plan.json")
    program.take_keyboard()
    program.key("ctrl+s")
    program.find(None, "Save Plan")
    time.sleep(.5)
    program.key("ctrl+a")
    program.type(path)
    program.key("Return")
    soon(lambda: os.path.exists(path), "nothing was saved")
    return path


def cut_headless(program, path):
    """The window's plan cut by the command, and the channels that its file keeps cut by their numbers, without the plan: one weights file, of the size
    that the window shows."""
    folder = os.path.dirname(path)
    cache = os.path.join(os.environ["XDG_CACHE_HOME"], "espalier")
    cfg, weights = (os.path.join(cache, os.listdir(cache)[0], f"sample.{ending}") for ending in ("cfg", "weights"))
    plan = json.load(open(path))
    assert plan["branch"] == "lighter" and [branch["name"] for branch in plan["branches"]] == ["main"], plan.keys()
    gone = {layer["layer"]: sorted(set(range(layer["channels"])) - set(layer["kept"])) for layer in plan["layers"]}
    by_hand = [f"--cut={layer}:{','.join(map(str, channels))}" for layer, channels in gone.items() if channels]
    assert len(by_hand) > 1, gone
    first = os.path.join(folder, "planned")
    second = os.path.join(folder, "by-hand")
    cli("prune", cfg, weights, "--plan", path, "-o", first, "--no-oracle")
    cli("prune", cfg, weights, "--criterion", "l1", "--floor", "1", *by_hand, "-o", second, "--no-oracle")
    one, other = (sha(os.path.join(at, "pruned.weights")) for at in (first, second))
    assert one == other, (one, other)
    tile = program.find(None, "Size").name
    size = os.path.getsize(os.path.join(first, "pruned.weights"))
    assert f"{size / 1e6:.2f} MB" in tile, (size, tile)
    step(f"weights {one[:16]}, {size} bytes; the window: {tile}")


def main():
    program = Program("--sample")
    try:
        program.wait(None, "mAP", final, 120)
        at_the_line(program)
        goes_together(program)
        cut_selection(program)
        branches(program)
        compare(program)
        path = save(program, os.environ["HOME"])
        cut_headless(program, path)
        delete(program)
    finally:
        program.end()
    print("1..1\nok 1 - groups, channels and branches by names and keyboard")


if __name__ == "__main__":
    main()
