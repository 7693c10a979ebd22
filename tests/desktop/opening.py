"""opening.py: what cannot be opened is said in the command line's own sentence and the window goes on; photographs without labels are of use."""
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Program

CLI = os.path.join(os.environ["ESP_BUILD_ROOT"], "app", "espalier-cli")
HOME = os.environ["HOME"]
SAMPLE = os.path.join(HOME, "sample")


def make_sample():
    subprocess.run([CLI, "sample", SAMPLE, "--test", "24"], check=True, stdout=subprocess.DEVNULL)
    return [os.path.join(SAMPLE, "sample." + ending) for ending in ("cfg", "weights", "data")]


def write(name, data):
    path = os.path.join(HOME, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def sentence(*arguments):
    """What the command line says of the same files, without its own name."""
    done = subprocess.run([CLI, *arguments], capture_output=True, text=True)
    assert done.returncode == 1, (arguments, done.returncode, done.stderr)
    return done.stderr.split(": ", 1)[1].strip()


def says(program, text, seconds=30):
    """A label that holds the sentence, shown to be read and copied."""
    end = time.time() + seconds
    while time.time() < end:
        if any(text in node.name for node in program.nodes() if node.getRoleName() == "label"):
            return
        time.sleep(.1)
    raise AssertionError(f"{text!r} is nowhere in\n{program.tree()}\n{program.process.poll()} {program.output()}")


def refused(name, files, text):
    program = Program(*files)
    try:
        says(program, text)
        program.press("button", "OK")
        time.sleep(.3)
        program.find("button", "Open Sample")
        program.press("button", "Open Sample")  # and the window goes on
        program.wait(None, "mAP", lambda node: node.name.endswith(", final"), 120)
    finally:
        program.end()
    print(f"# {name}: {text}", flush=True)


def unlabelled(cfg, weights):
    photographs = os.path.join(HOME, "photographs")
    os.mkdir(photographs)
    for name in sorted(os.listdir(os.path.join(SAMPLE, "images")))[:20]:
        shutil.copy(os.path.join(SAMPLE, "images", name), photographs)
    program = Program(cfg, weights, photographs)
    try:
        program.wait("list", "Images", lambda node: "20" in node.description)
        program.wait("slider", "Prune ratio: 32×32 head", lambda node: True)
        time.sleep(2)
        program.set("Prune ratio: 32×32 backbone", .6)
        program.wait(None, "mAP", lambda node: "agreement" in node.name, 60)
        print("# " + program.find(None, "mAP").name)
    finally:
        program.end()


def main():
    cfg, weights, data = make_sample()
    with open(cfg, "rb") as file:
        text = file.read()
    with open(weights, "rb") as file:
        numbers = file.read()
    bad_cfg = write("bad.cfg", text.replace(b"filters=24", b"filters=many", 1))
    short = write("short.weights", numbers[:1000])
    picture = os.path.join(SAMPLE, "images", "test-00000.png")
    refused("a cfg with a word for a number", [bad_cfg, weights, data], sentence("info", bad_cfg))
    refused("weights cut short", [cfg, short, data], sentence("detect", cfg, short, picture))
    label = os.path.join(SAMPLE, "labels", "test-00000.txt")
    with open(label, "rb") as file:
        good = file.read()
    with open(label, "ab") as file:
        file.write(b"0 nan .5 .1 .1\n")
    refused("a label that is no number", [cfg, weights, data], sentence("evaluate", cfg, weights, data))
    with open(label, "wb") as file:
        file.write(good)
    refused("a network of another kind", [write("model.onnx", b"\x08\x07")], "ONNX")
    unlabelled(cfg, weights)
    print("1..1\nok 1 - what is said when opening")


if __name__ == "__main__":
    main()
