#!/usr/bin/env python3
"""training64.py: learning rates and updates of parameters once more, in float64, from what darknet and the papers publish.

Writes tests/data/train/rates.json and updates.json, which tests/core/test-schedule.c and test-optimiser.c compare with.
--check writes nothing: it compares them with what is there, and the updates with PyTorch's own optimisers where they mean the same.
"""
import json
import math
import os
import sys

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "train")

# ---- learning rates: [net] as text, and the updates that are asked for, counted from 1

RATES = [
    ("constant", "learning_rate=0.01\nburn_in=10\npower=4", (1, 5, 9, 10, 11, 1000)),
    ("nothing said", "", (1, 2, 100)),
    ("step", "policy=step\nlearning_rate=0.5\nstep=100\nscale=.7", (1, 99, 100, 199, 200, 1234)),
    ("yolov3", "policy=steps\nlearning_rate=0.001\nburn_in=1000\nmax_batches=500200\nsteps=400000,450000\nscales=.1,.1",
     (1, 10, 500, 999, 1000, 1001, 399999, 400000, 449999, 450000, 500200, 900000)),
    ("yolov2", "policy=steps\nlearning_rate=0.0001\nmax_batches=45000\nsteps=-1,100,25000,35000\nscales=.1,10,.1,.1",
     (1, 99, 100, 24999, 25000, 35000)),
    ("burn-in over a step", "policy=steps\nlearning_rate=1\nburn_in=50\npower=2\nsteps=20,60\nscales=.5,.5", (10, 20, 49, 50, 60)),
    ("exp", "policy=exp\nlearning_rate=0.1\ngamma=.99", (1, 2, 50, 500)),
    ("poly", "policy=poly\nlearning_rate=0.1\npower=4\nmax_batches=1600", (1, 400, 800, 1599, 1600, 1700)),
    ("poly after burn-in", "policy=poly\nlearning_rate=0.05\npower=2\nburn_in=100\nmax_batches=1000", (1, 50, 99, 100, 500, 1000)),
    ("sigmoid", "policy=sigmoid\nlearning_rate=0.2\ngamma=.02\nstep=300", (1, 299, 300, 301, 600)),
    ("sgdr", "policy=sgdr\nlearning_rate=0.1\nlearning_rate_min=0.001\nsgdr_cycle=100\nsgdr_mult=2\nmax_batches=1000\nburn_in=20",
     (1, 19, 20, 50, 99, 100, 101, 200, 300, 301, 700, 701, 1000)),
    ("sgdr of equal cycles", "policy=sgdr\nlearning_rate=0.1\nsgdr_cycle=10\nsgdr_mult=1\nmax_batches=100", (1, 5, 10, 11, 20, 21, 95, 100)),
    ("sgdr of one cycle", "policy=sgdr\nlearning_rate=0.0026\nmax_batches=4000\nburn_in=1000", (1, 500, 1000, 2000, 4000)),
    ("cosine", "policy=cosine\nlearning_rate=0.02\nlearning_rate_min=0.0002\nmax_batches=1100\nburn_in=100\npower=1",
     (1, 50, 99, 100, 101, 350, 600, 1099, 1100, 2000)),
]


