"""levels.py: reads every #include of core and fails on an upward edge, or on a library that a level must not know."""
import os
import re
import sys

LEVELS = ["base", "tensor", "kernels", "net", "onnx", "image", "dataset", "detect", "measure", "train", "explain", "score", "prune", "search", "recipe", "study", "draw"]
ONLY = {  # library header: where it may be included
    r"gtk/|gdk/gdk|adwaita": lambda path: path.startswith(("widgets/", "app/desktop/", "tests/widgets/", "tests/desktop/")),
    r"cairo|pango": lambda path: path.startswith(("core/draw/", "widgets/", "app/desktop/", "tests/")),
    r"dnnl": lambda path: path.startswith("core/kernels/onednn"),
    r"onnx\.pb-c\.h|protobuf-c": lambda path: path.startswith(("core/onnx/", "tests/core/test-onnx")),
    r"darknet\.h": lambda path: path.startswith(("app/oracle/", "tests/")),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def sources(root):
    for top in ("core", "widgets", "app", "tests"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def level_of(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "core" and len(parts) > 2 else None


def faults_of(path, include):
    level = level_of(path)
    target = include.split("/")[0]
    if level is not None and "/" in include and target in LEVELS and LEVELS.index(target) > LEVELS.index(level):
        yield f"{level} includes {include}, which stands above it"
    if level is not None and level != "draw" and target == "draw":
        yield f"{level} includes {include}: nothing in core includes draw"
    for library, allowed in ONLY.items():
        if "/" in include and target in LEVELS:
            continue
        if re.match(library, include) or re.search(r"(^|/)" + library, include) and "gdk-pixbuf" not in include:
            if not allowed(path):
                yield f"{include} may not be included here"


def main(root):
    count, faults = 0, []
    for path in sources(root):
        for number, line in enumerate(open(os.path.join(root, path), encoding="utf-8"), 1):
            found = INCLUDE.match(line)
            if found:
                count += 1
                faults += [f"{path}:{number}: {fault}" for fault in faults_of(path, found[1])]
    print("\n".join(faults) if faults else f"{count} includes, all downward")
    return 1 if faults or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
