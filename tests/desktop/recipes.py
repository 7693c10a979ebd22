"""recipes.py: a recipe run from the window: chosen, told what it lacks, stopped for the hand at its plan, paused, taken up again, its table, a result opened."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from driver import Program

CFG = """[net]
batch=8
subdivisions=1
width=64
height=64
channels=3
learning_rate=0.01
momentum=0.9
decay=0.0005
max_batches=50
policy=constant
[convolutional]
batch_normalize=1
filters=12
size=3
stride=2
pad=1
activation=leaky
[maxpool]
size=2
stride=2
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=16
size=1
stride=1
pad=1
activation=linear
[yolo]
mask=0,1
anchors=8,8, 16,16
classes=3
num=2
"""
RECIPE = """title = A small one
[set]
# the dense network
cfg = ?
weights = ?
train = ?
epochs = 2 | 4
[data]
train = $train
val = $train
test = $train
replicates = 50
[network]
cfg = $cfg
weights = $weights
[evaluate]
[score]
criterion = l1
[plan]
ratio = .5
floor = 2
stop = hand
[cut]
[train]
epochs = $epochs
[controls]
rows = dense-continued l1
[report]
"""


def step(text):
    print(f"# {text}", flush=True)


def cli(*arguments):
    subprocess.run([os.path.join(os.environ["ESP_BUILD_ROOT"], "app", "espalier-cli"), *arguments], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def prepare():
    """A few scenes, a network that has seen them once, and a recipe, in the home of this test."""
    home = os.environ["HOME"]
    scenes, recipes = os.path.join(home, "scenes"), os.path.join(home, "recipes")
    cli("sample", scenes, "--orchard", "--train", "24", "--val", "8", "--test", "8", "--seed", "1")
    os.mkdir(recipes)
    with open(os.path.join(recipes, "small.recipe"), "w") as file:
        file.write(RECIPE)
    cfg = os.path.join(home, "small.cfg")
    with open(cfg, "w") as file:
        file.write(CFG)
    data = os.path.join(scenes, "sample.data")
    cli("train", cfg, data, "--epochs", "1", "--output", os.path.join(home, "base"))
    weights = os.path.join(home, "small.weights")
    os.rename(os.path.join(home, "base", "last.weights"), weights)
    os.environ["ESPALIER_RECIPES"] = recipes
    return cfg, weights, data


def names(program, listing):
    return [row.name for row in program.rows(listing)]


def wait_for(program, listing, start, word, seconds=90):
    end = time.time() + seconds
    while time.time() < end:
        found = [name for name in names(program, listing) if name.startswith(start) and word in name]
        if found:
            return found[0]
        time.sleep(.1)
    raise AssertionError(f"{start!r} never {word!r} in {listing}: {names(program, listing)}\n{program.output()}")


def to_page(program, name):
    program.tab_to("page tab", name)
    program.key("space")


def begin(program):
    step("the recipe is told what the study has")
    to_page(program, "Recipes")
    for name in ("cfg", "weights", "train", "epochs"):
        program.find("text", name)
    assert len(names(program, "Recipe steps")) == 9, names(program, "Recipe steps")
    program.shot("recipe-before.png")
    program.press("button", "Start Recipe")


def by_hand(program):
    step("it waits for the hand")
    wait_for(program, "Recipe steps", "Step 5. plan", "waits for you")
    program.wait(None, "mAP", lambda tile: tile.name.endswith(", final"), 60)
    cut = [row for row in names(program, "Channels") if row.endswith(", cut")]
    assert cut, "what the recipe proposes is not in the window"
    shares = [node.queryValue().currentValue for node in program.matches("slider", "")]
    assert shares and max(shares) > 0, f"what the recipe proposes is not on the sliders: {shares}"
    program.shot("recipe-hand.png")
    step("a channel more goes by hand")
    program.tab_to("list", "Channels")
    row = next(row for row in program.rows("Channels") if row.name.endswith(", kept"))
    name = row.name.split(",")[0]
    program.key("Home")
    program.key(*["Right"] * names(program, "Channels").index(row.name), "space")
    program.wait("list", "Channels", lambda node: any(n.startswith(name + ",") and n.endswith(", cut") for n in names(program, "Channels")))
    program.press("button", "Go On With This Plan")
    return len(cut)


def text_in(program, field):
    """What an entry holds: its own text, or that of the part of it that is typed into."""
    texts = []
    for node in program.nodes(field):
        try:
            text = node.queryText()
            texts.append(text.getText(0, text.characterCount))
        except NotImplementedError:
            continue
    return max(texts, key=len, default="")


def type_into(program, name, value):
    """On a busy machine a key that is held for long is typed twice."""
    for _ in range(5):
        field = program.tab_to("text", name)
        program.key("ctrl+a")
        program.type(value)
        time.sleep(.2)
        if text_in(program, field) == value:
            return
    raise AssertionError(f"{name} is {text_in(program, field)!r}, not {value!r}")


def alone(cfg, weights, data):
    step("with nothing open a recipe is told all, and opens its network for the hand")
    program = Program()
    try:
        program.press("button", "Run a Recipe")
        for name, value in (("cfg", cfg), ("weights", weights), ("train", data)):
            type_into(program, name, value)
        program.shot("recipe-alone.png")
        program.press("button", "Start Recipe")
        program.wait(None, "mAP", lambda tile: tile.name.endswith(", final"), 90)
        assert any(row.endswith(", cut") for row in names(program, "Channels")), names(program, "Channels")
        program.press("button", "Use as Proposed")
        wait_for(program, "Recipe results", "l1, mAP", "dense-continued", 120)
    finally:
        program.end()


def sample():
    step("the sample has a recipe of its own; a class that it lacks is refused by the field's name, before anything runs")
    program = Program("--sample")
    try:
        program.wait(None, "mAP", lambda tile: tile.name.endswith(", final"), 120)
        to_page(program, "Recipes")
        program.wait("label", "Attribution pruning of the sample", lambda node: True)
        program.shot("recipe-sample.png")
        type_into(program, "target", "apple")
        program.press("button", "Start Recipe")
        said = program.find("label", "target: the network has no class").name
        assert "“apple”" in said and ".recipe" not in said, said
        program.shot("recipe-refused.png")
        program.press("button", "OK")
        program.find("button", "Start Recipe")
        assert not list(program.matches("button", "Go On")), program.tree()
    finally:
        program.end()


def main():
    sample()
    cfg, weights, data = prepare()
    alone(cfg, weights, data)
    program = Program(cfg, weights, data)
    try:
        program.wait(None, "mAP", lambda tile: tile.name.endswith(", final"), 60)
        begin(program)
        by_hand(program)
        step("its table: " + wait_for(program, "Recipe results", "Method, mAP", "dense-continued", 120))
        wait_for(program, "Recipe results", "l1, mAP", "dense-continued")
        wait_for(program, "Recipe steps", "Step 9. report", "done")
        assert [name.split(",")[0] for name in names(program, "Recipe results")] == [
            "Dense network", "Method", "Method", "dense-continued", "l1"], names(program, "Recipe results")
        program.find("label", "After recovery, in one seed, the method")
        program.shot("recipe-table.png")
        step("a result is opened")
        program.tab_to("list", "Recipe results")
        program.key("Home", "Down", "Down", "Return")
        program.wait(None, "mAP", lambda tile: tile.name.endswith(", final") and program.find("list", "Channels").description.startswith("5"), 60)
        program.shot("recipe-result.png")
    finally:
        program.end()
    print("1..1\nok 1 - a recipe by names and keyboard")


if __name__ == "__main__":
    main()
