"""training.py: a training from the window: its page, the slider beside it, pausing, stopping, going on; its network among the trials and opened."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Program


def final(node):
    return node.name.endswith(", final")


def step(text):
    print(f"# {text}", flush=True)


def status(program, *words, seconds=90):
    """The sentence under the progress bar, once it holds every word."""
    end = time.time() + seconds
    while time.time() < end:
        for node in program.matches("label", "Epoch "):
            try:
                if all(word in node.name for word in words):
                    return node.name
            except Exception:  # it went away, or the program is busy opening another network
                continue
        time.sleep(.1)
    raise AssertionError(f"{words} never in the status\n{program.tree()}")


def spin(program, name, value):
    node = program.find("spin button", name)
    node.queryValue().currentValue = value


def begin(program, epochs):
    step(f"train for {epochs} epochs")
    program.tab_to("page tab", "Train")
    program.key("space")
    program.wait("button", "Training data: ", lambda node: "image" in node.name)
    spin(program, "Epochs", epochs)
    spin(program, "Learning rate", .0005)
    program.press("button", "Start Training")
    print("# " + status(program, "Epoch 1 of", "loss"), flush=True)
    program.shot("training.png")


def slide(program):
    """What a person cuts meanwhile is answered as ever."""
    step("drag a group while it trains")
    before = program.find(None, "mAP").name
    slider = next(node for node in program.matches("slider", "Prune ratio: "))
    name = slider.name
    program.set(name, .2)
    begun = time.time()
    program.wait(None, "mAP", lambda tile: tile.name != before, 30)
    print(f"# first answer after {time.time() - begun:.2f} s", flush=True)
    program.wait(None, "mAP", final, 120)
    program.set(name, 0)


def pause(program):
    step("pause, and go on")
    program.press("button", "Pause")
    status(program, "paused")
    program.press("button", "Resume")
    program.wait("button", "Pause", lambda node: True)


def trained_rows(program):
    return [row.name for row in program.rows("Trials") if row.name.startswith("Trained")]


def open_trained(program):
    step("open the trained network, while another is trained")
    program.tab_to("page tab", "Trials")
    program.key("space")
    program.tab_to("list", "Trials")
    names = [row.name for row in program.rows("Trials")]
    assert all("its best epoch was chosen on these images" in name for name in names if name.startswith("Trained")), names
    at = next(i for i, name in enumerate(names) if name.startswith("Trained"))
    program.key("Home", *["Down"] * at, "Return")
    program.wait("list", "Trials", lambda node: not trained_rows(program), 60)
    program.wait(None, "mAP", final, 120)
    program.shot("opened.png")


def end_elsewhere(program):
    """The run was begun beside a network that is no longer open: no trial is promised, and the way to what it left is offered."""
    step("the other training ends: " + status(program, "Epoch 3 of 3", "finished", seconds=200))
    said = program.find("label", "The training is finished").name
    assert "its files are in ~/" in said or "its files are in /" in said, said
    program.shot("elsewhere.png")
    program.press("button", "Open Network")
    program.wait(None, "mAP", final, 120)
    assert not trained_rows(program), trained_rows(program)
    assert not list(program.matches("label", "Something Went Wrong")), program.tree()


def main():
    program = Program("--sample")
    try:
        program.wait(None, "mAP", final, 120)
        begin(program, 3)
        slide(program)
        step("wait for its end")
        print("# " + status(program, "finished", seconds=200), flush=True)
        program.tab_to("page tab", "Trials")
        program.key("space")
        program.wait("list", "Trials", lambda node: trained_rows(program), 60)
        step("the trained network joins the trials: " + trained_rows(program)[0])
        begin(program, 400)
        pause(program)
        step("stop")
        program.press("button", "Stop")
        print("# " + status(program, "stopped"), flush=True)
        program.wait("button", "Start Training", lambda node: True)
        program.shot("stopped.png")
        begin(program, 3)
        open_trained(program)
        end_elsewhere(program)
    finally:
        program.end()
    print("1..1\nok 1 - a training by names and keyboard")


if __name__ == "__main__":
    main()
