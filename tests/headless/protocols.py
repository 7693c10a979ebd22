"""protocols.py: COCO, VOC and TIDE from files of detections: by hand, TIDE against a second implementation, and what is refused."""
import json
import os
import random
import shutil
import sys
import tempfile
from xml.sax.saxutils import escape

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)), os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "witness")]
import tide as witness
from cli import Tap, ask, refused, run

SIDE = 640


def truth(image, category, bbox, area=None, crowd=0, difficult=0):
    return {"image": image, "category": category, "bbox": bbox, "area": bbox[2] * bbox[3] if area is None else area, "crowd": crowd,
            "difficult": difficult}


def found(image, category, bbox, score):
    return {"image": image, "category": category, "bbox": bbox, "score": score}


def write_coco(folder, truths, detections, images, categories):
    data, results = os.path.join(folder, "truths.json"), os.path.join(folder, "results.json")
    with open(data, "w", encoding="utf-8") as file:
        json.dump({"images": [{"id": i, "file_name": f"{i}.jpg", "width": SIDE, "height": SIDE} for i in images],
                   "categories": [{"id": c, "name": f"kind {c}"} for c in categories],
                   "annotations": [{"id": k, "image_id": t["image"], "category_id": t["category"], "bbox": t["bbox"], "area": t["area"],
                                    "iscrowd": t["crowd"]} for k, t in enumerate(truths)]}, file)
    write_results(results, detections)
    return data, results


def write_results(path, detections, extra=lambda row: {"image_id": row["image"]}):
    with open(path, "w", encoding="utf-8") as file:
        json.dump([dict(extra(row), category_id=row["category"], bbox=row["bbox"], score=row["score"]) for row in detections], file)


def write_voc(root, truths, images, names, side=SIDE):
    """Inclusive pixels from 1."""
    os.makedirs(os.path.join(root, "Annotations"))
    for image in images:
        objects = ""
        for t in (t for t in truths if t["image"] == image):
            x, y, w, h = t["bbox"]
            objects += (f"<object><name>{escape(names[t['category']])}</name><difficult>{t['difficult']}</difficult><bndbox><xmin>{x + 1}</xmin>"
                        f"<ymin>{y + 1}</ymin><xmax>{x + w}</xmax><ymax>{y + h}</ymax></bndbox></object>")
        with open(os.path.join(root, "Annotations", f"{image}.xml"), "w", encoding="utf-8") as file:
            file.write(f"<annotation><filename>{image}.jpg</filename><size><width>{side}</width><height>{side}</height></size>{objects}"
                       "</annotation>")


def near(value, wanted, what="", within=1e-9):
    assert (value is None) == (wanted is None) and (value is None or abs(value - wanted) < within), f"{what}: {value}, expected {wanted}"


