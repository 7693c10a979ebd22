#!/usr/bin/python3
"""losses.py: remakes tests/data/witness/losses: what PyTorch's autograd says of the losses of [yolo], [region] and [softmax], in float64.

Written from the papers and what darknet does, with nothing of the program's. losses.f64 holds raw numbers and gradient of every case, losses.json cfg,
truths and the losses. With --check nothing is written: the numbers must be those that are there."""
import json
import math
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid, log_softmax

from cfg import Exact, sections_of
from committed import FOLDER, Tap

BASE = os.path.join(FOLDER, "losses")
NET = "[net]\nwidth=32\nheight=24\nchannels=3\n"
YOLO = NET + "[convolutional]\nfilters=16\nsize=1\nstride=8\nactivation=%s\n[yolo]\nmask=1,2\nanchors=5,7, 12,13, 18,20, 30,20\nnum=4\nclasses=3\n"
REGION = NET + "[convolutional]\nfilters=16\nsize=1\nstride=8\nactivation=linear\n[region]\nanchors=1,2, 2.5,1.5\nnum=2\nclasses=3\n"
SOFTMAX = NET + "[convolutional]\nfilters=6\nsize=1\nactivation=linear\n[avgpool]\n"
OVERLAPS = ("iou", "giou", "diou", "ciou")
KEYS = [
    "", "ignore_thresh=.1\ntruth_thresh=.3\n", "scale_x_y=1.2\niou_normalizer=.5\nobj_normalizer=3\ncls_normalizer=.4\ndelta_normalizer=.3\n",
    "iou_thresh=.2\nlabel_smooth_eps=.1\n", "focal_loss=1\n", "new_coords=1\nscale_x_y=2\n",
    "iou_loss=ciou\niou_thresh=.2\ncounters_per_class=10,200,0\nmax_delta=.5\n",
    "iou_loss=ciou\nobjectness_smooth=1\nignore_thresh=.1\niou_thresh=.1\n", "iou_loss=diou\nobjectness_smooth=1\nignore_thresh=.1\ntruth_thresh=.2\n",
    "iou_loss=ciou\nnew_coords=1\nscale_x_y=2\niou_thresh=.2\nobjectness_smooth=1\nignore_thresh=.2\n",
    *(f"iou_loss={name}\niou_normalizer=.07\nscale_x_y=1.05\n" for name in OVERLAPS),
    *(f"iou_loss={name}\niou_thresh=.213\niou_thresh_kind={name}\nignore_thresh=.3\n" for name in OVERLAPS),
]


def entropy(target):
    return -(torch.special.xlogy(target, target) + torch.special.xlogy(1 - target, 1 - target)) if 0 < target < 1 else torch.zeros(())


def cross_entropy(z, target):
    target = torch.as_tensor(target, dtype=torch.float64)
    return binary_cross_entropy_with_logits(z, target, reduction="sum") - entropy(target)


def edges(box):
    x, y, w, h = box
    return x - w / 2, x + w / 2, y - h / 2, y + h / 2


def overlap(kind, box, truth, weigh_shape=lambda box: 1):
    """One of OVERLAPS; alpha is held, times weigh_shape, so is that."""
    (l1, r1, t1, b1), (l2, r2, t2, b2) = edges(box), edges(truth)
    zero = torch.zeros((), dtype=torch.float64)
    both = torch.maximum(torch.minimum(r1, r2) - torch.maximum(l1, l2), zero) * torch.maximum(torch.minimum(b1, b2) - torch.maximum(t1, t2), zero)
    union = box[2] * box[3] + truth[2] * truth[3] - both
    wide, high = torch.maximum(r1, r2) - torch.minimum(l1, l2), torch.maximum(b1, b2) - torch.minimum(t1, t2)
    iou = both / union
    if kind == "giou":
        return iou - (wide * high - union) / (wide * high)
    distance = ((box[0] - truth[0]) ** 2 + (box[1] - truth[1]) ** 2) / (wide ** 2 + high ** 2)
    if kind == "diou":
        return iou - distance
    if kind == "ciou":
        v = 4 / math.pi ** 2 * (torch.atan(truth[2] / truth[3]) - torch.atan(box[2] / box[3])) ** 2
        alpha = (v / (1 - iou + v + 1e-6) * weigh_shape(box)).detach()
        return iou - distance - alpha * v
    return iou


