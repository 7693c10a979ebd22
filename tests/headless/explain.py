"""explain.py: attribute and figure from outside, on the sample."""
import json
import os
import shutil
import struct
import subprocess
import tempfile

PROGRAM = os.path.join(os.environ["ESP_BUILD_ROOT"], "app", "espalier-cli")


def run(*arguments, expect=0):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)
    assert done.returncode == expect, f"{arguments}: exit {done.returncode}, expected {expect}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done


def ask(*arguments):
    return json.loads(run(*arguments, "--json").stdout)


def refused(*arguments, naming):
    done = run(*arguments, expect=1)
    assert done.stdout == "", done.stdout
    for word in naming:
        assert word in done.stderr, f"{word!r} is not in {done.stderr!r}"


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    folder = tempfile.mkdtemp()
    os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
    try:
        sample = os.path.join(folder, "sample")
        run("sample", sample, "--test", 6, "--quiet")
        cfg, weights, data, names = [os.path.join(sample, "sample." + ending) for ending in ("cfg", "weights", "data", "names")]
        images = sorted(os.path.join(sample, "images", name) for name in os.listdir(os.path.join(sample, "images"))
                        if name.startswith("test"))
        seen = ask("detect", cfg, weights, images[0], "--names", names)["images"][0]["detections"]
        output = os.path.join(folder, "out")
        spec = os.path.join(folder, "spec.json")

        def attribute(*arguments):
            return ask("attribute", cfg, weights, *arguments, "--names", names, "--output", output)

        def box():
            said = attribute(images[0], "--target", "box:1")
            one, = said["heatmaps"]
            values = struct.unpack(f"<{one['width'] * one['height']}f", bytes_of(one["values"]))
            assert one["target"].startswith(seen[0]["name"]), one
            assert one["method"] == "gradient-activation"
            assert max(values) == one["highest"] and min(values) == one["lowest"] and max(values) > 0
            assert one["energy_in_box"] > one["chance"] > 0, one
            assert bytes_of(one["file"]).startswith(b"\x89PNG"), one
            assert said["ones"] == 2

        def channels():
            layers = [layer for layer in ask("info", cfg, "--weights", weights)["layers"] if layer["kind"] == "convolutional"]
            told = [(one["layer"], one["channel"]) for one in attribute(images[0])["channels"]]
            assert told == [(layer["index"], c) for layer in layers for c in range(layer["out"][0])]
            some = attribute(images[0], "--layer", layers[1]["index"])["channels"]
            assert [one["channel"] for one in some] == list(range(layers[1]["out"][0])), some

        def sums():
            every = [attribute(image)["channels"] for image in images]
            whole = attribute(data, "--target", "dataset")
            assert whole["images"] == len(images)
            for i, one in enumerate(whole["channels"]):
                expected = sum(scores[i]["score"] for scores in every)
                assert abs(one["score"] - expected) <= 1e-9 * max(1, abs(expected)), (one, expected)

        def nothing():
            empty = os.path.join(folder, "empty")
            for given in (images[0], data):
                refused("attribute", cfg, weights, given, "--target", "class:0", "--tau", "1", "-o", empty, naming=("nothing to explain",))
                assert os.listdir(empty) == []

        def targets():
            width, height = seen[0]["box"][2:]
            parts = {part: attribute(images[0], "--target", f"box:1:{part}") for part in ("objectness", "class", "x", "y", "w", "h")}
            whole = attribute(images[0], "--target", "box:1")
            assert all(said["ones"] == 1 for said in parts.values())
            assert abs(parts["objectness"]["value"] + parts["class"]["value"] - whole["value"]) < 1e-5
            assert parts["y"]["heatmaps"][0]["energy_in_box"] is not None
            assert parts["y"]["heatmaps"][0]["target"].startswith("y of " + seen[0]["name"])
            summed = attribute(images[0], "--target", "2*box:1:class-0.5*box:1:objectness")
            assert abs(summed["value"] - 2 * parts["class"]["value"] + .5 * parts["objectness"]["value"]) < 1e-5
            missed = attribute(images[0], "--target", "missed:" + ",".join(map(str, seen[0]["box"])) + ":" + seen[0]["name"])
            assert missed["ones"] == 2 and missed["heatmaps"][0]["target"] == "missed " + seen[0]["name"]
            assert width > 0 and height > 0
            with open(names) as file:
                classes = file.read().split("\n")[:-1]
            several = attribute(images[0], "--target", "class:" + "+".join(classes))
            assert several["value"] == attribute(images[0])["value"]
            one, use = [attribute(images[0], "--masks", masks)["ones"] for masks in ("both", "spatial")]
            assert 0 < one < use

        def methods():
            listed = run("attribute", "--help").stdout
            ids = [line.split(":")[0].strip() for line in listed[listed.index("Methods,"):].splitlines()[1:] if line.startswith("  ")]
            assert len(ids) > 10 and "gradient-activation" in ids, ids
            fast = {"integrated-gradients": ":baseline=black", "smoothgrad": ":samples=3", "d-rise": ":masks=20"}
            for i, name in enumerate(ids):
                arguments = ("attribute", cfg, weights, images[0], "--names", names, "--output", output, "--target", "box:1",
                             "--method", name + fast.get(name, ""), "--json", "--layer")
                for layer in ((2, "pixels") if i % 2 else ("pixels", 2)):
                    done = subprocess.run([PROGRAM, *map(str, arguments), str(layer)], capture_output=True, text=True, timeout=120)
                    if done.returncode == 0:
                        break
                    assert "gives no heatmap at" in done.stderr, done.stderr
                said = json.loads(done.stdout)
                one, = said["heatmaps"]
                assert (one["method"], one["layer"]) == (name, layer), one
                assert one["highest"] != one["lowest"], one
                assert len(said["channels"]) > 0 or name in said["channels_reason"], said
            note = attribute(images[0], "--target", "box:1", "--layer", 2, "--method", "integrated-gradients")["heatmaps"][0]["note"]
            assert note.startswith("complete to"), note
            said = attribute(images[0], "--target", "box:1", "--method", "occlusion")
            assert said["channels"] == [] and said["heatmaps"][0]["layer"] == "pixels", said["heatmaps"]
            write_spec(method="integrated-gradients:steps=40", layer="pixels")
            assert "integrated gradients" in ask("figure", spec, "-o", os.path.join(folder, "methods.svg"))["caption"].lower()

        def refusals():
            for method, word in (("gradient:steps=3", "steps"), ("integrated-gradients:steps=3", "32"), ("magic", "smoothgrad")):
                done = run("attribute", cfg, weights, images[0], "--method", method, "-o", output, expect=2)
                assert word in done.stderr, done.stderr
            run("attribute", cfg, weights, images[0], "--layer", "picture", "-o", output, expect=2)
            refused("attribute", cfg, weights, images[0], "--target", "box:999", "-o", output, naming=("box 999",))
            refused("attribute", cfg, weights, images[0], "--target", "class:unicorn", "-o", output, naming=("unicorn",))
            with open(names) as file:
                known = file.readline().strip()
            refused("attribute", cfg, weights, images[0], "--names", names, "--target", f"class:{known}s", "-o", output, naming=("near it", known))
            refused("attribute", cfg, weights, images[0], "--target", "missed:-999,0,10,10:0", "-o", output, naming=("outside the image",))
            refused("attribute", cfg, weights, data, "--target", "missed:0,0,10,10:0", "-o", output, naming=("one photograph",))
            head = max(layer["index"] for layer in ask("info", cfg)["layers"])
            refused("attribute", cfg, weights, images[0], "--layer", head, "-o", output, naming=("is a head",))
            for method in ("lrp", "grad-cam", "integrated-gradients"):
                refused("attribute", cfg, weights, images[0], "--target", "cells:26:4:3,3", "--layer", 16, "--method", method, "-o", output,
                        naming=("layer 16 is not on the way to head 26",))
            write_spec(layer=16, target={"text": "cells:26:4:3,3"})
            refused("figure", spec, "-o", os.path.join(folder, "way.png"), naming=("layer 16 is not on the way to head 26",))
            for text in ("box:0", "box:1:z", "missed:1,2,3:dog", "missed:1,2,3,4:", "cells:1", "cells:x:1", "class:", "2*", "box:1+", ""):
                run("attribute", cfg, weights, images[0], "--target", text, "-o", output, expect=2)
            run("attribute", cfg, weights, images[0], "--masks", "none", "-o", output, expect=2)
            refused("attribute", cfg, weights, data, "--target", "box:1", "-o", output, naming=("one photograph",))
            garbage = os.path.join(folder, "garbage.png")
            with open(garbage, "w") as file:
                file.write("junk")
            refused("attribute", cfg, weights, garbage, "--target", "box:1", "-o", output, naming=("garbage.png: begins with the bytes",))
            refused("attribute", cfg, weights, images[0], "--target", "cells:18:99", "-o", output,
                    naming=("channel 99: the head at layer 18 reads channels 0 to 23\n",))
            refused("attribute", cfg, weights, images[0], "--target", "cells:18:4:3,99", "-o", output,
                    naming=("row 3, column 99: the head at layer 18 has rows 0 to 15, columns 0 to 15\n",))
            refused("attribute", cfg, weights, images[0], "--target", "cells:0:4", "-o", output, naming=("layer 0 is no head", "at 18, 26\n"))
            assert "the layer of a [yolo] or [region]" in run("attribute", "--help").stdout
            for text in ("box:1-box:1", "0*box:1"):
                refused("attribute", cfg, weights, images[0], "--target", text, "-o", output, naming=("the parts of the sum cancel",))
            assert "expected --criterion" in run("ablate", cfg, weights, data, expect=2).stderr
            run("attribute", cfg, weights, images[0], "--target", "best", "-o", output, expect=2)
            run("attribute", cfg, weights, images[0], "--method", "magic", "-o", output, expect=2)
            run("attribute", cfg, weights, images[0], expect=2)

        def lens():
            said = ask("lens", cfg, weights, data, "--names", names, "--layer", 8, "--channel", 3, "--picture", 0, "--no-cost")
            told = run("lens", cfg, weights, data, "--names", names, "--layer", 8, "--channel", 3, "--picture", 0, "--no-cost").stdout
            for one in said["classes"]:
                assert f"Carries {one['name']}: {100 * one['share']:.0f} % of the channel" in told, (one, told)
            assert len(said["classes"]) > 0 and len(said["boxes"]) > 0
            for i, one in enumerate(said["boxes"]):
                assert f"In box {i + 1} of image 0, {one['name']} {one['confidence']:.2f}: {100 * one['share']:.2f} %" in told, (one, told)
            assert said["kept"]["share"] is None and "attribution needs at least 20" in said["kept"]["reason"], said["kept"]
            assert "Kept in" not in told and "attribution needs at least 20" in told, told

        def write_spec(**changes):
            said = {"kind": "view", "network": "sample/sample.cfg", "weights": "sample/sample.weights", "names": "sample/sample.names",
                    "image": os.path.relpath(images[0], folder), "target": {"box": 1}, **changes}
            with open(spec, "w") as file:
                json.dump(said, file)

        def figures():
            write_spec()
            for ending in ("png", "pdf", "svg"):
                paths = [os.path.join(folder, f"figure-{i}.{ending}") for i in (0, 1)]
                for path in paths:
                    caption = ask("figure", spec, "-o", path)["caption"]
                assert caption.startswith(f"Why {seen[0]['name']} "), caption
                assert len(bytes_of(paths[0])) > 1000 and bytes_of(paths[0]) == bytes_of(paths[1]), ending
            write_spec(target=None)
            assert ask("figure", spec, "-o", paths[0])["caption"] is None
            assert bytes_of(paths[0]) != bytes_of(paths[1])
            write_spec(target={"text": "box:1:y"})
            assert ask("figure", spec, "-o", paths[0])["caption"].startswith("Why y of "), spec

        def specs():
            path = os.path.join(folder, "figure.png")
            for changes, words in (({"kind": "pie"}, ("kind",)), ({"netwrok": "a"}, ("netwrok",)), ({"layer": 1.5}, ("layer", "whole")),
                                   ({"layer": "3"}, ("layer",)), ({"scale": [1]}, ("scale",)), ({"target": {}}, ("target",)), ({"target": {"text": "best"}}, ("target.text", "expected")),
                                   ({"target": {"box": 1, "masks": "no"}}, ("masks",)), ({"target": {"class": "0", "tau": 1}}, ("nothing to explain",)),
                                   ({"target": {"box": 0}}, ("target.box",)), ({"opacity": 2}, ("opacity",)), ({"palette": "jet"}, ("palette",)), ({"method": "magic"}, ("method", "smoothgrad")),
                                   ({"network": None}, ("network", "missing")), ({"layer": 999}, ("layer 999",)), ({"image": "none.png"}, ("none.png",))):
                write_spec(**changes)
                refused("figure", spec, "-o", path, naming=words)
                assert not os.path.exists(path), changes

        tests = (box, channels, sums, nothing, targets, methods, refusals, lens, figures, specs)
        print(f"1..{len(tests)}", flush=True)
        for i, function in enumerate(tests):
            function()
            print(f"ok {i + 1} - {function.__name__}", flush=True)
    finally:
        shutil.rmtree(folder)


main()
