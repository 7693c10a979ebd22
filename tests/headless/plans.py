"""plans.py: shares of groups and layers, plans compared, their branches, the cut list, other checkpoints, bad plans, and a disk that fills."""
import array
import hashlib
import json
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import PROGRAM, Tap, ask, make_sample, refused, run


def conv(filters, size, groups=1, batch_normalize=1, stride=1, activation="leaky"):
    return (f"[convolutional]\nbatch_normalize={batch_normalize}\nfilters={filters}\nsize={size}\nstride={stride}\npad=1\n"
            f"groups={groups}\nactivation={activation}\n\n")


# a shortcut, a depthwise convolution and a route, so that channels are coupled and inputs come from two layers
LAYERS = (conv(16, 3, stride=2), conv(24, 1), conv(24, 3, groups=24), conv(16, 1, activation="linear"),
          "[shortcut]\nfrom=-4\nactivation=linear\n\n", conv(20, 3, stride=2), conv(12, 1), "[route]\nlayers=-1,-2\n\n",
          conv(14, 1, batch_normalize=0, activation="linear"), "[yolo]\nmask=0,1\nanchors=8,8, 20,20\nclasses=2\nnum=2\n")
CFG = "[net]\nbatch=1\nwidth=64\nheight=64\nchannels=3\n\n" + "".join(LAYERS)
# layer, filters, inputs a filter, size, batch normalisation
CONVOLUTIONS = ((0, 16, 3, 3, 1), (1, 24, 16, 1, 1), (2, 24, 1, 3, 1), (3, 16, 24, 1, 1), (5, 20, 16, 3, 1), (6, 12, 20, 1, 1), (8, 14, 32, 1, 0))


def put(path, data):
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


def get(path):
    with open(path, "rb") as file:
        return file.read()


def make_weights(path, seed):
    rng = random.Random(seed)
    numbers = array.array("f")
    for _, filters, inputs, size, normalised in CONVOLUTIONS:
        numbers.extend(rng.gauss(0, .3) for _ in range(filters))
        if normalised:
            numbers.extend(rng.uniform(.5, 1.5) for _ in range(filters))
            numbers.extend(rng.gauss(0, .3) for _ in range(filters))
            numbers.extend(rng.uniform(.5, 1.5) for _ in range(filters))
        numbers.extend(rng.gauss(0, .3) for _ in range(filters * inputs * size * size))
    return put(path, struct.pack("<iiiQ", 0, 2, 5, 0) + numbers.tobytes())


def cut_by_list(weights, listed):
    """The bytes behind the header when every tensor is indexed with what the cut list keeps."""
    numbers = array.array("f", weights[20:])
    layers = {layer["layer"]: layer for layer in listed["layers"]}
    out, at = array.array("f"), 0
    for index, filters, inputs, size, normalised in CONVOLUTIONS:
        layer = layers[index]
        rows, columns = layer["outputs"]["kept"], layer["inputs"]["kept"] if layer["groups"] == 1 else [0]
        assert layer["outputs"]["count"] == filters and layer["pytorch"] == f"module_list.{index}" and layer["opencv"] == f"conv_{index}"
        for _ in range(4 if normalised else 1):
            out.extend(numbers[at + row] for row in rows)
            at += filters
        for row in rows:
            for column in columns:
                begin = at + (row * inputs + column) * size * size
                out.extend(numbers[begin:begin + size * size])
        at += filters * inputs * size * size
    assert at == len(numbers) and set(layers) == {row[0] for row in CONVOLUTIONS}
    return out.tobytes()


