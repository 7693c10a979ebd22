"""exporting.py: a plan dragged, saved and exported from the window: the same bytes as espalier-cli writes for the saved plan; given up, and refused."""
import hashlib
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Program

HOME = os.environ["HOME"]
CLI = os.path.join(os.environ["ESP_BUILD_ROOT"], "app", "espalier-cli")
FILES = ["pruned.cfg", "pruned.weights", "pruned.onnx", "pruned.names", "pruned.data", "index-map.json"]


def step(text):
    print(f"# {text}", flush=True)


def hashes(folder):
    return [hashlib.sha256(open(os.path.join(folder, name), "rb").read()).hexdigest() for name in FILES]


def name_in_dialog(program, path):
    program.find("text", "Name:").queryEditableText().setTextContents(path)
    time.sleep(.3)


def drag(program):
    step("cut a little of every group")
    names = [node.name for node in program.matches("slider", "Prune ratio: ")]
    for name in names:
        program.set(name, .3)


def save_plan(program, path):
    step("save the plan")
    program.take_keyboard()
    program.key("ctrl+s")
    name_in_dialog(program, path)
    program.press("button", "_Save")
    end = time.time() + 60
    while not os.path.exists(path):
        assert time.time() < end, f"no {path}\n{program.tree()}"
        time.sleep(.1)


def export(program, folder):
    step("export, with an ONNX file")
    program.take_keyboard()
    program.key("ctrl+e")
    name_in_dialog(program, folder)
    x, y, _, height = program.place(program.find("check box", "ONNX"))  # a check box has no action, and the dialog no keyboard without a manager
    subprocess.run(["xdotool", "mousemove", str(x + 12), str(y + height // 2), "click", "1"], check=True)
    time.sleep(.5)
    program.shot("export-asks.png")
    program.press("button", "_Export")
    begun = time.time()
    program.find("button", "Details", 120)
    print(f"# written after {time.time() - begun:.1f} s", flush=True)
    program.shot("export-toast.png")
    program.press("button", "Details")
    said = program.find("label", "The network, its weights")
    assert "of their maximum" in said.name or "No other program" in said.name, said.name
    program.shot("export-report.png")
    program.take_keyboard()
    program.key("Escape")


def same(plan, folder, sample):
    step("espalier-cli writes the same for the saved plan")
    theirs = os.path.join(HOME, "theirs")
    subprocess.run([CLI, "prune", *sample, "--plan", plan, "--names", sample[0].replace(".cfg", ".names"), "--onnx", "-o", theirs], check=True,
                   stdout=subprocess.DEVNULL)
    assert hashes(folder) == hashes(theirs), (hashes(folder), hashes(theirs))


def refuse(program, path):
    step("where nothing can be written: a sentence")
    before = sorted(os.listdir(HOME))
    program.take_keyboard()
    program.key("ctrl+e")
    name_in_dialog(program, path)
    program.press("button", "_Export")
    program.find("label", "The Network Could Not Be Exported")
    program.shot("export-refused.png")
    program.press("button", "OK")
    assert sorted(os.listdir(HOME)) == before


def sample_files():
    for folder, _, names in os.walk(HOME):
        for name in names:
            if name.endswith(".weights") and "pruned" not in name:
                path = os.path.join(folder, name)
                return [path.replace(".weights", ".cfg"), path]
    raise AssertionError("no sample was made")


def main():
    plan, folder = os.path.join(HOME, "plan.json"), os.path.join(HOME, "ours")
    program = Program("--sample")
    try:
        program.find("slider", "Prune ratio: ", 150)
        drag(program)
        save_plan(program, plan)
        export(program, folder)
        same(plan, folder, sample_files())
        refuse(program, "/proc/espalier-export")
    finally:
        program.end()
    print("1..1\nok 1 - an export by names and keyboard")


if __name__ == "__main__":
    main()
