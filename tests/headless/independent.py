"""independent.py: every protocol against tests/witness/metrics64.py, which was written from the definitions alone, on cases drawn by lot.

    independent.py [SEEDS]    so many of each kind, 2 if not said"""
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from xml.sax.saxutils import escape

HERE = os.path.dirname(os.path.abspath(__file__))
WITNESS = os.path.join(HERE, "..", "witness")
sys.path[:0] = [HERE, WITNESS]
import metrics64
from cli import Tap, ask

WIDTH, HEIGHT = 640, 480
WITHIN = 1e-12
# What is odd about each kind of case; "folder": the truths are given as a folder of VOC XML.
KINDS = {
    "plain": {},
    "whole pixels": {"whole": True},
    "equal scores": {"levels": 16},
    "crowds": {"crowds": 0.25, "whole": True, "levels": 64},
    "difficult": {"difficult": 0.3, "whole": True, "levels": 32, "folder": True},
    "many classes": {"classes": 60, "images": 30},
    "more than 100": {"images": 3, "classes": 2, "boxes": 30, "noise": 170, "sides": (60, 300), "levels": 256},
    "areas at the edges": {"areas": True, "sides": (20, 120), "whole": True},
    "odd ids": {"odd": True, "classes": 7, "levels": 32, "crowds": 0.1},
}