def size_overlap(kind, w, h, truth):
    at = torch.zeros((), dtype=torch.float64)
    return float(overlap(kind, (at, at, torch.as_tensor(w, dtype=torch.float64), torch.as_tensor(h, dtype=torch.float64)), (at, at, truth[2], truth[3])))


class Head:
    """Raw numbers as [anchor][entry][row][column], with what [yolo] and [region] share."""

    def __init__(self, section, net, raw, truths):
        self.section, self.classes = section, section.whole("classes", 20)
        self.rows, self.columns = net.whole("height", 0) // 8, net.whole("width", 0) // 8
        self.raw = raw.reshape(-1, 5 + self.classes, self.rows, self.columns)
        self.truths = [(truth[0], torch.tensor(truth[1:], dtype=torch.float64)) for truth in truths]
        self.scale, self.activated = section.real("scale_x_y", 1), section.whole("new_coords", 0)
        numbers = section.items("anchors", float)
        self.anchors = [(numbers[i], numbers[i + 1]) for i in range(0, len(numbers), 2)]
        self.box_loss = self.objectness_loss = self.class_loss = torch.zeros((), dtype=torch.float64)
        self.extra = torch.zeros_like(self.raw)  # steps that are no gradient

    def value(self, number):
        return number if self.activated else torch.sigmoid(number)

    def box(self, spot):
        anchor, row, column = spot
        x, y, w, h = self.raw[anchor, :4, row, column]
        place = lambda number: self.scale * self.value(number) - (self.scale - 1) / 2
        side = lambda number, size: 4 * number ** 2 * size if self.activated else torch.exp(number) * size
        size = self.sizes[anchor]
        return torch.stack([(column + place(x)) / self.columns, (row + place(y)) / self.rows, side(w, size[0]), side(h, size[1])])

    def cell(self, truth):
        return min(int(truth[1] * self.rows), self.rows - 1), min(int(truth[0] * self.columns), self.columns - 1)

    def squares(self, spot, truth):
        """Of mse: the step of x and y is (value - target), of an x that is scaled scale (value - target)."""
        anchor, row, column = spot
        numbers, size, loss = self.raw[anchor, :4, row, column], self.sizes[anchor], 0
        for number, target in ((numbers[0], truth[0] * self.columns - column), (numbers[1], truth[1] * self.rows - row)):
            if self.activated:
                loss = loss + (self.scale * number - (self.scale - 1) / 2 - target) ** 2 / 2
            else:
                loss = loss + self.scale * cross_entropy(number, (target + (self.scale - 1) / 2) / self.scale)
        for number, side, prior in ((numbers[2], truth[2], size[0]), (numbers[3], truth[3], size[1])):
            loss = loss + (number - (torch.sqrt(side / prior / 4) if self.activated else torch.log(side / prior))) ** 2 / 2
        return loss

    def score(self, number, target):
        return (number - target) ** 2 / 2 if self.activated else cross_entropy(number, target)