def rate_of(text, i):
    """darknet's get_current_rate; cosine is no word of darknet's: half a period from burn-in to the end."""
    keys = dict(line.split("=") for line in text.split("\n") if line)
    number = lambda key, fallback: float(keys.get(key, fallback))
    rate, policy, power, last = number("learning_rate", .001), keys.get("policy", "constant"), number("power", 4), number("max_batches", 0)
    low, burn = number("learning_rate_min", .00001), number("burn_in", 0)
    if i < burn:
        return rate * (i / burn) ** power
    if policy == "step":
        return rate * number("scale", 1) ** (i // int(keys["step"]))
    if policy == "steps":
        steps, scales = ([float(x) for x in keys[key].split(",")] for key in ("steps", "scales"))
        return rate * math.prod(scale for step, scale in zip(steps, scales) if step <= i)
    if policy == "exp":
        return rate * number("gamma", 1) ** i
    if policy == "poly":
        return rate * max(0, 1 - i / last) ** power
    if policy == "sigmoid":
        return rate * 1 / (1 + math.exp(number("gamma", 1) * (i - number("step", 1))))
    if policy == "sgdr":
        begin, cycle = 0, number("sgdr_cycle", last)
        while begin + cycle < i:
            begin += cycle
            cycle *= number("sgdr_mult", 2)
        return low + .5 * (rate - low) * (1 + math.cos((i - begin) * math.pi / cycle))
    if policy == "cosine":
        return low if i >= last else low + .5 * (rate - low) * (1 + math.cos((i - burn) * math.pi / (last - burn)))
    return rate


# ---- updates of two convolutions: 54 weights, 2 gammas and 2 betas; 6 weights and 3 biases

LAYER = [0] * 58 + [1] * 9
IS_WEIGHT = [1] * 54 + [0] * 4 + [1] * 6 + [0] * 3
IS_NORM = [0] * 54 + [1] * 4 + [0] * 9
N, STATISTICS, UPDATES, IMAGES = 67, 4, 6, 4
SGD = {"kind": 0, "momentum": .9, "decay": .0005, "rate": .1}
ADAM = {"kind": 1, "b1": .9, "b2": .999, "epsilon": 1e-6, "rate": .01}

UPDATES_CASES = [
    ("sgd", {**SGD}),
    ("sgd without momentum", {**SGD, "momentum": 0}),
    ("sgd, much decay", {**SGD, "decay": .1}),
    ("nesterov", {**SGD, "nesterov": 1}),
    ("clipped norm", {**SGD, "clip_norm": 2.}),
    ("clipped numbers", {**SGD, "clip_value": .25}),
    ("both clipped", {**SGD, "clip_norm": 3., "clip_value": .25}),
    ("norm below the clip", {**SGD, "clip_norm": 1000.}),
    ("average", {**SGD, "average": .9}),
    ("average from 3", {**SGD, "average": .9, "average_from": 3}),
    ("warm average", {**SGD, "average": .999, "average_warm": 1}),
    ("average never begun", {**SGD, "average": .9, "average_from": 100}),
    ("frozen", {**SGD, "first_layer": 1, "average": .9}),
    ("slow layer", {**SGD, "rules": [[.1, 0, 0], [1, 0, 0]]}),
    ("late layer", {**SGD, "rules": [[1, 4, 0]]}),
    ("norms alone", {**SGD, "rules": [[1, 0, 1], [1, 0, 1]], "clip_norm": 1.}),
    ("masked", {**SGD, "masked": 5, "average": .9, "clip_norm": 2.}),
    ("adam", {**ADAM}),
    ("adam, decay", {**ADAM, "decay": .05}),
    ("adam, coarse", {**ADAM, "epsilon": .5, "clip_norm": 2.}),
    ("adam, masked, average", {**ADAM, "masked": 3, "average": .5, "decay": .01}),
]


def start_of(i):
    return ((37 * i + 11) % 64 - 32) / 32


def gradient_of(update, i):
    """Of the sum over the images."""
    return ((53 * i + 29 * update) % 128 - 64) / 16


def statistic_of(update, k):
    return ((17 * k + 5 * update) % 32) / 8


def moves(o, i, t):
    rule = (o.get("rules") or [])[LAYER[i]:LAYER[i] + 1]
    rate, begin, only = rule[0] if rule else (1, 0, 0)
    return LAYER[i] >= o.get("first_layer", 0) and t >= begin and (IS_NORM[i] or not only), rate


def run(o):
    keep = [not o.get("masked") or i % o["masked"] != 0 for i in range(N)]
    w = [start_of(i) if keep[i] else 0. for i in range(N)]
    statistics = [statistic_of(0, k) for k in range(STATISTICS)]
    v, s, norm = [0.] * N, [0.] * N, 0.
    average, averaged = (w + statistics if o.get("average") and not o.get("average_from") else None), 1
    for t in range(1, UPDATES + 1):
        statistics = [statistic_of(t, k) for k in range(STATISTICS)]
        live = [i for i in range(N) if keep[i] and moves(o, i, t)[0]]
        g = {i: gradient_of(t, i) / IMAGES for i in live}
        norm = math.sqrt(sum(x * x for x in g.values()))
        clip = o.get("clip_norm", 0)
        for i in live:
            x = g[i] * (clip / norm if clip and norm > clip else 1)
            if o.get("clip_value"):
                x = min(max(x, -o["clip_value"]), o["clip_value"])
            x += o.get("decay", 0) * IS_WEIGHT[i] * w[i]
            rate = o["rate"] / t * moves(o, i, t)[1]
            if o["kind"] == 0:
                v[i] = o["momentum"] * v[i] + x
                w[i] -= rate * (x + o["momentum"] * v[i] if o.get("nesterov") else v[i])
            else:
                v[i] = o["b1"] * v[i] + (1 - o["b1"]) * x
                s[i] = o["b2"] * s[i] + (1 - o["b2"]) * x * x
                w[i] -= rate * v[i] / (1 - o["b1"] ** t) / (math.sqrt(s[i] / (1 - o["b2"] ** t)) + o["epsilon"] / IMAGES)
        if average is not None:
            kept = min(o["average"], (1 + averaged) / (10 + averaged)) if o.get("average_warm") else o["average"]
            average = [kept * a + (1 - kept) * x for a, x in zip(average, w + statistics)]
            averaged += 1
        elif o.get("average") and t >= o["average_from"]:
            average = w + statistics
    return {"parameters": w, "average": average, "norm": norm}


def in_torch(o):
    """The same by PyTorch's optimisers, where they mean the same; else None."""
    import torch
    if any(o.get(key) for key in ("clip_value", "rules", "masked", "first_layer")):
        return None
    w = [torch.tensor([start_of(i) for i in range(N) if IS_WEIGHT[i] == kind], dtype=torch.float64, requires_grad=True) for kind in (0, 1)]
    groups = [{"params": [w[kind]], "weight_decay": o.get("decay", 0) * kind} for kind in (0, 1)]
    if o["kind"] == 0:
        optimiser = torch.optim.SGD(groups, lr=o["rate"], momentum=o["momentum"], nesterov=bool(o.get("nesterov")))
    else:
        optimiser = torch.optim.Adam(groups, lr=o["rate"], betas=(o["b1"], o["b2"]), eps=o["epsilon"] / IMAGES)
    for t in range(1, UPDATES + 1):
        for kind in (0, 1):
            w[kind].grad = torch.tensor([gradient_of(t, i) / IMAGES for i in range(N) if IS_WEIGHT[i] == kind], dtype=torch.float64)
        if o.get("clip_norm"):
            torch.nn.utils.clip_grad_norm_(w, o["clip_norm"])
        for group in optimiser.param_groups:
            group["lr"] = o["rate"] / t
        optimiser.step()
    parts = [iter(part.tolist()) for part in w]
    return [next(parts[IS_WEIGHT[i]]) for i in range(N)]


def made():
    rates = [{"name": name, "net": text, "at": list(at), "rates": [rate_of(text, i) for i in at]} for name, text, at in RATES]
    updates = [{"name": name, "options": options, **run(options)} for name, options in UPDATES_CASES]
    return {"rates.json": rates, "updates.json": updates}


def check():
    good, count, failed = made(), 0, 0
    for name, content in good.items():
        count += 1
        same = json.load(open(os.path.join(FOLDER, name))) == json.loads(json.dumps(content))
        failed += not same
        print(f"{'ok' if same else 'not ok'} {count} {name} is what is written again")
    for case in good["updates.json"]:
        other = in_torch(case["options"])
        if other is not None:
            count += 1
            worst = max(abs(a - b) for a, b in zip(other, case["parameters"]))
            failed += not worst < 1e-6
            print(f"{'ok' if worst < 1e-6 else 'not ok'} {count} {case['name']}: {worst:.1e} from PyTorch")
    print(f"1..{count}")
    return 1 if failed else 0


def main():
    if sys.argv[1:] == ["--check"]:
        return check()
    os.makedirs(FOLDER, exist_ok=True)
    for name, content in made().items():
        with open(os.path.join(FOLDER, name), "w", encoding="utf-8") as file:
            file.write("[\n" + ",\n".join(json.dumps(row) for row in content) + "\n]\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
