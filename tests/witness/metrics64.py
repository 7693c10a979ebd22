#!/usr/bin/env python3
"""metrics64.py: the detection protocols a second time, in float64, from their definitions and without sight of core/measure.

    metrics64.py TRUTH.json RESULTS.json [--protocol P] [--inclusive]

TRUTH is COCO json (an annotation may also say "difficult": 1), RESULTS COCO results. The answer is one JSON object with classes by
category id. Plain Python: a float is a double, and nothing is rounded on the way.

Where the tools leave a choice open, this is the reading taken:
- Detections of equal score stay in the order of the images, then of the file (COCO: of image ids, then of the file, as its tool has it).
- Of two truths that a detection overlaps equally, darknet and VOC take the first, COCO the last in its order (its loop says "not worse").
- VOC and COCO leave a class without truths that count out of the mean; darknet divides by all classes.
- darknet and VOC know no crowds, and COCO nothing of difficult ones: a crowd is a difficult truth to the former, and a difficult truth is
  one that COCO ignores without being a crowd.
- VOC's inclusive pixels: a box x, y, w, h of COCO json covers w * h pixels, so its xmax is x + w - 1 and xmax - xmin + 1 is w again.
  With --inclusive the corners are VOC's own numbers instead: xmin = x and xmax = x + w, one pixel wider.
- COCO's areas hold both their ends: a truth of exactly 32 * 32 is small and medium.
- The detections of the file are all: no threshold, no suppression. Only COCO counts them, 100 of an image and class.
"""
import argparse
import bisect
import collections
import json
import sys

PROTOCOLS = ("darknet", "darknet-11", "darknet-101", "voc-2007", "voc-2010", "coco")
COCO_KEYS = ("map", "ap50", "ap75", "ap_small", "ap_medium", "ap_large",
             "ar_1", "ar_10", "ar_100", "ar_small", "ar_medium", "ar_large")

Truth = collections.namedtuple("Truth", "index image category box area crowd difficult")
Detection = collections.namedtuple("Detection", "index image category box score")


class Case:
    """Images and categories by id in the order of the file, truths and detections by (image, category)."""

    def __init__(self, truth, results):
        self.images = [image["id"] for image in truth["images"]]
        self.categories = [category["id"] for category in truth["categories"]]
        self.truths = collections.defaultdict(list)
        self.detections = collections.defaultdict(list)
        self.of_image = collections.defaultdict(list)
        for index, one in enumerate(truth["annotations"]):
            box = [float(value) for value in one["bbox"]]
            self.truths[one["image_id"], one["category_id"]].append(
                Truth(index, one["image_id"], one["category_id"], box, float(one.get("area", box[2] * box[3])), bool(one.get("iscrowd", 0)),
                      bool(one.get("difficult", 0)) or bool(one.get("iscrowd", 0))))
        for index, one in enumerate(results):
            found = Detection(index, one["image_id"], one["category_id"], [float(value) for value in one["bbox"]], float(one["score"]))
            self.detections[found.image, found.category].append(found)
            self.of_image[found.image].append(found)

    def ranked(self, category):
        """All detections of a class, best score first; equal scores keep the order of images and of the file."""
        found = [one for image in self.images for one in self.detections[image, category]]
        return sorted(found, key=lambda one: -one.score)

    def truths_of(self, category):
        return [one for image in self.images for one in self.truths[image, category]]