class Case:
    """Truths and results drawn by lot: each truth has none to three detections near it, some of another class; others lie anywhere."""

    def __init__(self, seed, images=16, classes=4, boxes=5, noise=2, sides=(12, 200), whole=False, levels=0, crowds=0.0, difficult=0.0,
                 odd=False, areas=False, folder=False):
        self.lot, self.sides, self.whole, self.levels, self.folder = random.Random(seed), sides, whole, levels, folder
        self.crowds, self.difficult, self.areas = crowds, difficult, areas
        self.images = self.lot.sample(range(1, 10**6), images) if odd else list(range(images))
        self.categories = self.lot.sample(range(1, 400), classes) if odd else list(range(classes))
        if odd:
            self.images[images // 2] = self.categories[classes // 2] = 0
        self.with_truths = self.categories[:-2] if odd else self.categories
        self.truths, self.results = [], []
        for image in self.images:
            if odd and self.lot.random() < 0.2:
                continue  # nothing there and nothing seen
            for _ in range(self.lot.randint(0, 2 * boxes)):
                self.add_truth(image)
            for _ in range(self.lot.randint(0, 2 * noise)):
                self.add_result(image, self.lot.choice(self.categories), self.draw_box(), 0.6)
        if not folder:
            self.lot.shuffle(self.truths)
        self.lot.shuffle(self.results)
        for number, truth in enumerate(self.truths):
            truth["id"] = number

    def draw_box(self):
        wide, high = (self.lot.uniform(*self.sides) for _ in range(2))
        return self.tidy([self.lot.uniform(0, WIDTH - wide), self.lot.uniform(0, HEIGHT - high), wide, high])

    def tidy(self, box):
        """Cut to the image; in whole pixels where they are asked for."""
        x, y = max(box[0], 0.0), max(box[1], 0.0)
        right, bottom = min(box[0] + box[2], WIDTH), min(box[1] + box[3], HEIGHT)
        if self.whole:
            x, y = min(round(x), WIDTH - 1), min(round(y), HEIGHT - 1)
            right, bottom = max(round(right), x + 1), max(round(bottom), y + 1)
        return [x, y, right - x, bottom - y]

    def near(self, box, spread):
        moved = [value + self.lot.uniform(-spread, spread) * box[2 + place % 2] for place, value in enumerate(box)]
        return self.tidy([moved[0], moved[1], max(moved[2], 2.0), max(moved[3], 2.0)])

    def at_an_edge(self, box):
        """Of an area of 32² or 96², or a line of pixels off it."""
        side = self.lot.choice([32, 96])
        wide, high = self.lot.choice([(side, side), (side // 2, side * 2), (side, side - 1), (side + 1, side)])
        return [min(box[0], WIDTH - wide), min(box[1], HEIGHT - high), wide, high]

    def add_truth(self, image):
        box, category = self.draw_box(), self.lot.choice(self.with_truths)
        if self.areas and self.lot.random() < 0.5:
            box = self.at_an_edge(box)
        truth = {"image_id": image, "category_id": category, "bbox": box, "area": box[2] * box[3],
                 "iscrowd": int(self.lot.random() < self.crowds), "difficult": int(self.lot.random() < self.difficult)}
        if self.areas and self.lot.random() < 0.3:
            truth["area"] *= self.lot.choice([0, 0.4, 0.6, 0.8])  # that of a mask
        self.truths.append(truth)
        for _ in range(self.lot.choice([0, 1, 1, 1, 2, 3])):
            seen = self.lot.choice(self.categories) if self.lot.random() < 0.1 else category
            self.add_result(image, seen, self.near(box, self.lot.choice([0, 0.03, 0.1, 0.2])), 1)

    def add_result(self, image, category, box, most):
        score = self.lot.uniform(0.01, most)
        if self.levels:
            score = max(round(score * self.levels), 1) / self.levels
        self.results.append({"image_id": image, "file_name": f"{image:07d}.jpg", "category_id": category, "bbox": box, "score": score})

    def dataset(self):
        return {"images": [{"id": image, "file_name": f"{image:07d}.jpg", "width": WIDTH, "height": HEIGHT} for image in self.images],
                "categories": [{"id": category, "name": f"class {category}"} for category in self.categories], "annotations": self.truths}

    def ask(self, folder, protocol):
        """What the program says of it."""
        results = write(os.path.join(folder, "results.json"), self.results)
        if not self.folder:
            data = write(os.path.join(folder, "truth.json"), self.dataset())
            return ask("evaluate", "--from-detections", results, data, "--protocol", protocol)
        names = [f"class {category}" for category in self.categories]
        data, listed = write_voc(folder, self.dataset(), names), os.path.join(folder, "names.txt")
        return ask("evaluate", "--from-detections", results, data, "--names", listed, "--protocol", protocol)


def write(path, what):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(what, file)
    return path


def write_voc(folder, dataset, names):
    """A folder of VOC XML, inclusive pixels from 1, and names.txt beside it. Categories are places among the names."""
    root = os.path.join(folder, "voc")
    os.makedirs(os.path.join(root, "Annotations"), exist_ok=True)
    with open(os.path.join(folder, "names.txt"), "w", encoding="utf-8") as file:
        file.write("".join(f"{name}\n" for name in names))
    for image in dataset["images"]:
        lines = [f"<annotation><filename>{image['file_name']}</filename>",
                 f"<size><width>{image['width']}</width><height>{image['height']}</height><depth>3</depth></size>"]
        for truth in dataset["annotations"]:
            if truth["image_id"] == image["id"]:
                x, y, wide, high = truth["bbox"]
                lines.append(f"<object><name>{escape(names[truth['category_id']])}</name><difficult>{truth.get('difficult', 0)}</difficult>"
                             f"<bndbox><xmin>{x + 1}</xmin><ymin>{y + 1}</ymin><xmax>{x + wide}</xmax><ymax>{y + high}</ymax></bndbox></object>")
        stem = os.path.splitext(image["file_name"])[0]
        with open(os.path.join(root, "Annotations", stem + ".xml"), "w", encoding="utf-8") as file:
            file.write("\n".join(lines + ["</annotation>", ""]))
    return root


def compare(said, wanted, categories, where):
    """Each number that the witness gives; how many there were."""
    pairs = [(key, said[key], value) for key, value in {**wanted, **wanted.get("stats", {})}.items()
             if key not in ("per_class", "stats", "mean_iou")]
    assert [one["class"] for one in said["per_class"]] == list(range(len(categories))), where
    for one, category in zip(said["per_class"], categories):
        pairs += [(f"{key} of {category}", one[key], wanted["per_class"][category][key]) for key in ("ap", "objects")]
    for key, mine, other in pairs:
        assert (mine is None) == (other is None) and (mine is None or abs(mine - other) <= WITHIN), f"{where}: {key}: {mine}, expected {other}"
    if "mean_iou" in wanted:  # of boxes in float, as darknet's are
        assert abs(said["mean_iou"] - wanted["mean_iou"]) < 1e-5, where
    return len(pairs), max(abs(mine - other) for _, mine, other in pairs if mine is not None)


def check_kind(folder, name, seeds):
    numbers, worst, maps = 0, 0.0, set()
    for seed in range(seeds):
        case = Case(f"{name} {seed}", **KINDS[name])
        for protocol in metrics64.PROTOCOLS:
            wanted = metrics64.measure(case.dataset(), case.results, protocol)
            some, apart = compare(case.ask(folder, protocol), wanted, sorted(case.categories), f"{name}, seed {seed}, {protocol}")
            numbers, worst = numbers + some, max(worst, apart)
            maps.add(wanted["map"])
            assert 0.05 < wanted["map"] < 0.95, wanted["map"]
    assert len(maps) >= 4 * seeds, maps  # area, 11 and 101 points, ten thresholds
    print(f"# {name}: {numbers} numbers, at most {worst:.1e} apart")


def check_nothing_seen(folder):
    """No results at all, and an image set without truths of some class."""
    case = Case("nothing")
    case.results = []
    for protocol in metrics64.PROTOCOLS:
        wanted = metrics64.measure(case.dataset(), [], protocol)
        assert wanted["map"] == 0
        compare(case.ask(folder, protocol), wanted, case.categories, protocol)


def check_command(folder):
    """The witness as a command says what it says as a library."""
    case = Case("command", crowds=0.2)
    truth, results = write(os.path.join(folder, "truth.json"), case.dataset()), write(os.path.join(folder, "results.json"), case.results)
    for protocol in ("darknet-11", "coco"):
        done = subprocess.run([sys.executable, os.path.join(WITNESS, "metrics64.py"), truth, results, "--protocol", protocol], check=True,
                              capture_output=True, text=True)
        assert json.loads(done.stdout)["map"] == metrics64.measure(case.dataset(), case.results, protocol)["map"], protocol


def oracle_rows(folder):
    """image, class, [confidence,] left, top, right, bottom of each line; the edges are inclusive pixels."""
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            for fields in map(str.split, file):
                left, top, right, bottom = map(int, fields[-4:])
                yield os.path.splitext(name)[0], fields[0], [left, top, right - left + 1, bottom - top + 1], float(fields[1])


def check_known_set(folder, oracle):
    """85 images with objects of 30 classes, of which the mAP is known: 31.05 % by VOC 2010 in inclusive pixels."""
    truths, results = (list(oracle_rows(os.path.join(oracle, part))) for part in ("ground-truth", "detection-results"))
    images = [os.path.splitext(name)[0] for name in sorted(os.listdir(os.path.join(oracle, "ground-truth")))]
    names = sorted({row[1] for row in truths + results})
    dataset = {"images": [{"id": place, "file_name": f"{image}.jpg", "width": 2000, "height": 2000} for place, image in enumerate(images)],
               "categories": [{"id": place, "name": name} for place, name in enumerate(names)],
               "annotations": [{"image_id": images.index(row[0]), "category_id": names.index(row[1]), "bbox": row[2]} for row in truths]}
    rows = [{"image_id": images.index(row[0]), "category_id": names.index(row[1]), "bbox": row[2], "score": row[3]} for row in results]
    data, path = write_voc(folder, dataset, names), write(os.path.join(folder, "results.json"), rows)
    for protocol in metrics64.PROTOCOLS:
        said = ask("evaluate", "--from-detections", path, data, "--names", os.path.join(folder, "names.txt"), "--protocol", protocol)
        wanted = metrics64.measure(dataset, rows, protocol)
        compare(said, wanted, range(len(names)), protocol)
        assert said["images"] == 85 and sum(one["objects"] > 0 for one in said["per_class"]) == 30
        assert protocol != "voc-2010" or f"{100 * said['map']:.2f}" == f"{100 * wanted['map']:.2f}" == "31.05", (said["map"], wanted["map"])


def main():
    tap, folder = Tap(), tempfile.mkdtemp()
    shared = os.environ.get("ESP_SHARED_DATA") or os.path.join(os.environ["ESP_SOURCE_ROOT"], "..", "shared", "data")
    oracle = os.path.join(shared, "map-oracle")

    def new(name):
        path = os.path.join(folder, name)
        os.makedirs(path)
        return path

    try:
        for name in KINDS:
            tap.check(name, lambda: check_kind(new(name), name, int(sys.argv[1]) if len(sys.argv) > 1 else 2))
        tap.check("nothing seen", lambda: check_nothing_seen(new("nothing")))
        tap.check("command", lambda: check_command(new("command")))
        if os.path.isdir(oracle):
            tap.check("known set", lambda: check_known_set(new("known"), oracle))
        else:
            tap.count += 1
            print(f"ok {tap.count} - known set # SKIP {oracle} is not there")
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