class Yolo(Head):
    def __init__(self, section, net, raw, truths, stock, darknet_step):
        super().__init__(section, net, raw, truths)
        real, self.darknet_step, self.stock = section.real, darknet_step, stock
        self.mask = section.items("mask")
        self.all_sizes = [(w / net.whole("width", 0), h / net.whole("height", 0)) for w, h in self.anchors]
        self.sizes = [self.all_sizes[i] for i in self.mask]
        self.kind, self.smooth, self.eps = section.text("iou_loss", "mse"), section.whole("objectness_smooth", 0), real("label_smooth_eps", 0)
        counters = [max(count, 1) for count in section.items("counters_per_class")]
        most = real("max_delta", math.inf)
        self.multipliers = [min(max(counters) / count, most) for count in counters] or [1] * self.classes
        self.most = most
        self.norms = real("iou_normalizer", 1 if stock else .75), real("obj_normalizer", 1), real("cls_normalizer", 1)

    def assign(self):
        """objectness: {spot: (target, weight)}; classes: {spot: {class: value}}; boxes: [(spot, class, truth)]"""
        ignore, sure, enough = (self.section.real(*key) for key in (("ignore_thresh", .5), ("truth_thresh", 1), ("iou_thresh", 1)))
        kind = self.section.text("iou_thresh_kind", "iou")
        objectness, classes, boxes = {}, {}, []

        def give(spot, index, truth, value=1):
            nonlocal boxes
            classes.setdefault(spot, {})[index] = value
            if self.stock:
                boxes = [entry for entry in boxes if entry[0] != spot]
            boxes.append((spot, index, truth))
            if not self.smooth:
                objectness[spot] = 1, self.multipliers[index]

        for anchor in range(len(self.mask)):
            for row in range(self.rows):
                for column in range(self.columns):
                    spot = anchor, row, column
                    ious = [float(overlap("iou", self.box(spot), truth)) for _, truth in self.truths]
                    best = max(ious, default=0)
                    named = self.stock or bool((self.value(self.raw[anchor, 5:, row, column]) > .25).any())
                    objectness[spot] = 0, 1
                    if named and best > ignore:
                        objectness[spot] = (best, 1) if self.smooth else (0, 0)
                    if best > sure:
                        give(spot, *self.truths[ious.index(best)], best ** 2 if self.smooth else 1)
                        objectness[spot] = best ** 2 if self.smooth else 1, 1
        for index, truth in self.truths:
            fits = [size_overlap("iou", *size, truth) for size in self.all_sizes]
            best = fits.index(max(fits))
            also = [i for i, size in enumerate(self.all_sizes) if i != best and enough < 1 and size_overlap(kind, *size, truth) > enough]
            for anchor in [best] + also:
                if anchor in self.mask:
                    give((self.mask.index(anchor), *self.cell(truth)), index, truth)
        shares = {spot: len(found) if enough < 1 else 1 for spot, found in classes.items()}
        return objectness, classes, [(spot, index, truth, 1 / shares[spot]) for spot, index, truth in boxes]

    def pull(self, spot, index, truth, share):
        anchor, row, column = spot
        weight, small = self.norms[0] * self.multipliers[index], 2 - truth[2] * truth[3]
        if self.kind == "mse":
            self.box_loss = self.box_loss + share * weight * small * self.squares(spot, truth)
            return
        numbers = self.raw[anchor, :4, row, column]
        box = self.box(spot)
        self.box_loss = self.box_loss + share * weight * small * (1 - overlap(self.kind, box, truth)).detach()
        if self.darknet_step:
            held = box.detach().requires_grad_()
            slope, = torch.autograd.grad(overlap(self.kind, held, truth, lambda box: box[2] ** 2 + box[3] ** 2), held)
            factors = torch.ones(4, dtype=torch.float64)
            factors[2:] = 2 * (1 if self.activated else torch.exp(numbers[2:]).detach())
            step = -weight * slope * factors
        else:
            step = -weight * small * torch.autograd.grad(overlap(self.kind, box, truth), self.raw, retain_graph=True)[0][anchor, :4, row, column]
        self.extra[anchor, :4, row, column] += share * step.clamp(-self.most, self.most)

    def run(self):
        objectness, classes, boxes = self.assign()
        low = self.eps / 2
        for spot, index, truth, share in boxes:
            self.pull(spot, index, truth, share)
        for (anchor, row, column), (target, weight) in objectness.items():
            self.objectness_loss = self.objectness_loss + self.norms[1] * weight * self.score(self.raw[anchor, 4, row, column], target)
        for (anchor, row, column), true in classes.items():
            for k in range(self.classes):
                number = self.raw[anchor, 5 + k, row, column]
                weight = self.norms[2] * (self.multipliers[k] if k in true else 1)
                if self.section.whole("focal_loss", 0):
                    signed = number if k in true else -number
                    term = -.5 * torch.sigmoid(-signed) ** 2 * logsigmoid(signed)
                else:
                    term = self.score(number, true[k] * (1 - self.eps) + low if k in true else low)
                self.class_loss = self.class_loss + weight * term
        return self.section.real("delta_normalizer", 1)


