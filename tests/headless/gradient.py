"""gradient.py: the gradient verb against differences of the dump verb, in float64, at pixels and parameters; and what it refuses."""
import array
import os
import random
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import Tap, ask, refused, run

CFG = """[net]
width=8
height=6
channels=3
[convolutional]
batch_normalize=1
filters=5
size=3
stride=1
pad=1
activation=logistic
[convolutional]
filters=4
size=1
activation=linear
"""
STEP = 2.0 ** -10
LAYERS = [("scaled", 5, 27, True), ("plain", 4, 5, False)]


def write(path, values, code="f"):
    with open(path, "wb") as file:
        array.array(code, values).tofile(file)


def read(path, code):
    numbers = array.array(code)
    with open(path, "rb") as file:
        numbers.frombytes(file.read())
    return list(numbers)


def write_weights(path, layers):
    """darknet's order: biases, then scales, means and variances where there are any, then weights."""
    with open(path, "wb") as file:
        array.array("i", [0, 2, 5, 0, 0]).tofile(file)
        for layer in layers:
            for name in ("biases", "scales", "means", "variances", "weights"):
                array.array("f", layer.get(name, [])).tofile(file)


def main():
    tap = Tap()
    lot = random.Random(11)
    folder = tempfile.mkdtemp()

    def some(n, low=-1.0, high=1.0):
        return [round(lot.uniform(low, high) * 4096) / 4096 for _ in range(n)]

    cfg, weights, image, seed, out = (os.path.join(folder, name) for name in ("net.cfg", "net.weights", "image.f32", "seed.f32", "out"))
    layers = []
    for _, filters, each, normalized in LAYERS:
        layer = {"biases": some(filters), "weights": some(filters * each)}
        if normalized:
            layer.update(scales=some(filters, .5, 1.5), means=some(filters), variances=some(filters, .5, 1.5))
        layers.append(layer)
    pixels, seeds = some(3 * 6 * 8, 0), some(4 * 6 * 8)
    reference = ("--backend", "reference-double", "--f64", "--quiet")

    def target():
        write(image, pixels)
        write_weights(weights, layers)
        ask("dump", cfg, weights, "--input-f32", image, "--layer", 1, "--output", out, *reference)
        return sum(a * b for a, b in zip(seeds, read(os.path.join(out, "layer-1.f64"), "d")))

    def difference(numbers, i):
        """Central differences of two steps, extrapolated to the fourth order."""
        was, slopes = numbers[i], []
        for step in (STEP, 2 * STEP):
            numbers[i] = was + step
            up = target()
            numbers[i] = was - step
            slopes.append((up - target()) / (2 * step))
        numbers[i] = was
        return (4 * slopes[0] - slopes[1]) / 3

    try:
        with open(cfg, "w", encoding="utf-8") as file:
            file.write(CFG)
        write(seed, seeds)
        target()
        asked = ("gradient", cfg, weights, "--input-f32", image, "--seed-f32", seed, "--seed-layer", 1, "--output", out)
        said = ask(*asked, "--layer", -1, "--layer", 0, "--layer", 1, "--parameters", *reference)
        pixel_gradient = read(os.path.join(out, "image.f64"), "d")
        learned = {(row["layer"], row["parameter"]): read(row["file"], "d") for row in said["parameters"]}

        def shapes():
            assert [row["shape"] for row in said["layers"]] == [[3, 6, 8], [5, 6, 8], [4, 6, 8]], said
            assert sorted(learned) == [(0, "biases"), (0, "scales"), (0, "weights"), (1, "biases"), (1, "weights")], sorted(learned)
            assert read(os.path.join(out, "layer-1.f64"), "d") == seeds

        def at_pixels():
            for i in range(0, len(pixels), 29):
                assert abs(difference(pixels, i) - pixel_gradient[i]) < 1e-8, i

        def at_parameters():
            for (layer, name), gradient in learned.items():
                for i in range(0, len(gradient), len(gradient) // 3 | 1):
                    found = difference(layers[layer][name], i)
                    assert abs(found - gradient[i]) < 1e-8, (layer, name, i, found, gradient[i])

        def in_float32():
            target()
            fast = ask(*asked, "--layer", -1, "--parameters", "--quiet")
            exact = [pixel_gradient] + list(learned[row["layer"], row["parameter"]] for row in fast["parameters"])
            for row, truth in zip(fast["layers"] + fast["parameters"], exact):
                found = read(row["file"], "f")
                most = max(abs(x) for x in truth)
                assert len(found) == len(truth) and max(abs(a - b) for a, b in zip(found, truth)) <= 1e-5 * most, row

        def in_training():
            """The last layer is linear: its gradients are sums over both images of seeds, and of seeds times what comes in."""
            two = [os.path.join(folder, name) for name in ("images.f32", "seeds.f32")]
            write(two[0], pixels + pixels[::-1])
            write(two[1], seeds + seeds[::-1])
            said = ask("gradient", cfg, weights, "--input-f32", two[0], "--seed-f32", two[1], "--seed-layer", 1, "--layer", 0, "--layer", 1,
                       "--output", out, "--parameters", "--training", 2, "--quiet")
            assert said["layers"] == [] and len(said["parameters"]) == 5, said
            found = {(row["layer"], row["parameter"]): read(row["file"], "f") for row in said["parameters"]}
            for c in range(4):
                wanted = sum(seeds[48 * c:48 * c + 48]) + sum(seeds[::-1][48 * c:48 * c + 48])
                assert abs(found[1, "biases"][c] - wanted) < 1e-5, (c, found[1, "biases"][c], wanted)
            for f in range(5):  # normalised weights can be scaled without effect
                stretch = slice(27 * f, 27 * f + 27)
                size = sum(abs(g * w) for g, w in zip(found[0, "weights"][stretch], layers[0]["weights"][stretch]))
                assert size > 0 and abs(sum(g * w for g, w in zip(found[0, "weights"][stretch], layers[0]["weights"][stretch]))) < 1e-3 * size
            run(*asked, "--layer", 0, "--training", 2, expect=2)
            run(*asked, "--layer", -1, "--parameters", "--training", 2, expect=2)
            refused(*asked, "--layer", 0, "--parameters", "--training", 2, naming=("768", "1536", "2 images"))

        def refusals():
            run(*asked, "--layer", 2, expect=2)
            run(*asked[:5], "--layer", 0, "--output", out, expect=2)
            short = os.path.join(folder, "short.f32")
            write(short, seeds[:-1])
            refused("gradient", cfg, weights, "--input-f32", image, "--seed-f32", short, "--seed-layer", 1, "--layer", 0, "--output",
                    os.path.join(folder, "never"), naming=("short.f32", "764", "768"))
            assert not os.path.exists(os.path.join(folder, "never"))

        for name, check in [("shapes", shapes), ("at-pixels", at_pixels), ("at-parameters", at_parameters), ("in-float32", in_float32),
                            ("in-training", in_training),
                            ("refusals", refusals)]:
            tap.check(name, check)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
