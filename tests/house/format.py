"""format.py: every C file is as .clang-format has it, and none has grown past what one job needs."""
import os
import subprocess
import sys

MOST_LINES = 800


def sources(root):
    for top in ("core", "widgets", "app", "tests"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            yield from (os.path.join(folder, name) for name in names if name.endswith(".c"))


def main(root, tool):
    files = sorted(sources(root))
    faults = [f"{path}: more than {MOST_LINES} lines" for path in files if sum(1 for _ in open(path, encoding="utf-8")) > MOST_LINES]
    result = subprocess.run([tool, "--dry-run", "--Werror", "--style=file", *files], capture_output=True, text=True)
    faults += [line for line in result.stderr.splitlines() if "code should be clang-formatted" in line]
    print("\n".join(faults) if faults else f"{len(files)} files in format")
    return 1 if faults or not files or result.returncode else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