class Case:
    def __init__(self, folder):
        self.folder = folder
        self.cfg = put(self.path("n.cfg"), CFG)
        self.weights, self.others = make_weights(self.path("n.weights"), 1), make_weights(self.path("m.weights"), 2)
        self.sample = make_sample(folder, 6)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def prune(self, name, *more, cfg=None, weights=None, verb=ask):
        return verb("prune", cfg or self.cfg, weights or self.weights, *more, "--no-oracle", "--output", self.path(name))

    def plan(self, name):
        with open(self.path(name, "plan.json"), encoding="utf-8") as file:
            return json.load(file)

    def kept(self, name):
        return {row["layer"]: len(row["kept"]) for row in self.plan(name)["layers"]}

    def shares(self):
        self.prune("s", "--criterion", "l1", "--layer-count", "1=10", "--layer", "5=0.25", "--layer-floor", "6=5", "--protect", "3:0,15",
                   "--cut", "6:11", "--floor", "1", "--ratio", "0.5")
        plan, kept = self.plan("s"), self.kept("s")
        assert kept[1] == kept[2] == 10 and kept[5] == 15 and kept[0] == kept[3], kept
        assert {0, 15} <= set(next(row for row in plan["layers"] if row["layer"] == 3)["kept"])
        assert 11 not in next(row for row in plan["layers"] if row["layer"] == 6)["kept"]
        assert plan["floors"] == [{"layer": 6, "floor": 5}], plan["floors"]
        own = [row for group in plan["groups"] for row in group.get("own", [])]
        assert [(row["layer"], row.get("count"), row["ratio"]) for row in own] == [(1, 10, 14 / 24), (5, None, .25)], own
        group = ask("groups", self.cfg)["groups"][0]
        self.prune("c", "--criterion", "l1", "--floor", "1", "--count", f"{group['name']}={group['channels'] // 2}")
        said = next(row for row in self.plan("c")["groups"] if row["name"] == group["name"])
        assert said["count"] == group["channels"] // 2, said
        self.prune("p", "--criterion", "l1", "--ratio", "0.5", "--floor", "1", "--protect", "5")
        assert self.kept("p")[5] == 20 and self.kept("p")[6] == 6, self.kept("p")

    def all_together(self):
        masks = {}
        for norm in ("l2", "max", "sum", "mean", "rank", "none"):
            self.prune(norm, "--criterion", "l1", "--global", "0.4", "--normalise", norm, "--floor", "1")
            assert self.plan(norm)["overall"] == {"ratio": .4, "normalise": norm}
            assert all(group["overall"] for group in self.plan(norm)["groups"])
            total = sum(len(row["kept"]) for row in self.plan(norm)["layers"]) - 14
            assert 112 - 45 <= total <= 112 - 38, (norm, total) # of 112 that can go, to the nearest unit
            masks[norm] = json.dumps(self.plan(norm)["layers"])
        assert len(set(masks.values())) > 2

    def votes(self):
        """Of channels that go together any layer's vote keeps them, half of the votes, or only all."""
        kept = {}
        for rule in ("union", "majority", "intersection"):
            self.prune(rule, "--criterion", "l1", "--ratio", "0.5", "--merge", rule, "--floor", "1")
            assert self.plan(rule)["merge"] == rule
            kept[rule] = {(row["layer"], channel) for row in self.plan(rule)["layers"] for channel in row["kept"]}
        assert kept["intersection"] < kept["union"] and kept["intersection"] <= kept["majority"] <= kept["union"], {k: len(v) for k, v in kept.items()}

    def again(self):
        """What one run said, another runs to the bit; other weights of the same cfg too."""
        self.prune("a", "--criterion", "l1", "--global", "0.3", "--layer", "5=0.5", "--round", "2", "--protect", "6:3")
        before = hashlib.sha256(get(self.path("a", "pruned.weights"))).hexdigest()
        self.prune("b", "--plan", self.path("a", "plan.json"))
        assert hashlib.sha256(get(self.path("b", "pruned.weights"))).hexdigest() == before
        for name in ("pruned.cfg", "index-map.json", "plan.json"):
            assert get(self.path("a", name)) == get(self.path("b", name)), name
        self.prune("o", "--plan", self.path("a", "plan.json"), weights=self.others, verb=lambda *words: refused(
            *words, naming=("another weights file", "--reapply keeps the same channels", "--rescore ranks them anew")))
        self.prune("r", "--plan", self.path("a", "plan.json"), "--reapply", weights=self.others)
        assert self.plan("r")["layers"] == self.plan("a")["layers"]
        assert self.plan("r")["weights"] == hashlib.sha256(get(self.others)).hexdigest()
        assert get(self.path("r", "pruned.cfg")) == get(self.path("a", "pruned.cfg"))
        assert get(self.path("r", "pruned.weights")) != get(self.path("a", "pruned.weights"))
        self.prune("n", "--plan", self.path("a", "plan.json"), "--rescore", weights=self.others)
        self.prune("f", "--criterion", "l1", "--global", "0.3", "--layer", "5=0.5", "--round", "2", "--protect", "6:3", weights=self.others)
        assert self.plan("n") == self.plan("f") # as if it had been made for them
        assert self.plan("n")["layers"] != self.plan("a")["layers"]

    def lists(self):
        for name, weights in (("a", self.weights), ("r", self.others)):
            path = self.path(name + "-cuts.json")
            run("plan", "cuts", self.cfg, self.path(name, "plan.json"), "-o", path)
            with open(path, encoding="utf-8") as file:
                listed = json.load(file)
            assert listed["format"] == "espalier-cut-list" and listed["version"] == 1
            assert listed["weights"] == hashlib.sha256(get(weights)).hexdigest()
            assert cut_by_list(get(weights), listed) == get(self.path(name, "pruned.weights"))[20:]

    def differences(self):
        self.prune("x", "--criterion", "l1", "--ratio", "0.25", "--floor", "1")
        self.prune("y", "--criterion", "l1", "--ratio", "0.5", "--floor", "1")
        x, y = ({row["layer"]: set(row["kept"]) for row in self.plan(name)["layers"]} for name in "xy")
        told = ask("plan", "diff", self.cfg, self.path("x", "plan.json"), self.path("y", "plan.json"))
        assert not told["same"] and told["cut_by_a_only"] == 0 and told["cut_by_b_only"] == sum(len(x[l] - y[l]) for l in x)
        for row in told["layers"]:
            assert row["cut_by_a_only"] == sorted(y[row["layer"]] - x[row["layer"]])
            assert row["cut_by_b_only"] == sorted(x[row["layer"]] - y[row["layer"]])
            assert (row["kept_a"], row["kept_b"]) == (len(x[row["layer"]]), len(y[row["layer"]]))
        for side, name in (("a", "x"), ("b", "y")):
            after = self.prune(name, "--plan", self.path(name, "plan.json"))["after"]
            assert {key: told[side][key] for key in after} == after
        back = ask("plan", "diff", self.cfg, self.path("y", "plan.json"), self.path("x", "plan.json"))
        assert (back["cut_by_a_only"], back["cut_by_b_only"]) == (told["cut_by_b_only"], 0)
        assert ask("plan", "diff", self.cfg, self.path("x", "plan.json"), self.path("x", "plan.json"))["same"]

    def side_by_side(self):
        """On images both say what evaluate --plan says, and the difference is paired."""
        cfg, weights, data = self.sample
        for name, ratio in (("u", "0.05"), ("v", "0.4")):
            self.prune(name, "--criterion", "l1", "--ratio", ratio, cfg=cfg, weights=weights)
        plans = [self.path(name, "plan.json") for name in "uv"]
        told = ask("plan", "diff", cfg, *plans, "--weights", weights, "--data", data, "--split", "val")
        alone = [ask("evaluate", cfg, weights, data, "--split", "val", "--plan", plan) for plan in plans]
        assert (told["map_a"], told["map_b"]) == tuple(one["map"] for one in alone)
        assert (told["interval_a"], told["interval_b"]) == tuple(one["interval"] for one in alone)
        assert abs(told["difference"] - (alone[1]["map"] - alone[0]["map"])) < 1e-12
        low, high = told["difference_interval"]
        assert low <= told["difference"] <= high and told["images"] == alone[0]["images"]
        same = ask("plan", "diff", cfg, plans[0], plans[0], "--weights", weights, "--data", data, "--split", "val")
        assert same["difference"] == 0 and same["difference_interval"] == [0, 0]

    def bad_words(self):
        def wrong(words, *naming):
            done = self.prune("w", "--criterion", "l1", *words, verb=lambda *all_words: run(*all_words, expect=2))
            for word in naming:
                assert word in done.stderr, (words, done.stderr)

        for option in ("--ratio", "--global"):
            for share in ("-0.1", "1.0001", "nan", "inf", "", "half", "0.5x"):
                wrong((option, share), f"{option} {share}: expected a share from 0 to 1")
        wrong(("--layer", "99=0.5"), "--layer 99=0.5: layer 99: expected a layer from 0 to 9")
        wrong(("--layer", "4=0.5"), "layer 4 is never cut: it is no convolution")
        wrong(("--layer", "8=0.5"), "layer 8 is never cut: head 9 reads layer 8")
        wrong(("--layer", "5=1.5"), "--layer 1.5: expected a share from 0 to 1")
        wrong(("--layer", "5"), "--layer 5: expected L=R")
        wrong(("--layer-count", "5=-1"), "expected a number of channels")
        wrong(("--ratio", "0.2", "--protect", "5:20"), "--protect 5:20: channel 20: layer 5 has channels 0 to 19")
        wrong(("--cut", "5:1,x"), "channel x: layer 5 has channels 0 to 19")
        wrong(("--cut", "5"), "--cut 5: expected L:C,C")
        wrong(("--group", "nowhere=0.5"), "--group nowhere=0.5: expected NAME=R with one of the names “")
        wrong(("--merge", "votes", "--ratio", "0.2"), "--merge votes: expected reduce, union, majority or intersection")
        wrong(("--normalise", "soft", "--global", "0.2"), "--normalise soft: expected none, max, l2, sum, mean or rank")
        wrong(("--global", "0.2", "--ratio", "0.2"), "expected one of --ratio and --global")
        assert not os.path.exists(self.path("w"))

    def bad_plans(self):
        text = get(self.path("a", "plan.json")).decode()
        first = json.loads(text)["groups"][0]["name"]

        def wrong(old, new, *naming):
            assert old in text, old
            path = put(self.path("bad.json"), text.replace(old, new, 1))
            for words in (("prune", self.cfg, self.weights, "--plan", path, "--output", self.path("w")),
                          ("evaluate", self.cfg, self.weights, self.sample[2], "--plan", path)):
                if words[0] == "prune" or "layers" in naming[0]: # evaluate looks at the kept channels alone
                    refused(*words, naming=("bad.json", *naming))

        self.prune("w", "--plan", self.path("u", "plan.json"), verb=lambda *words: refused(
            *words, naming=("the plan was made for another cfg file", hashlib.sha256(get(self.cfg)).hexdigest()[:12])))
        kept = self.plan("a")["layers"][0]["kept"]
        wrong(f'"kept": [{kept[0]},', '"kept": [16,', "layers[0]: kept: element 0: found 16", "0 to 15")
        wrong('"channels": 16, "kept"', '"channels": 17, "kept"', "layers[0]: layer 0: the plan is for 17 channels, this network's layer has 16")
        wrong('{"layer": 0, "channels"', '{"layer": 4, "channels"', "layers[0]: layer 4 is no convolution of this network")
        wrong('"kept": [' + ", ".join(map(str, kept)) + "]", '"kept": []', "layers[0]: layer 0: no channel is kept, expected one at least")
        wrong('"overall": {"ratio": 0.3,', '"overall": {"ratio": -0.1,', "overall: ratio: found -0.1", "0 to 1")
        wrong('"overall": {"ratio": 0.3,', '"overall": {"ratio": 1.5,', "overall: ratio: found 1.5", "0 to 1")
        wrong('"overall": {"ratio": 0.3,', '"overall": {"ratio": NaN,', "byte", "found 'N', which is not JSON here: expected a value")
        wrong('"own": [{"layer": 5,', '"own": [{"layer": 8,', "own[0]: layer 8 is not in this group")
        wrong('"normalise": "l2"', '"normalise": "soft"', 'normalisation "soft": expected none, max, l2, sum, mean or rank')
        wrong(first, "nowhere", 'this network has no group "nowhere"')
        assert not os.path.exists(self.path("w"))

    def nothing_left(self):
        self.prune("w", "--criterion", "l1", "--ratio", "1", "--floor", "0", verb=lambda *words: refused(
            *words, naming=("layer 0 [convolutional]: all 16 channels are cut: expected at least one kept",)))
        self.prune("w", "--criterion", "l1", "--layer-count", "5=0", "--layer-floor", "5=0", verb=lambda *words: refused(
            *words, naming=("layer 5 [convolutional]: all 20 channels are cut: expected at least one kept",)))
        assert not os.path.exists(self.path("w"))

    def named_branches(self):
        text = get(self.path("a", "plan.json")).decode().rstrip()
        other = get(self.path("y", "plan.json")).decode()
        other = other[other.index('"floor"'):].rstrip()
        assert text.endswith("}") and other.endswith("}")
        both = put(self.path("both.json"), text[:-1] + ', "branch": "gentle", "branches": [{"name": "bold", ' + other + "]}")
        told = {row["name"]: row for row in ask("plan", "branches", self.cfg, both)["branches"]}
        assert set(told) == {"gentle", "bold"} and told["gentle"]["in_hand"] and not told["bold"]["in_hand"]
        assert told["bold"]["params"] < told["gentle"]["params"]
        taken = self.path("taken.json")
        run("plan", "take", self.cfg, both, "--branch", "bold", "-o", taken)
        assert ask("plan", "diff", self.cfg, taken, self.path("y", "plan.json"))["same"]
        assert [row["name"] for row in ask("plan", "branches", self.cfg, taken)["branches"] if row["in_hand"]] == ["bold"]
        refused("plan", "take", self.cfg, both, "--branch", "mild", "-o", taken, naming=("no branch “mild”",))
        run("plan", "diff", self.cfg, both, expect=2)
        run("plan", "cuts", self.cfg, both, expect=2)

    def full_disk(self):
        """Files that may not grow beyond a limit stand for the disk: whatever the limit, all is there or nothing."""
        def limited(most, *words):
            def limit():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

            return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=100, preexec_fn=limit, restore_signals=False)

        names = ("pruned.cfg", "pruned.weights", "index-map.json", "plan.json")
        whole = {name: get(self.path("a", name)) for name in names}
        sizes = sorted(len(data) for data in whole.values())
        command = ["prune", self.cfg, self.weights, "--plan", self.path("a", "plan.json"), "--no-oracle", "--output"]
        for number, most in enumerate([0, 1, *(size - 1 for size in sizes), *sizes[:-1]]):
            room = self.path(f"room-{number}")
            os.mkdir(room)
            done = limited(most, *command, os.path.join(room, "deep", "out"))
            assert done.returncode == 1 and "File too large" in done.stderr, (most, done)
            assert any(name in done.stderr for name in names), done.stderr
            assert os.listdir(room) == [], (most, os.listdir(room))
            there = os.path.join(room, "there")
            os.mkdir(there)
            put(os.path.join(there, "pruned.cfg"), "what was there before")
            assert limited(most, *command, there).returncode == 1
            assert os.listdir(there) == ["pruned.cfg"] and get(os.path.join(there, "pruned.cfg")) == b"what was there before"
            assert os.listdir(room) == ["there"], os.listdir(room)
            listed = limited(min(most, 99), "plan", "cuts", self.cfg, self.path("a", "plan.json"), "-o", os.path.join(room, "cuts.json"))
            assert listed.returncode == 1 and "cuts.json" in listed.stderr and os.listdir(room) == ["there"], listed
        room = self.path("room")
        done = limited(sizes[-1], *command, room)
        assert done.returncode == 0, done
        for name in names:
            assert get(os.path.join(room, name)) == whole[name], name


def main():
    tap = Tap()
    with tempfile.TemporaryDirectory() as folder:
        case = Case(folder)
        tap.check("counts, single layers, floors, what is chosen by hand", case.shares)
        tap.check("all groups ranked together", case.all_together)
        tap.check("what goes together voted on", case.votes)
        tap.check("a plan run again, and on another checkpoint", case.again)
        tap.check("the cut list gives the pruned weights", case.lists)
        tap.check("the difference of two plans", case.differences)
        tap.check("two plans side by side on images", case.side_by_side)
        tap.check("words that are refused", case.bad_words)
        tap.check("plans that are refused", case.bad_plans)
        tap.check("a group cut to nothing", case.nothing_left)
        tap.check("branches", case.named_branches)
        tap.check("a full disk", case.full_disk)
    tap.end()


if __name__ == "__main__":
    main()