class Scenes:
    """Asks the program about scenes, each in a folder of its own."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def new(self):
        self.count += 1
        path = os.path.join(self.folder, str(self.count))
        os.makedirs(path)
        return path

    def coco(self, truths, detections, *options, images=(0,), categories=(1,), protocol="coco"):
        data, results = write_coco(self.new(), truths, detections, images, categories)
        return ask("evaluate", "--from-detections", results, data, "--protocol", protocol, *options)


def coco_by_hand(scenes):
    box = [100, 100, 50, 50]  # medium
    at = lambda iou: [100, 100, 50, 50 * iou]  # inside the box, so that IoU is its share

    def check(result, **wanted):
        for key, value in wanted.items():
            near(result[key], value, key)

    # IoU .72 passes .5 .55 .6 .65 .7: half of the thresholds
    check(scenes.coco([truth(0, 1, box)], [found(0, 1, at(.72), .9)]), map=.5, ap50=1, ap75=0, ap_small=None, ap_medium=.5, ap_large=None,
          ar_1=.5, ar_10=.5, ar_100=.5)
    # an IoU of just the threshold passes; half a pixel less does not
    check(scenes.coco([truth(0, 1, box)], [found(0, 1, [100, 100, 50, 25], .9)]), map=.1, ap50=1)
    check(scenes.coco([truth(0, 1, box)], [found(0, 1, [100, 100, 50, 24.5], .9)]), map=0, ap50=0)
    # a crowd: two detections inside are ignored, though each covers a small part; the truth beside it is found
    crowd, beside = truth(0, 1, [200, 200, 300, 300], crowd=1), truth(0, 1, box)
    inside = [found(0, 1, [210, 210, 40, 40], .95), found(0, 1, [300, 300, 40, 40], .94)]
    check(scenes.coco([crowd, beside], inside + [found(0, 1, box, .5)]), map=1, ar_1=0, ar_10=1, tp=1, fp=0, fn=0)
    # half outside the crowd is no longer in it at IoU .55: a false positive ahead of the true one
    check(scenes.coco([crowd, beside], [found(0, 1, [180, 210, 40, 40], .95), found(0, 1, box, .5)]), ap50=1, map=(1 + 9 * .5) / 10)
    # a truth that counts goes before the crowd that covers it better
    check(scenes.coco([truth(0, 1, [80, 80, 200, 200], crowd=1), beside], [found(0, 1, at(.72), .9)]), ap50=1, map=.5)
    # equal IoU: the later truth is taken; the second detection then has the earlier one
    pair = [truth(0, 1, [100, 100, 40, 40]), truth(0, 1, [120, 100, 40, 40])]
    check(scenes.coco(pair, [found(0, 1, [110, 100, 40, 40], .9), found(0, 1, [100, 100, 40, 40], .8)]), ap50=1)
    check(scenes.coco(pair, [found(0, 1, [110, 100, 40, 40], .9), found(0, 1, [120, 100, 40, 40], .8)]), ap50=51 / 101)
    # equal scores: the first of the file goes first, and in it the earlier image
    two = [truth(0, 1, box), truth(1, 1, box)]
    miss = lambda image: found(image, 1, [400, 400, 50, 50], .5)
    hit = lambda image: found(image, 1, box, .5)
    check(scenes.coco(two, [hit(0), miss(0), hit(1)], images=(0, 1)), map=(51 + 50 * 2 / 3) / 101)
    check(scenes.coco(two, [miss(0), hit(0), hit(1)], images=(0, 1)), map=2 / 3)
    check(scenes.coco(two, [hit(1), miss(0), hit(0)], images=(0, 1)), map=2 / 3)
    # ... which is that of the smaller id, in whatever order the data set has them
    check(scenes.coco(two, [hit(0), miss(0), hit(1)], images=(1, 0)), map=(51 + 50 * 2 / 3) / 101)
    check(scenes.coco(two, [hit(0), miss(1), hit(1)], images=(1, 0)), map=(51 + 50 * 2 / 3) / 101)
    check(scenes.coco(two, [hit(1), miss(0), hit(0)], images=(1, 0)), map=2 / 3)
    # at most 100 detections of a class in an image: the true one is the 101st by score
    crowded = [found(0, 1, [400, 400, 50, 50], .9)] * 100
    check(scenes.coco([truth(0, 1, box)], crowded[:99] + [found(0, 1, box, .1)]), map=.01, ar_100=1, ar_10=0)
    check(scenes.coco([truth(0, 1, box)], crowded + [found(0, 1, box, .1)]), map=0, ar_100=0)
    check(scenes.coco([truth(0, 1, box)], [dict(row, category=2) for row in crowded] + [found(0, 1, box, .1)], categories=(1, 2)), map=1)
    # sizes go by the annotated area, both ends in both ranges
    edge = truth(0, 1, [0, 0, 32, 32])
    check(scenes.coco([edge], [found(0, 1, [0, 0, 32, 32], .9)]), ap_small=1, ap_medium=1, ap_large=None)
    mask = truth(0, 1, [0, 0, 100, 100], area=500)
    check(scenes.coco([mask], [found(0, 1, [0, 0, 100, 100], .9)]), ap_small=1, ap_medium=None, ap_large=None, ar_small=1, ar_medium=None)
    # an area of 0 is annotated too
    check(scenes.coco([truth(0, 1, [0, 0, 100, 100], area=0)], [found(0, 1, [0, 0, 100, 100], .9)]), ap_small=1, ap_large=None, ar_large=None)
    # an unmatched detection outside the range is ignored; inside it is false
    check(scenes.coco([edge, truth(0, 1, [200, 200, 200, 200])],
                      [found(0, 1, [450, 450, 100, 100], .95), found(0, 1, [0, 0, 32, 32], .9), found(0, 1, [200, 200, 200, 200], .8)]),
          ap_small=1, ap_large=.5, map=2 / 3)
    # classes without objects are left out, whatever is said of them; a recall of 35 / 100 misses numpy's level 0.35000000000000003
    result = scenes.coco([truth(0, 1, box)], [found(0, 1, box, .9), found(0, 2, box, .9)], categories=(1, 2, 3))
    check(result, map=1)
    assert [row["ap"] for row in result["per_class"]] == [1, None, None], result["per_class"]
    assert result["interval"] == [1, 1], result["interval"]
    many = [truth(i, 1, box) for i in range(100)]
    check(scenes.coco(many, [found(i, 1, box, .9) for i in range(35)], images=range(100)), map=35 / 101)
    check(scenes.coco(many, [found(i, 1, box, .9) for i in range(36)], images=range(100)), map=37 / 101)
    # annotation id 0 is an object like any other, as is an empty answer
    check(scenes.coco([truth(0, 1, box)], []), map=0, ap50=0, ar_100=0, fn=1, tp=0)


def tide_by_hand(scenes):
    box, far = [100, 100, 50, 50], [400, 400, 50, 50]

    def check(truths, detections, ap, counts, **gains):
        result = scenes.coco(truths, detections, "--tide", categories=(1, 2))["tide"]
        near(result["ap"], ap, "ap")
        assert result["counts"] == {**dict.fromkeys(("cls", "loc", "both", "dupe", "bkg", "miss"), 0), **counts}, result
        for kind in ("cls", "loc", "both", "dupe", "bkg", "miss"):
            near(result[kind], gains.get(kind, 0), kind)
        for kind in ("false_pos", "false_neg"):
            if kind in gains:
                near(result[kind], gains[kind], kind)

    right = found(0, 1, box, .5)
    check([truth(0, 1, box)], [right], 1, {})
    check([truth(0, 1, box)], [found(0, 1, [100, 100, 50, 20], .9)], 0, {"loc": 1}, loc=1, false_pos=0, false_neg=0)
    check([truth(0, 1, box)], [found(0, 1, [100, 100, 50, 20], .9), right], .5, {"loc": 1}, loc=.5, false_pos=.5)  # the object is taken: dropped
    check([truth(0, 1, box)], [found(0, 2, box, .9)], 0, {"cls": 1}, cls=1)
    check([truth(0, 1, box)], [found(0, 1, box, .9), found(0, 1, [100, 100, 50, 45], .8), found(0, 1, far, .7)], 1, {"dupe": 1, "bkg": 1})
    two = [truth(0, 1, box), truth(0, 1, [200, 200, 50, 50])]
    second = found(0, 1, [200, 200, 50, 50], .3)
    half = lambda p: (51 + 50 * p) / 101
    check(two, [found(0, 1, box, .9), found(0, 1, [100, 100, 50, 45], .8), second], half(2 / 3), {"dupe": 1}, dupe=1 - half(2 / 3),
          false_pos=1 - half(2 / 3))
    check(two, [found(0, 1, box, .9), found(0, 1, far, .8), second], half(2 / 3), {"bkg": 1}, bkg=1 - half(2 / 3))
    check(two, [found(0, 1, box, .9), found(0, 2, [200, 200, 50, 20], .8)], 51 / 101 / 2, {"both": 1, "miss": 1},
          both=51 / 101 / 2, miss=.5 - 51 / 101 / 2)  # without its detection class 2 is empty and leaves the mean
    check(two, [found(0, 1, box, .9)], 51 / 101, {"miss": 1}, miss=50 / 101, false_neg=50 / 101)
    # of two that would find one object, the better score does, whatever its type; the other goes
    check([truth(0, 1, box)], [found(0, 1, [100, 100, 50, 20], .9), found(0, 2, box, .8)], 0, {"loc": 1, "cls": 1}, loc=.5, cls=0)
    check([truth(0, 1, box)], [found(0, 1, [100, 100, 50, 20], .8), found(0, 2, box, .9)], 0, {"loc": 1, "cls": 1}, loc=0, cls=50.5 / 50.5)
    # IoU .1 is Loc and not Bkg; a crowd's part is no error
    check([truth(0, 1, box)], [found(0, 1, [100, 100, 50, 5], .9), right], .5, {"loc": 1}, loc=.5)
    check([truth(0, 1, box), truth(0, 1, [300, 300, 200, 200], crowd=1)], [found(0, 1, far, .9), right], 1, {})


def voc_by_hand(scenes):
    def check(truths, detections, map_2007, map_2010, **wanted):
        root = scenes.new()
        write_voc(os.path.join(root, "voc"), truths, sorted({t["image"] for t in truths}), ["a", "b", "c"])
        results = os.path.join(root, "results.json")
        write_results(results, detections, lambda row: {"image_id": str(row["image"])})
        for year, value in ((2007, map_2007), (2010, map_2010)):
            result = ask("evaluate", "--from-detections", results, os.path.join(root, "voc"), "--protocol", f"voc-{year}")
            near(result["map"], value, f"voc-{year}")
            for key in wanted:
                near(result[key], wanted[key], key)

    box = [100, 100, 50, 50]
    check([truth(0, 0, box)], [found(0, 0, [100, 100, 50, 25], .9)], 1, 1)  # 0.5 is enough
    check([truth(0, 0, box)], [found(0, 0, [100, 100, 50, 24], .9)], 0, 0)
    # the best object is taken: false, though another is free and enough
    pair = [truth(0, 0, [100, 100, 40, 40]), truth(0, 0, [110, 100, 40, 40])]
    check(pair, [found(0, 0, [100, 100, 40, 40], .9), found(0, 0, [104, 100, 40, 40], .8)], 6 / 11, .5, tp=1, fp=1, fn=1)
    # a difficult one need not be found; found, once or more often, it does not matter
    hard = truth(0, 0, [300, 300, 50, 50], difficult=1)
    check([truth(0, 0, box), hard], [found(0, 0, [300, 300, 50, 50], .9), found(0, 0, [300, 300, 50, 45], .8), found(0, 0, box, .7)], 1, 1,
          tp=1, fp=0, fn=0)
    # hit, false, hit: precision 1, 1/2, 2/3; class b has nothing but a difficult object and is left out
    rows = [found(0, 0, box, .9), found(0, 0, [400, 400, 9, 9], .8), found(0, 0, [200, 200, 50, 50], .7)]
    check([truth(0, 0, box), truth(0, 0, [200, 200, 50, 50]), truth(0, 1, [5, 5, 50, 50], difficult=1)], rows, (6 + 5 * 2 / 3) / 11,
          (1 + 2 / 3) / 2)


def random_scene(seed, n_images=12, n_classes=5):
    """Objects of all sizes, crowds and difficult ones; detections near them, doubled, of other classes, and anywhere; scores on a coarse grid."""
    rng = random.Random(seed)
    images, truths, detections = list(range(n_images)), [], []
    place = lambda side: [rng.randrange(0, SIDE - side - 40), rng.randrange(0, SIDE - side - 40)]
    for image in images:
        for _ in range(rng.randrange(0, 7)):
            side = rng.choice([12, 30, 32, 60, 96, 150, 300])
            bbox = place(side) + [side + rng.randrange(0, 9), side + rng.randrange(0, 9)]
            kind = rng.random()
            truths.append(truth(image, rng.randrange(1, n_classes), bbox, area=bbox[2] * bbox[3] * rng.choice([1, 1, .6]), crowd=int(kind < .12),
                                difficult=int(kind > .85)))
            for _ in range(rng.choice([0, 1, 1, 1, 2, 4])):
                moved = [v + rng.randrange(-3, 4) * max(1, side // rng.choice([12, 24])) for v in bbox]
                category = truths[-1]["category"] if rng.random() < .8 else rng.randrange(0, n_classes)
                detections.append(found(image, category, moved[:2] + [max(4, moved[2]), max(4, moved[3])], rng.randrange(1, 40) / 40))
        for _ in range(rng.randrange(0, 5)):
            side = rng.choice([10, 40, 120])
            detections.append(found(image, rng.randrange(0, n_classes), place(side) + [side, side * 2 // 3], rng.randrange(1, 30) / 40))
    for _ in range(130):  # more than 100 of one class in one image
        detections.append(found(0, 1, place(20) + [20, 20], rng.randrange(1, 40) / 40))
    return images, list(range(n_classes)), truths, detections


def random_tide(scenes):
    for seed in range(4):
        images, categories, truths, detections = random_scene(seed)
        result = scenes.coco(truths, detections, "--tide", images=images, categories=categories)
        plain = [dict(t, difficult=0) for t in truths]  # COCO json has none
        assert .05 < result["map"] < .95 and sum(n > 0 for n in result["tide"]["counts"].values()) >= 5, result["tide"]
        # score ties stay in file order on both sides
        wanted = witness.tide(plain, detections, images, categories)
        assert result["tide"].pop("counts") == wanted.pop("counts"), seed
        for key, value in wanted.items():
            near(result["tide"][key], value, f"seed {seed}: TIDE {key}", 1e-12)
        assert result["interval"][0] <= result["map"] <= result["interval"][1], result["interval"]


def what_is_refused(scenes):
    box = [1, 1, 5, 5]
    data, results = write_coco(scenes.new(), [truth(0, 1, box)], [found(0, 1, box, .9), found(0, 77, box, .9)], (0,), (1,))
    done = run("evaluate", "--from-detections", results, data, "--protocol", "coco", "--json")
    assert "1 detections of categories" in done.stderr and json.loads(done.stdout)["map"] == 1, done.stderr
    def refuse(text, *naming):
        with open(results, "w", encoding="utf-8") as file:
            file.write(text)
        refused("evaluate", "--from-detections", results, data, naming=["results.json", *naming])
    row = '{"image_id": 0, "category_id": 1, "score": 0.5, "bbox": [1, 1, 5, 5]}'
    refuse("", "empty")
    refuse("{}", "array")
    refuse("[1]", "element 0")
    refuse(f"[{row}, {row.replace('0,', '9,', 1)}]", "[1]", "image_id 9")
    refuse(f"[{row.replace('5]', '-5]')}]", "bbox[3]", "-5")
    refuse(f"[{row.replace(', 5]', ']')}]", "bbox", "four")
    refuse(f"[{row.replace('0.5', 'null')}]", "score")
    refuse(f"[{row.replace('category_id', 'category')}]", "category_id")
    for arguments in (["--from-detections", results], ["--from-detections", results, "a.cfg", "b.weights", data],
                      ["--from-detections", results, data, "--plan", "p.json"], ["--from-detections", results, data, "--protocol", "voc"]):
        run("evaluate", *arguments, expect=2)


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    scenes = Scenes(folder)
    try:
        for test in (coco_by_hand, tide_by_hand, voc_by_hand, random_tide, what_is_refused):
            tap.check(test.__name__.replace("_", " "), lambda: test(scenes))
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
