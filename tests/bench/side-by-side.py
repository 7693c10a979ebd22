#!/usr/bin/python3
"""side-by-side.py: forward, explain, training and memory of Espalier beside libdarknet, OpenCV and PyTorch, in one run, as ratios with spread.

    side-by-side.py --results DIR --network yolov3-tiny      measures one network: DIR/yolov3-tiny.json
    side-by-side.py --results DIR --table FILE --date DATE   writes the table of all that DIR holds

Each engine is a process of its own. They take turns: a round is a few runs of each, and a ratio is taken within a round, so that a change of the
clock meets all of them alike. Run it with nothing else on the machine."""
import argparse
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "2")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "witness"))
import numpy as np

from cfg import Network, weights_bytes
from torch_net import Numpy, random_input

SHARED = os.environ.get("ESP_SHARED_DATA", os.path.join(ROOT, "..", "shared", "data"))
BUILD = os.environ.get("ESP_BUILD_ROOT", os.path.join(ROOT, "build"))
NETWORKS = {  # cfg, side, runs a round of (espalier, libdarknet, opencv, pytorch), rounds
    "yolov3-tiny": ("/usr/share/darknet/cfg/yolov3-tiny.cfg", 416, (8, 1, 8, 8), 16),
    "yolov3": ("/usr/share/darknet/cfg/yolov3.cfg", 416, (2, 1, 2, 2), 8),
    "yolo-fastest-1.1-xl": (os.path.join(SHARED, "models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg"), 320, (8, 2, 8, 8), 16),
    "resnet50": ("/usr/share/darknet/cfg/resnet50.cfg", 256, (4, 1, 4, 4), 12),
}
TRAINED = {"yolov3-tiny": ((4, 1, 4), 6)}  # steps a round of (espalier, libdarknet, pytorch), rounds
TRAINERS = ("libdarknet", "pytorch")
BATCH = 8  # of a training step, in bench and in engines.py
OTHERS = ("libdarknet", "opencv", "pytorch")
NAMES = {"espalier": "Espalier", "libdarknet": "libdarknet", "opencv": "OpenCV dnn", "pytorch": "PyTorch"}
ASKED = [("yolov3-tiny", "libdarknet", 12), ("yolov3-tiny", "pytorch", 1.1), ("yolov3-tiny", "opencv", 1.6), ("yolov3", "libdarknet", 12)]
ASKED_TRAINING = [("yolov3-tiny", "libdarknet", 15), ("yolov3-tiny", "pytorch", 1.25)]
PACKAGES = {"libdarknet": "darknet", "opencv": "python3-opencv", "pytorch": "python3-torch", "espalier": "libdnnl-dev"}


def materials(name, folder):
    """cfg at one image at a time, random weights (He-normal, seed 1) and input, kept in folder from run to run."""
    source, side, _, _ = NETWORKS[name]
    paths = [os.path.join(folder, name + ending) for ending in (".cfg", ".weights", ".input")]
    with open(source, encoding="latin-1") as file:
        text = re.sub(r"(?m)^[ \t]*(width|height)[ \t]*=.*$", lambda m: f"{m.group(1)}={side}", file.read())
    text = re.sub(r"(?m)^[ \t]*(batch|subdivisions)[ \t]*=.*$", lambda m: f"{m.group(1)}=1", text)
    with open(paths[0], "w", encoding="latin-1") as file:
        file.write(text)
    network = Network(paths[0])
    for path, make in zip(paths[1:], (lambda: weights_bytes(network, Numpy(1)), lambda: random_input(Numpy(2), network.input))):
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(make())
    return paths


class Espalier:
    """One process a round: bench times forward and explain in one go, or training."""

    def __init__(self, paths, runs):
        self.paths, self.runs, self.memory, self.refused = paths, runs, 0, None

    def bench(self, *options):
        return subprocess.run([os.path.join(BUILD, "app", "espalier-cli"), "bench", *self.paths[:2], "--blocks", "1", *map(str, options),
                               "--threads", os.environ["OMP_NUM_THREADS"], "--quiet", "--json"], capture_output=True, text=True)

    def train(self):
        return json.loads(self.bench("--repeats", 1, "--train", self.runs).stdout)["train_images_per_second"]

    def round(self):
        done = self.bench("--repeats", self.runs, "--train", 0)
        if done.returncode != 0:
            self.refused = done.stderr.strip().replace(self.paths[0], os.path.basename(self.paths[0]))
            return {}
        said = json.loads(done.stdout)
        self.memory = max(self.memory, said["peak_rss_bytes"])
        return {"forward": said["forward_ms"], "explain": said["explain_ms"]}

    def end(self):
        pass


