"""readers.py: the sample as VOC XML, as COCO json and with drawn splits: the same objects give the same numbers."""
import json
import os
import shutil
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused, run

IMAGES = 12


def png_size(path):
    with open(path, "rb") as file:
        return struct.unpack(">II", file.read(24)[16:24])


def read_labels(sample):
    """(picture, its size, [(class, left, top, width, height in pixels)]) of each image of the list, in its order."""
    with open(os.path.join(sample, "test.txt"), encoding="utf-8") as file:
        pictures = [line.strip() for line in file if line.strip()]
    for picture in pictures:
        name = os.path.basename(picture)
        width, height = png_size(os.path.join(sample, "images", name))
        with open(os.path.join(sample, "labels", os.path.splitext(name)[0] + ".txt"), encoding="utf-8") as file:
            rows = [line.split() for line in file if line.strip()]
        yield name, (width, height), [
            (int(row[0]), (x - w / 2) * width, (y - h / 2) * height, w * width, h * height)
            for row in rows for x, y, w, h in [map(float, row[1:])]]


def write_voc(root, labels, names):
    for folder in ("Annotations", "JPEGImages", "ImageSets/Main"):
        os.makedirs(os.path.join(root, folder))
    for name, (width, height), rows in labels:
        objects = "".join(
            f"<object><name>{names[c]}</name><bndbox><xmin>{x + 1}</xmin><ymin>{y + 1}</ymin><xmax>{x + w}</xmax><ymax>{y + h}</ymax></bndbox></object>"
            for c, x, y, w, h in rows)
        with open(os.path.join(root, "Annotations", os.path.splitext(name)[0] + ".xml"), "w", encoding="utf-8") as file:
            file.write(f"<annotation><size><width>{width}</width><height>{height}</height></size>{objects}</annotation>")
    with open(os.path.join(root, "ImageSets", "Main", "val.txt"), "w", encoding="utf-8") as file:
        file.write("".join(os.path.splitext(name)[0] + "\n" for name, _, _ in labels))


def write_coco(path, labels, names):
    """Ids with gaps, from 0, and categories the other way round."""
    images = [{"id": 7 * i, "file_name": name, "width": size[0], "height": size[1]} for i, (name, size, _) in enumerate(labels)]
    rows = [(7 * i, row) for i, (_, _, rows) in enumerate(labels) for row in rows]
    annotations = [{"id": k, "image_id": image, "category_id": 90 - 45 * c, "bbox": [x, y, w, h], "area": w * h, "iscrowd": 0}
                   for k, (image, (c, x, y, w, h)) in enumerate(rows)]
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"images": images, "annotations": annotations,
                   "categories": [{"id": 90 - 45 * c, "name": name} for c, name in enumerate(names)]}, file)


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, IMAGES)
        sample = os.path.dirname(cfg)
        pictures, listed = os.path.join(sample, "images"), os.path.join(sample, "test.txt")
        names_path = os.path.join(sample, "sample.names")
        with open(names_path, encoding="utf-8") as file:
            names = file.read().split()
        labels = list(read_labels(sample))
        whole = ask("evaluate", cfg, weights, data, "--names", names_path)
        counted = ("map", "tp", "fp", "fn", "images", "precision", "recall")

        def same(said):
            for key in counted:
                assert abs(said[key] - whole[key]) < 1e-9, (key, said[key], whole[key])
            assert [one["objects"] for one in said["per_class"]] == [one["objects"] for one in whole["per_class"]]

        def voc():
            root = os.path.join(folder, "voc")
            write_voc(root, labels, names)
            same(ask("evaluate", cfg, weights, root, "--names", names_path, "--images", pictures))
            refused("evaluate", cfg, weights, root, "--split", "test", naming=["no split", "test", "val"])

        def coco():
            path = os.path.join(folder, "instances.json")
            write_coco(path, labels, names)
            same(ask("evaluate", cfg, weights, path, "--names", names_path, "--images", pictures))
            rows = os.path.join(folder, "rows.json")
            ask("evaluate", cfg, weights, path, "--names", names_path, "--images", pictures, "--detections", rows)
            with open(rows, encoding="utf-8") as file:
                said = json.load(file)
            assert {row["image_id"] for row in said} <= {7 * i for i in range(IMAGES)}
            assert {row["category_id"] for row in said} <= {90 - 45 * c for c in range(len(names))}
            again = ask("evaluate", "--from-detections", rows, path, "--images", pictures)
            assert abs(again["map"] - whole["map"]) < 1e-9 and again["tp"] == whole["tp"] and again["fp"] == whole["fp"], again
            refused("evaluate", "--from-detections", rows, path, "--names", names_path, naming=["names of their own"])

        def drawn():
            seeded = ("--split-seed", 3, "--split-parts", "6/3/3")
            parts = [ask("evaluate", cfg, weights, listed, "--names", names_path, "--split", split, *seeded) for split in ("train", "val", "test")]
            assert [part["images"] for part in parts] == [6, 3, 3]
            assert sum(part["tp"] + part["fn"] for part in parts) == whole["tp"] + whole["fn"]
            refused("evaluate", cfg, weights, listed, "--split", "val", naming=["no split", "seed"])
            for words in (["--split-seed", 3], ["--split", "val", "--split-parts", "1/1/1"], ["--split", "val", "--split-seed", "x"],
                          ["--split", "val", "--split-seed", 1, "--split-parts", "1/1"]):
                assert run("evaluate", cfg, weights, listed, *words, "--json", expect=2).stdout == "", words

        def classes():
            root = os.path.join(folder, "classes")
            for name, (picture, _, _) in zip(names, labels):
                os.makedirs(os.path.join(root, name))
                shutil.copy(os.path.join(pictures, picture), os.path.join(root, name))
            refused("evaluate", cfg, weights, root, naming=["classes of whole images", "no boxes"])

        for test in (voc, coco, drawn, classes):
            tap.check(test.__name__, test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
