"""committed.py: compares espalier-cli with the numbers of tests/data/witness, which make_witnesses.py computed; needs the standard library only."""
import array
import glob
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cfg import Exact, Network, floats_bytes, weights_bytes

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "witness")
WITHIN, WITHIN_DOUBLE = 1e-5, 1e-9  # of the largest number of what is compared
DOUBLE = ("--backend", "reference-double", "--f64")


class Refused(Exception):
    """The program says that it does not support what a cfg asks for."""


class Materials:
    """Raw bytes: weights, input, and for each head, what comes into it, or else the last layer, the gradient that is fed in there."""

    def __init__(self, network, seed):
        self.heads = [layer.index for layer in network.layers if layer.kind in ("yolo", "region", "softmax")]
        fed = [network.layers[index] for head in self.heads for index in (network.layers[head].inputs[0], head)]
        self.weights = weights_bytes(network, Exact(seed))
        self.input = floats_bytes(Exact(seed + 1).uniform(0, 1, math.prod(network.input)))
        source = Exact(seed + 2)
        self.seeds = {layer.index: floats_bytes(source.uniform(-1, 1, math.prod(layer.out))) for layer in fed or network.layers[-1:]}


def cli(*arguments):
    program = os.path.join(os.environ["ESP_BUILD_ROOT"], "app", "espalier-cli")
    done = subprocess.run([program, *map(str, arguments), "--json"], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        refused = arguments[0] == "info" or "has none" in done.stderr or "has no parameters" in done.stderr
        raise (Refused if refused else RuntimeError)(done.stderr.strip() or f"exit {done.returncode}")
    return json.loads(done.stdout)


def numbers_of_file(path):
    numbers = array.array("d" if path.endswith(".f64") else "f")
    with open(path, "rb") as file:
        numbers.frombytes(file.read())
    return numbers


def error_of(got, wanted):
    """The largest difference, relative to the largest number wanted."""
    assert len(got) == len(wanted), f"{len(got)} numbers, expected {len(wanted)}"
    assert all(abs(value) <= 3.5e38 for value in got), "not finite"
    return max(abs(a - b) for a, b in zip(got, wanted)) / (max(map(abs, wanted)) or 1)


class Case:
    """One cfg with its weights and input written out."""

    def __init__(self, cfg, folder):
        base = cfg[:-len(".cfg")]
        with open(base + ".json", encoding="utf-8") as file:
            self.index = json.load(file)
        self.cfg, self.folder, self.network = cfg, folder, Network(cfg)
        self.numbers = array.array("d")
        with open(base + ".f64", "rb") as file:
            self.numbers.frombytes(file.read())
        self.made = Materials(self.network, self.index["seed"])
        assert hashlib.sha256(self.made.weights).hexdigest() == self.index["weights_sha256"], "the weights cannot be made again"
        self.paths = {}
        for name, raw in [("weights", self.made.weights), ("input", self.made.input), *self.made.seeds.items()]:
            self.paths[name] = os.path.join(folder, str(name))
            with open(self.paths[name], "wb") as file:
                file.write(raw)

    def values(self):
        return {(part["value"], part["layer"]): self.numbers_of(part) for part in self.index["parts"] if "value" in part}

    def gradients(self, seed_layer, of_shortcuts):
        """Those of what weighted shortcuts multiply by are asked for apart."""
        found = {(part["gradient"], part["layer"]): self.numbers_of(part) for part in self.index["parts"] if part.get("seed") == seed_layer}
        return {key: numbers for key, numbers in found.items()
                if (key[0] == "weights" and self.network.layers[key[1]].kind == "shortcut") == of_shortcuts}

    def numbers_of(self, part):
        return self.numbers[part["at"]:part["at"] + part["count"]]

    def judge(self, got, wanted, within):
        errors = {key: error_of(got[key], numbers) for key, numbers in wanted.items()}
        off = [f"layer {layer} [{self.network.layers[layer].kind if layer >= 0 else 'image'}] {what} {errors[what, layer]:.1e}"
               for what, layer in errors if not errors[what, layer] <= within]
        assert not off, f"{len(off)} of {len(errors)} are off: " + ", ".join(off[:5])
        return max(errors.values())

    def check_shapes(self):
        said = cli("info", self.cfg, "--weights", self.paths["weights"])
        for layer, row in zip(self.network.layers, said["layers"]):
            assert row["out"] == list(layer.out), f"layer {layer.index} [{layer.kind}]: {row['out']}, expected {layer.out}"
        assert len(said["layers"]) == len(self.network.layers)
        assert said["file_bytes"] == len(self.made.weights), said["file_bytes"]

    def dump(self, verb, layers, at, *more):
        """{(what, layer): numbers} that a verb wrote."""
        asked = [word for layer in layers for word in ("--layer", layer)]
        said = cli(verb, self.cfg, self.paths["weights"], "--input-f32", self.paths["input"], *asked, "--at", at, "--output", self.folder, *more)
        return {(row.get("parameter", at), row["layer"]): numbers_of_file(row["file"]) for row in said["layers"] + said.get("parameters", [])}

    def check_values(self, *more, within=WITHIN):
        wanted, got = self.values(), {}
        for at in ("out", "pre", "conv"):
            layers = [layer for place, layer in wanted if place == at]
            if layers:
                got.update(self.dump("dump", layers, at, *more))
        return f"{len(wanted)} values, the worst off by {self.judge(got, wanted, within):.1e}"

    def check_gradients(self, *more, within=WITHIN, heads=False, of_shortcuts=False):
        """From each head, or from what comes in there, to the image, the layers and what is trained."""
        said = []
        for seed_layer in self.made.seeds:
            if (seed_layer in self.made.heads) != heads:
                continue
            wanted, got = self.gradients(seed_layer, of_shortcuts), {}
            for at in ("out", "pre", "conv"):
                layers = {layer for what, layer in wanted if what == at or at == "out" and what not in ("pre", "conv")}
                if layers:
                    got.update(self.dump("gradient", sorted(layers), at, "--seed-layer", seed_layer, "--seed-f32", self.paths[seed_layer],
                                         "--parameters", *more))
            said.append(f"{len(wanted)} gradients from layer {seed_layer}, the worst off by {self.judge(got, wanted, within):.1e}")
        return "; ".join(said)

    def check_double(self):
        return self.check_values(*DOUBLE, within=WITHIN_DOUBLE) + "; " + self.check_gradients(*DOUBLE, within=WITHIN_DOUBLE)

    def check_shortcut_gradients(self):
        return self.check_gradients(of_shortcuts=True) + "; double: " + self.check_gradients(*DOUBLE, within=WITHIN_DOUBLE, of_shortcuts=True)

    def check_head_gradients(self):
        return self.check_gradients(heads=True) + "; double: " + self.check_gradients(*DOUBLE, within=WITHIN_DOUBLE, heads=True)


class Tap:
    """Counts and prints what passed, failed and was skipped."""

    def __init__(self):
        self.count = self.failed = 0

    def run(self, name, function):
        """FALSE where it was skipped."""
        self.count += 1
        try:
            said = function() or ""
            print(f"ok {self.count} - {name}" + (f"\n# {said}" if said else ""), flush=True)
        except Refused as error:
            self.failed += 1
            print(f"not ok {self.count} - {name}\n# refused: {error}", flush=True)
            return False
        except Exception as error:  # whatever it is, it is told and counted
            self.failed += 1
            print(f"not ok {self.count} - {name}\n# {type(error).__name__}: {error}", flush=True)
        return True

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed else 0


def main():
    tap = Tap()
    for cfg in sorted(glob.glob(os.path.join(FOLDER, "*.cfg"))):
        name = os.path.basename(cfg)[:-len(".cfg")]
        folder = tempfile.mkdtemp()
        try:
            case = Case(cfg, folder)
            if tap.run(name + " shapes", case.check_shapes):
                tap.run(name + " values", case.check_values)
                tap.run(name + " gradients", case.check_gradients)
                tap.run(name + " in double", case.check_double)
                if any(layer.kind == "shortcut" and layer.params for layer in case.network.layers):
                    tap.run(name + " gradients of shortcuts' weights", case.check_shortcut_gradients)
                if case.made.heads:
                    tap.run(name + " gradients of heads", case.check_head_gradients)
        finally:
            shutil.rmtree(folder)
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