def overlap(a, b, extra=0.0, crowd=False):
    """Intersection over union of two boxes x, y, w, h; over a's area alone where b is a crowd. extra widens both (VOC's one pixel)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]) + extra
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]) + extra
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    area = (a[2] + extra) * (a[3] + extra)
    return both / (area if crowd else area + (b[2] + extra) * (b[3] + extra) - both)


def best_of(truths, box, extra=0.0):
    """The truth that overlaps most (the first of equals) and by how much; (None, 0) where none touches."""
    best, most = None, 0.0
    for one in truths:
        now = overlap(box, one.box, extra)
        if now > most:
            best, most = one, now
    return best, most


def curve(marks, total):
    """Recall and precision after each rank; marks are True for a hit, False for a miss."""
    recall, precision, hits = [], [], 0
    for rank, mark in enumerate(marks, 1):
        hits += mark
        recall.append(hits / total if total else 0.0)
        precision.append(hits / rank)
    return recall, precision


def area_under(recall, precision):
    """The area under the precision that never rises with recall."""
    total, best = 0.0, 0.0
    for rank in range(len(recall) - 1, -1, -1):
        best = max(best, precision[rank])
        total += (recall[rank] - (recall[rank - 1] if rank else 0.0)) * best
    return total


def at_points(recall, precision, points):
    """The mean over equally spaced recalls of the best precision at that recall or beyond."""
    total = 0.0
    for point in range(points):
        level = point / (points - 1)
        total += max((p for r, p in zip(recall, precision) if r >= level), default=0.0)
    return total / points


def darknet(case, points=0, threshold=0.25, minimum=0.5):
    """`detector map`: the best truth of the class, taken or not, strictly above minimum; the mean over all classes."""
    match, area = {}, {}
    for (image, category), found in list(case.detections.items()):
        plain = [one for one in case.truths[image, category] if not one.difficult]
        hard = [one for one in case.truths[image, category] if one.difficult]
        for one in found:
            if one.score <= 0:
                continue
            best, most = best_of(plain, one.box)
            if most > minimum:
                match[one.index], area[one.index] = best.index, most
            elif not any(overlap(one.box, other.box) > minimum for other in hard):
                match[one.index] = None
    per_class, total = {}, 0
    for category in case.categories:
        objects = sum(not one.difficult for one in case.truths_of(category))
        total += objects
        taken, marks = set(), []
        for one in case.ranked(category):
            if one.index in match:
                best = match[one.index]
                marks.append(best is not None and best not in taken)
                taken.add(best)
        rows = curve(marks, objects)
        per_class[category] = {"ap": at_points(*rows, points) if points else area_under(*rows), "objects": objects}
    answer = {"map": sum(one["ap"] for one in per_class.values()) / len(case.categories), "per_class": per_class}
    answer.update(darknet_counts(case, match, area, total, threshold))
    return answer


def darknet_counts(case, match, area, total, threshold):
    """Hits and misses above threshold; a truth is used up by any earlier detection of the same image, whatever its score."""
    tp = fp = 0
    overlaps = 0.0
    for image in case.images:
        taken = set()
        for one in case.of_image[image]:
            if one.index not in match or one.category not in case.categories:
                continue
            best = match[one.index]
            if one.score > threshold:
                hit = best is not None and best not in taken
                tp, fp = tp + hit, fp + (not hit)
                overlaps += area[one.index] if hit else 0.0
            taken.add(best)
    precision = tp / (tp + fp) if tp + fp else 0.0
    recall = tp / total if total else 0.0
    return {"tp": tp, "fp": fp, "fn": total - tp, "precision": precision, "recall": recall,
            "f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
            "mean_iou": overlaps / (tp + fp) if tp + fp else 0.0}


def voc(case, year, extra=0.0, minimum=0.5):
    """VOCdevkit: the best truth of the class from minimum on; one that is difficult makes the detection count for nothing."""
    per_class = {}
    for category in case.categories:
        objects = sum(not one.difficult for one in case.truths_of(category))
        taken, marks = set(), []
        for one in case.ranked(category):
            best, most = best_of(case.truths[one.image, category], one.box, extra)
            if most < minimum:
                marks.append(False)
            elif not best.difficult:
                marks.append(best.index not in taken)
                taken.add(best.index)
        rows = curve(marks, objects)
        ap = (at_points(*rows, 11) if year == 2007 else area_under(*rows)) if objects else None
        per_class[category] = {"ap": ap, "objects": objects}
    return {"map": mean([one["ap"] for one in per_class.values()]), "per_class": per_class}


def mean(values):
    """The mean of those that are there; none if there are none."""
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


# As the tool's numpy makes them: start + i * step, the end set.
COCO_OVERLAPS = [0.5 + i * ((0.95 - 0.5) / 9) for i in range(9)] + [0.95]
COCO_RECALLS = [i * 0.01 for i in range(100)] + [1.0]
COCO_AREAS = {"all": (0.0, 1e5**2), "small": (0.0, 32.0**2), "medium": (32.0**2, 96.0**2), "large": (96.0**2, 1e5**2)}


def coco_match(truths, ignored, overlaps, level):
    """For each detection (row of overlaps) the truth it takes or None. Truths stand with those not ignored first."""
    taken, answer = set(), []
    for row in overlaps:
        least, mine = min(level, 1 - 1e-10), None
        for place, one in enumerate(truths):
            if place in taken and not one.crowd:
                continue
            if mine is not None and not ignored[mine] and ignored[place]:
                break
            if row[place] >= least:
                least, mine = row[place], place
        if mine is not None:
            taken.add(mine)
        answer.append(mine)
    return answer


def coco_image(case, image, category, low, high):
    """One image, class and range of areas: how many truths count, and a row (score, per threshold hit True, miss False, ignored None)."""
    truths = [(one, one.difficult or one.area < low or one.area > high) for one in case.truths[image, category]]
    truths.sort(key=lambda pair: pair[1])
    ignored = [pair[1] for pair in truths]
    truths = [pair[0] for pair in truths]
    found = sorted(case.detections[image, category], key=lambda one: -one.score)[:100]
    overlaps = [[overlap(one.box, other.box, crowd=other.crowd) for other in truths] for one in found]
    outside = [one.box[2] * one.box[3] < low or one.box[2] * one.box[3] > high for one in found]
    rows = [(one.score, []) for one in found]
    for level in COCO_OVERLAPS:
        for place, mine in enumerate(coco_match(truths, ignored, overlaps, level)):
            aside = outside[place] if mine is None else ignored[mine]
            rows[place][1].append(None if aside else mine is not None)
    return ignored.count(False), rows


def coco_class(case, category, area, most):
    """Per threshold the 101 precisions and the recall reached; None where no truth counts."""
    parts = [coco_image(case, image, category, *COCO_AREAS[area]) for image in sorted(set(case.images))]
    objects = sum(part[0] for part in parts)
    if not objects:
        return None
    ranked = sorted((row for part in parts for row in part[1][:most]), key=lambda row: -row[0])
    answer = []
    for place in range(len(COCO_OVERLAPS)):
        recall, precision = curve([row[1][place] for row in ranked if row[1][place] is not None], objects)
        for rank in range(len(precision) - 1, 0, -1):
            precision[rank - 1] = max(precision[rank - 1], precision[rank])
        ranks = [bisect.bisect_left(recall, level) for level in COCO_RECALLS]
        answer.append(([precision[rank] if rank < len(precision) else 0.0 for rank in ranks], recall[-1] if recall else 0.0))
    return answer


def coco_mean(classes, levels, wanted):
    """The mean over classes and the thresholds named of precision (wanted 0) or recall (1)."""
    values = []
    for one in classes:
        for place in levels if one is not None else ():
            values += one[place][0] if wanted == 0 else [one[place][1]]
    return mean(values)


def coco(case):
    """pycocotools' twelve numbers (None where it says -1) and AP per class."""
    whole = {(area, most): [coco_class(case, category, area, most) for category in case.categories]
             for area, most in (("all", 1), ("all", 10), ("all", 100), ("small", 100), ("medium", 100), ("large", 100))}
    every = range(len(COCO_OVERLAPS))
    best = whole["all", 100]
    stats = [coco_mean(best, every, 0), coco_mean(best, [0], 0), coco_mean(best, [5], 0)]
    stats += [coco_mean(whole[area, 100], every, 0) for area in ("small", "medium", "large")]
    stats += [coco_mean(whole["all", most], every, 1) for most in (1, 10, 100)]
    stats += [coco_mean(whole[area, 100], every, 1) for area in ("small", "medium", "large")]
    per_class = {category: {"ap": coco_mean([one], every, 0), "objects": sum(not truth.difficult for truth in case.truths_of(category))}
                 for category, one in zip(case.categories, best)}
    return {"map": stats[0], "stats": dict(zip(COCO_KEYS, stats)), "per_class": per_class}


def measure(truth, results, protocol="darknet", inclusive=False):
    """What the protocol gives for COCO json and results, both as json.load has them."""
    case = Case(truth, results)
    if protocol == "coco":
        return coco(case)
    if protocol in ("voc-2007", "voc-2010"):
        return voc(case, int(protocol[4:]), 1.0 if inclusive else 0.0)
    return darknet(case, {"darknet": 0, "darknet-11": 11, "darknet-101": 101}[protocol])


def main():
    parser = argparse.ArgumentParser(description="detection metrics in float64")
    parser.add_argument("truth")
    parser.add_argument("results")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="darknet")
    parser.add_argument("--inclusive", action="store_true", help="corners are VOC's inclusive pixels")
    given = parser.parse_args()
    with open(given.truth, encoding="utf-8") as file:
        truth = json.load(file)
    with open(given.results, encoding="utf-8") as file:
        results = json.load(file)
    json.dump(measure(truth, results, given.protocol, given.inclusive), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
