#!/usr/bin/env python3
"""fine-tune.py: yolo-fastest-1.1-xl, trained on COCO, made to see blood cells and playing cards; the curve, and mAP of test images asked once

    fine-tune.py ESPALIER-CLI DATA FOLDER [--only bccd|cards] [--minutes 40] [--scale 1] [--threads N] [--report docs/results/fine-tune.md]

DATA has models/yolo-fastest-1.1-xl, bccd (VOC, with its own train, val and test) and cards (train/ and test/; a sixth of train is drawn to choose
by). The best weights are those of the best validation; the test images are asked at the end, and decide nothing. One recipe for both but for the
number of epochs, which --scale multiplies.
"""
import argparse
import json
import os
import platform
import subprocess
import sys

# What differs from the cfg's own keys, and why: small sets need many small updates, a rate that ends at nothing, an average of what it swings about,
# and a bound on what one box that is far too large can ask for.
RECIPE = ["--batch", "8", "--rate", "0.001", "--policy", "cosine", "--ema", "0.999", "--validate-every", "4", "--seed", "1", "--set", "head.max_delta=5"]
SETS = {
    "bccd": {"train": "bccd", "test": ["bccd", "--split", "test"], "epochs": 80, "options": ["--split", "train"], "aim": 0.85},
    # the six classes are what is hard, not the boxes; no card is ever seen in a mirror
    "cards": {"train": "cards/train", "test": ["cards/test"], "epochs": 140, "aim": 0.90,
              "options": ["--split-seed", "1", "--split-parts", "5/1/0", "--set", "flip=0"]},
}


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cli")
    parser.add_argument("data")
    parser.add_argument("folder")
    parser.add_argument("--only", choices=sorted(SETS))
    parser.add_argument("--minutes", type=float, default=40, help="what the issue allows; told beside what it took")
    parser.add_argument("--scale", type=float, default=1, help="times the epochs of the recipe")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--report")
    return parser.parse_args()


def train(asked, name):
    """The lines of the log; a run that was cut off is taken up."""
    job, model = SETS[name], os.path.join(asked.data, "models", "yolo-fastest-1.1-xl", "yolo-fastest-1.1-xl")
    out = os.path.join(asked.folder, name)
    words = [asked.cli, "train", model + ".cfg", os.path.join(asked.data, job["train"]), "--weights", model + ".weights", "--classes-from-data",
             "--output", out, "--epochs", str(max(1, round(job["epochs"] * asked.scale)))] + job["options"] + RECIPE
    words += ["--threads", str(asked.threads)] if asked.threads else []
    checkpoint = os.path.join(out, "checkpoint")
    words += ["--resume", checkpoint] if os.path.exists(checkpoint) else []
    print(" ".join(words), flush=True)
    subprocess.run(words, check=True)
    with open(os.path.join(out, "log.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def test(asked, name):
    out = os.path.join(asked.folder, name)
    path, *more = SETS[name]["test"]
    words = [asked.cli, "evaluate", os.path.join(out, "net.cfg"), os.path.join(out, "best.weights"), os.path.join(asked.data, path), *more,
             "--names", os.path.join(out, "net.names"), "--json", "--quiet"]
    return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)


def curve(lines, columns=16):
    """mAP of the validation images along the run, some of the measurements."""
    measured = [line for line in lines if line["map"] is not None]
    step = max(1, len(measured) // columns)
    some = measured[::step] + ([measured[-1]] if (len(measured) - 1) % step else [])
    rows = ["| epoch | " + " | ".join(str(line["epoch"]) for line in some) + " |", "|---" * (len(some) + 1) + "|",
            "| minutes | " + " | ".join(f"{line['total_seconds'] / 60:.1f}" for line in some) + " |",
            "| loss | " + " | ".join(f"{line['loss']:.1f}" for line in some) + " |",
            "| mAP, % | " + " | ".join(f"{100 * line['map']:.1f}" for line in some) + " |"]
    return "\n".join(rows)


def tell(asked, name):
    lines, found = train(asked, name), test(asked, name)
    minutes = lines[-1]["total_seconds"] / 60
    best = max((line for line in lines if line["map"] is not None), key=lambda line: line["map"])
    speed = sum(line["images_per_second"] for line in lines) / len(lines)
    low, high = found["interval"]
    return (f"## {name}\n\nWith `{' '.join(SETS[name]['options'])}` besides: {len(lines)} epochs in {minutes:.1f} minutes ({asked.minutes:g} "
            f"allowed), {speed:.1f} images a second trained. Best validation {100 * best['map']:.1f} % after epoch {best['epoch']}. **mAP@.5 of {found['images']} test images "
            f"{100 * found['map']:.1f} %, 95 % {100 * low:.1f} to {100 * high:.1f}** (aim {100 * SETS[name]['aim']:.0f} %).\n\n{curve(lines)}\n")


def main():
    asked = options()
    parts = [f"# Fine-tuning yolo-fastest-1.1-xl\n\nWritten by `tests/bench/fine-tune.py` on {platform.machine()} with {os.cpu_count()} threads. "
             f"`espalier-cli train` with `{' '.join(RECIPE)}`; everything else "
             "as the cfg says. The best weights are those of the best validation; the test images were asked once.\n"]
    parts += [tell(asked, name) for name in SETS if asked.only in (None, name)]
    text = "\n".join(parts)
    print(text)
    if asked.report:
        with open(asked.report, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    sys.exit(main())