class Region(Head):
    def __init__(self, section, net, raw, truths, to_anchors):
        super().__init__(section, net, raw, truths)
        self.sizes = [(w / self.columns, h / self.rows) for w, h in self.anchors]
        self.to_anchors = to_anchors

    def run(self):
        whole, real = self.section.whole, self.section.real
        boxes, classes, objectness = {}, {}, {}
        spots = [(a, r, c) for a in range(len(self.anchors)) for r in range(self.rows) for c in range(self.columns)]
        for spot in spots:
            spared = any(float(overlap("iou", self.box(spot), truth)) > real("thresh", .5) for _, truth in self.truths)
            objectness[spot] = 0, 0 if spared else real("noobject_scale", 1)
            if self.to_anchors:
                middle = [(spot[2] + .5) / self.columns, (spot[1] + .5) / self.rows, *self.sizes[spot[0]]]
                boxes[spot] = torch.tensor(middle, dtype=torch.float64), .01
        for index, truth in self.truths:
            row, column = self.cell(truth)
            sizes = self.sizes if whole("bias_match", 0) else [self.box((a, row, column))[2:].detach() for a in range(len(self.anchors))]
            fits = [size_overlap("iou", *size, truth) for size in sizes]
            spot = fits.index(max(fits)), row, column
            boxes[spot] = truth, real("coord_scale", 1) * (2 - truth[2] * truth[3])
            objectness[spot] = float(overlap("iou", self.box(spot), truth)) if whole("rescore", 0) else 1, real("object_scale", 1)
            if whole("softmax", 0):
                classes[spot] = {index}
            else:
                classes.setdefault(spot, set()).add(index)
        for spot, (truth, weight) in boxes.items():
            self.box_loss = self.box_loss + weight * self.squares(spot, truth)
        for (anchor, row, column), (target, weight) in objectness.items():
            self.objectness_loss = self.objectness_loss + weight * self.score(self.raw[anchor, 4, row, column], target)
        for (anchor, row, column), true in classes.items():
            numbers = self.raw[anchor, 5:, row, column]
            if whole("softmax", 0):
                term = -log_softmax(numbers, 0)[list(true)].sum()
            else:
                term = sum(self.score(number, float(k in true)) for k, number in enumerate(numbers))
            self.class_loss = self.class_loss + real("class_scale", 1) * term
        return 1


def softmax_loss(sections, raw, index):
    net, soft = sections[0], next(section for section in sections if section.kind == "softmax")
    eps, scale = net.real("label_smooth_eps", 0), sections[-1].real("scale", 1) if sections[-1].kind == "cost" else 1
    target = torch.full_like(raw, eps / (len(raw) - 1))
    target[index] = 1 - eps
    return scale * (torch.special.xlogy(target, target) - target * log_softmax(raw / soft.real("temperature", 1), 0)).sum()