class Worker:
    """A process of engines.py that waits between its turns."""

    def __init__(self, name, paths, runs, log):
        self.runs, self.memory, self.refused, self.warm = runs, 0, None, False
        script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "engines.py")
        self.process = subprocess.Popen([sys.executable, script, name, *paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        if self.process.stdout.readline().strip() != "ready":
            self.refused = f"does not run it: {last_line(log.name)}"

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def train(self):
        """Images a second of the median step; the first step ever is not counted."""
        if not self.warm:
            self.ask("train", 1)
            self.warm = True
        return BATCH / statistics.median(self.ask("train", self.runs)) * 1000

    def round(self):
        if self.refused:
            return {}
        took = {act: self.ask(act, self.runs) for act in ("forward", "explain")}
        self.memory = max(self.memory, self.ask("memory"))
        return {act: statistics.median(times) for act, times in took.items() if times}

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def last_line(path):
    with open(path, errors="replace") as file:
        return ([line.strip() for line in file if line.strip()] or ["it ended"])[-1].split(": error: ")[-1]


def measure(name, folder, rounds):
    paths = materials(name, folder)
    runs = NETWORKS[name][2]
    engines = {"espalier": Espalier(paths, runs[0])}
    for other, count in zip(OTHERS, runs[1:]):
        engines[other] = Worker(other, paths, count, open(os.path.join(folder, f"{name}-{other}.log"), "w+"))
    found = []
    for _ in range(rounds or NETWORKS[name][3]):
        row = {}
        for engine in engines:
            row[engine] = engines[engine].round()
            time.sleep(.05)  # until idle threads sleep
        found.append(row)
    for engine in engines.values():
        engine.end()
    result = {"network": name, "side": NETWORKS[name][1], "rounds": found, "memory": {key: engine.memory for key, engine in engines.items()},
              "refused": {key: engine.refused for key, engine in engines.items() if engine.refused}}
    with open(os.path.join(folder, name + ".json"), "w", encoding="utf-8") as file:
        json.dump(result, file, indent=1)
    return result


def measure_training(name, folder, rounds):
    """Images a second, round by round; into NAME-training.json."""
    paths = materials(name, folder)
    runs, count = TRAINED[name]
    engines = {"espalier": Espalier(paths, runs[0])}
    for other, steps in zip(TRAINERS, runs[1:]):
        engines[other] = Worker(other, paths, steps, open(os.path.join(folder, f"{name}-{other}-training.log"), "w+"))
    found = []
    for _ in range(rounds or count):
        row = {}
        for engine in engines:
            row[engine] = engines[engine].train()
            time.sleep(.05)
        found.append(row)
    for engine in engines.values():
        engine.end()
    with open(os.path.join(folder, name + "-training.json"), "w", encoding="utf-8") as file:
        json.dump(found, file, indent=1)


def training_section(name, folder):
    path = os.path.join(folder, name + "-training.json")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        rounds = json.load(file)
    lines = [f"Training, {BATCH} images a step:", "", "| engine | images a second | Espalier has × as many |", "|---|---|---|"]
    for engine in ("espalier", *TRAINERS):
        share = "1" if engine == "espalier" else spread([row["espalier"] / row[engine] for row in rounds], times)
        lines.append(f"| {NAMES[engine]} | {spread([row[engine] for row in rounds], times)} | {share} |")
    lines.append("")
    for network, engine, least in ASKED_TRAINING:
        if network == name:
            median = statistics.median([row["espalier"] / row[engine] for row in rounds])
            lines.append(f"- Asked for: at least {least} × {NAMES[engine]}. " + (f"Met: {times(median)}." if median >= least else
                                                                              f"**Not met: {times(median)}.**"))
    return lines + [""]


def spread(values, form):
    values = sorted(values)
    return f"{form(statistics.median(values))} ({form(values[0])} to {form(values[-1])})" if values else "–"


def milliseconds(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def ratios(result, engine, act):
    """How many times as long as Espalier, round by round."""
    return [row[engine][act] / row["espalier"][act] for row in result["rounds"] if act in row[engine] and act in row["espalier"]]


def times(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def section(result):
    lines = [f"## {result['network']}, {result['side']} × {result['side']}", "",
             "| engine | forward, ms | × Espalier | explain, ms | × Espalier | memory, MB |", "|---|---|---|---|---|---|"]
    for engine in NAMES:
        cells = [NAMES[engine]]
        for act in ("forward", "explain"):
            cells.append(spread([row[engine][act] for row in result["rounds"] if act in row[engine]], milliseconds))
            cells.append("1" if engine == "espalier" else spread(ratios(result, engine, act), times))
        cells.append(f"{result['memory'][engine] / 1e6:.0f}" if result["memory"][engine] else "–")
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", *(f"{NAMES[engine]}: {why}." for engine, why in result["refused"].items())]
    for network, engine, least in ASKED:
        if network == result["network"]:
            found = ratios(result, engine, "forward")
            median = statistics.median(found) if found else 0
            lines.append(f"- Asked for: at least {least} × {NAMES[engine]}. " + (f"Met: {times(median)}." if median >= least else
                                                                              f"**Not met: {times(median)}.**"))
    return lines + [""]


def version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True)
    return done.stdout or "not installed"


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return re.search(r"model name\s*: (.*)", file.read()).group(1)


def table(folder, date, name):
    results = {}
    for path in (path for path in glob.glob(os.path.join(folder, "*.json")) if not path.endswith("-training.json")):
        with open(path, encoding="utf-8") as file:
            result = json.load(file)
        results[result["network"]] = result
    lines = ["# Side by side", "", f"{date}, {name or processor()}, {os.environ['OMP_NUM_THREADS']} threads, batch 1, random weights. Written by "
             "`tests/bench/side-by-side.py`; every figure is a median over rounds, with its range.", "",
             "Packages: " + ", ".join(f"{package} {version(package)}" for package in PACKAGES.values()) + ".", "",
             "Explain is a forward pass, gradients from all heads at every convolution, a score for every channel and one heatmap. libdarknet and OpenCV have",
             "no such thing. PyTorch runs channels last, with batch normalisation folded into the weights and activations in place, in inference mode where it",
             "does not explain. Memory is the most that the process held, its interpreter included; those that explain did both, and Espalier's `bench` holds",
             "an engine for each at once. A training step is a forward of 8 images with batch normalisation by the batch, a backward to all parameters and",
             "an update with momentum and decay; libdarknet's has its losses with it, which are small beside the rest.", ""]
    for network in NETWORKS:
        if network in results:
            lines += section(results[network]) + training_section(network, folder)
    return "\n".join(lines).rstrip() + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--results", required=True, help="folder of what is measured")
    parser.add_argument("--network", choices=NETWORKS, action="append", help="measure this one (default: all, unless --table)")
    parser.add_argument("--act", choices=("run", "train"), help="forward and explain alone, or training alone (default: both)")
    parser.add_argument("--rounds", type=int, help="in place of the network's own number")
    parser.add_argument("--prepare", action="store_true", help="only make the weights")
    parser.add_argument("--table", help="write the Markdown table to this file")
    parser.add_argument("--date", default="undated")
    parser.add_argument("--processor", help="in place of what /proc/cpuinfo says")
    options = parser.parse_args()
    os.makedirs(options.results, exist_ok=True)
    for name in options.network or ([] if options.table else NETWORKS):
        if options.prepare:
            materials(name, options.results)
        else:
            if options.act != "train":
                print("\n".join(section(measure(name, options.results, options.rounds))), flush=True)
            if options.act != "run" and name in TRAINED:
                measure_training(name, options.results, options.rounds)
                print("\n".join(training_section(name, options.results)), flush=True)
    if options.table:
        with open(options.table, "w", encoding="utf-8") as file:
            file.write(table(options.results, options.date, options.processor))


if __name__ == "__main__":
    main()
