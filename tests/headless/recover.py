"""recover.py: what a cut gets back without training, whole blocks left out, and classes cut of every kind of head."""
import array
import json
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, make_sample, refused, run

DARKNET = "/usr/share/darknet/cfg"
SHARED = os.environ.get("ESP_SHARED_DATA", os.path.join(os.environ["ESP_SOURCE_ROOT"], "..", "shared", "data"))


def random_weights(cfg, path):
    """Positive numbers, so that variances are some; a stretch of them again and again."""
    lot = random.Random(1)
    stretch = array.array("f", (lot.uniform(.01, .1) for _ in range(4099)))
    count = ask("info", cfg)["params"]
    with open(path, "wb") as file:
        array.array("i", (0, 2, 5, 0, 0)).tofile(file)
        values = stretch * (count // len(stretch) + 1)
        values[:count].tofile(file)


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    try:
        cfg, weights, data = make_sample(folder, 24)
        cut = ("prune", cfg, weights, "--criterion", "l1", "--ratio", .3, "--no-oracle")
        plain, place = os.path.join(folder, "plain"), os.path.join(folder, "place")
        whole = ask("evaluate", cfg, weights, data)["map"]

        def effects():
            before = ask(*cut, "--output", plain)
            assert before["recovery"] is None
            said = ask(*cut, "--compensate", "--bn-images", data, "--bn-count", 12, "--measure", data, "--output", place)
            stages = said["recovery"]
            assert list(stages)[1:] == ["whole", "cut", "compensated", "estimated"] and stages["images"] == 24
            assert stages["whole"]["map"] == whole and stages["whole"]["difference"] is None
            files = [os.path.join(plain, "pruned." + ending) for ending in ("cfg", "weights")]
            assert stages["cut"]["map"] == ask("evaluate", *files, data)["map"]
            files = [os.path.join(place, "pruned." + ending) for ending in ("cfg", "weights")]
            assert stages["estimated"]["map"] == ask("evaluate", *files, data)["map"], "the files are not those that were measured"
            last = stages["whole"]
            for name in ("cut", "compensated", "estimated"):
                low, high = stages[name]["difference_interval"]
                assert low <= stages[name]["difference"] <= high
                assert abs(stages[name]["difference"] - (stages[name]["map"] - last["map"])) < 1e-12
                last = stages[name]
            assert stages["compensated"]["by"] == "beta" and stages["compensated"]["constants"] > 100
            assert 0 < stages["compensated"]["layers_near_at_borders"] < stages["compensated"]["layers"]
            assert stages["estimated"]["images"] == 12 and stages["estimated"]["layers"] == 15
            assert said["max_difference"] <= 1e-12 and said["after"] == before["after"]
            with open(os.path.join(place, "pruned.weights"), "rb") as a, open(os.path.join(plain, "pruned.weights"), "rb") as b:
                assert a.read() != b.read()
            means = ask(*cut, "--compensate", "--compensate-images", data, "--measure", data, "--output", plain)["recovery"]
            assert means["compensated"]["by"] == "means" and means["compensated"]["map"] != stages["compensated"]["map"]
            again = ask(*cut, "--compensate", "--bn-images", data, "--bn-count", 12, "--output", plain)
            assert again["recovery"]["estimated"]["map"] is None
            for name in ("pruned.cfg", "pruned.weights", "plan.json"):
                with open(os.path.join(place, name), "rb") as a, open(os.path.join(plain, name), "rb") as b:
                    assert a.read() == b.read(), name

        def wrong_usage():
            for words in (("--bn-count", 3), ("--bn-split", "val"), ("--measure", data), ("--compensate-images", data),
                          ("--compensate", "--compensate-split", "val"), ("--compensate", "--measure-split", "val")):
                run(*cut, *words, "--output", place, expect=2)
            refused(*cut, "--bn-images", os.path.join(folder, "nowhere.txt"), "--output", place, naming=["nowhere.txt"])

        def blocks():
            said = ask("blocks", cfg, weights, data)
            assert [block["layer"] for block in said["blocks"]] == [4, 9, 14] and said["others"] == []
            assert said["whole"]["map"] == whole and "without" not in said
            for block in said["blocks"]:
                assert abs(block["difference"] - (block["map"] - whole)) < 1e-12
            removed = os.path.join(folder, "removed")
            less = ask("blocks", cfg, weights, data, "--remove", 14, "--remove", 9, "--output", removed)
            assert less["max_difference"] <= 1e-12
            gone = {block["layer"]: block["params"] for block in said["blocks"]}
            assert less["after"]["params"] == less["before"]["params"] - gone[14] - gone[9]
            files = [os.path.join(removed, "removed." + ending) for ending in ("cfg", "weights")]
            assert ask("evaluate", *files, data)["map"] == less["without"]["map"]
            assert ask("info", files[0], "--weights", files[1])["params"] == less["after"]["params"]
            with open(os.path.join(removed, "layer-map.json"), encoding="utf-8") as file:
                layers = json.load(file)["layers"]
            assert layers[:7] == list(range(7)) and layers[7:10] == [-1] * 3 and layers[-1] == len(layers) - 7, layers
            other = os.path.join(folder, "other")
            assert ask("blocks", cfg, weights, "--remove", 4, "--output", other)["max_difference"] <= 1e-12
            with open(os.path.join(other, "mine.txt"), "w", encoding="utf-8") as file:
                file.write("stays\n")
            run("blocks", cfg, weights, "--remove", 14, "--remove", 9, "--output", other)  # over an older result: that of the new one, whole
            for name in ("removed.cfg", "removed.weights", "layer-map.json"):
                with open(os.path.join(removed, name), "rb") as a, open(os.path.join(other, name), "rb") as b:
                    assert a.read() == b.read(), name
            assert sorted(os.listdir(other)) == ["layer-map.json", "mine.txt", "removed.cfg", "removed.weights"]
            os.mkdir(os.path.join(folder, "stuck"))
            os.makedirs(os.path.join(folder, "stuck", "layer-map.json", "in the way"))
            run("blocks", cfg, weights, "--remove", 14, "--output", os.path.join(folder, "stuck"), expect=1)
            assert not os.path.exists(os.path.join(folder, "stuck", "removed.cfg"))  # without one the others are no network
            refused("blocks", cfg, weights, "--remove", 5, "--output", place, naming=["layer 5 is a [maxpool]", "4, 9 or 14"])
            for words in ((cfg, "--remove", 4), (cfg, weights, "--output", place), (cfg, weights, "--remove", "x"), (cfg, weights, "--remove", 99)):
                run("blocks", *words, expect=2)

        def keep_of(network, numbers, classes, words, n_kept):
            said = ask("prune", network, numbers, "--criterion", "l1", "--ratio", .2, "--keep-classes", words, "--no-oracle", "--output", place)
            assert said["max_difference"] <= 1e-12 and len(said["classes"]) == n_kept, said
            pruned = os.path.join(place, "pruned.cfg")
            assert ask("info", network)["classes"] == classes and ask("info", pruned)["classes"] == n_kept
            with open(os.path.join(place, "pruned.names"), encoding="utf-8") as file:
                assert file.read().split() == said["classes"]
            assert os.path.getsize(os.path.join(place, "pruned.weights")) == said["after"]["file_bytes"] < said["before"]["file_bytes"]

        def yolo_head():
            network = os.path.join(SHARED, "models", "yolo-fastest-1.1", "yolo-fastest-1.1.cfg")
            if not os.path.exists(network):
                return "the shared data are not here (ESP_SHARED_DATA)"
            return keep_of(network, network[:-3] + "weights", 80, "0,2,pet=15+16", 3)

        def other_head(name, classes):
            def head():
                network, numbers = os.path.join(DARKNET, name), os.path.join(folder, "random.weights")
                if not os.path.exists(network):
                    return "darknet's cfgs are not here"
                random_weights(network, numbers)
                return keep_of(network, numbers, classes, "3,1,both=0+2", 3)

            head.__name__ = "classes of " + name
            return head

        for test in (effects, wrong_usage, blocks, yolo_head, other_head("yolov2-tiny-voc.cfg", 20), other_head("cifar.cfg", 10)):
            tap.check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