def cases():
    for keys in KEYS:
        text = YOLO % ("logistic" if "new_coords=1" in keys else "linear") + keys
        yield text, {}
        if "iou_loss" in keys:
            yield text, {"gradient": "exact"}
    yield YOLO % "linear" + "ignore_thresh=.1\n", {"dialect": "pjreddie"}
    for keys in ("softmax=1\nobject_scale=5\nbias_match=1\n", "rescore=1\nthresh=.2\ncoord_scale=2\nnoobject_scale=.5\nclass_scale=3\n"):
        yield REGION + keys, {}
        yield REGION + keys, {"to_anchors": True}
    for end in ("[softmax]\n", "[softmax]\ntemperature=3\n[cost]\ntype=sse\nscale=2\n"):
        yield SOFTMAX + end, {}
        yield SOFTMAX.replace("channels=3", "channels=3\nlabel_smooth_eps=.1") + end, {}


def truths_of(source, is_classifier):
    """Numbers that float32 holds; each third lies on the one before, with another class."""
    if is_classifier:
        return [[int(source.uniform(0, 6, 1)[0]), 0, 0, 0, 0]]
    truths = []
    for i in range(5):
        box = [math.floor(at * 1024) / 1024 for at in source.uniform(0, 1, 2) + source.uniform(.15, .9, 2)]
        truths.append([int(source.uniform(0, 3, 1)[0]), *(truths[-1][1:] if i % 3 == 2 else box)])
    return truths


def make():
    numbers, index = [], []
    for seed, (text, how) in enumerate(cases()):
        sections, source = sections_of(text), Exact(seed)
        is_classifier, activated = "[softmax]" in text, "new_coords=1" in text
        truths = truths_of(source, is_classifier)
        raw = torch.tensor(source.uniform(*((.05, .95) if activated else (-2, 2)), 6 if is_classifier else 16 * 12), dtype=torch.float64)
        raw.requires_grad_()
        if is_classifier:
            total, extra, factor = softmax_loss(sections, raw, truths[0][0]), torch.zeros_like(raw), 1
            parts = [0, 0, float(total)]
        else:
            net, section = sections[0], sections[-1]
            stock, step = how.get("dialect") == "pjreddie", how.get("gradient", "darknet") == "darknet"
            head = Yolo(section, net, raw, truths, stock, step) if section.kind == "yolo" else Region(section, net, raw, truths, "to_anchors" in how)
            factor = head.run()
            parts = [float(loss) * factor for loss in (head.box_loss, head.objectness_loss, head.class_loss)]
            total, extra = head.box_loss + head.objectness_loss + head.class_loss, head.extra.reshape(-1)
        gradient, = torch.autograd.grad(total, raw)
        gradient = factor * (gradient + extra.detach())
        index.append({"cfg": text, **how, "truths": truths, "parts": parts, "count": raw.numel()})
        numbers += [raw.detach().numpy(), gradient.numpy()]
    return np.concatenate(numbers).astype("<f8"), {"torch": torch.__version__, "cases": index}


def compare(numbers, index):
    with open(BASE + ".json", encoding="utf-8") as file:
        said = json.load(file)
    there = np.fromfile(BASE + ".f64", "<f8")
    strip = lambda cases: [{key: value for key, value in case.items() if key != "parts"} for case in cases]
    assert strip(said["cases"]) == strip(index["cases"]), "it holds other cases"
    worst = max(np.abs(numbers - there).max(), max(abs(a - b) for x, y in zip(said["cases"], index["cases"]) for a, b in zip(x["parts"], y["parts"])))
    assert worst <= 1e-11, f"off by {worst:.1e}"
    return f"{len(index['cases'])} cases, off by {worst:.1e}"


def main():
    torch.set_num_threads(1)
    numbers, index = make()
    if sys.argv[1:] == ["--check"]:
        tap = Tap()
        tap.run("losses made again", lambda: compare(numbers, index))
        return tap.end()
    numbers.tofile(BASE + ".f64")
    with open(BASE + ".json", "w", encoding="utf-8") as file:
        json.dump(index, file, separators=(",", ":"))
        file.write("\n")
    print(f"{len(index['cases'])} cases, {numbers.nbytes} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
