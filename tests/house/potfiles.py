"""potfiles.py: po/POTFILES lists every file with words for people, and nothing else. With --write it makes the list anew."""
import os
import re
import sys

MARKS = re.compile(r'(\bN?_|\bC_|\bNC_|\bngettext|\bg_dngettext|\bg_dgettext) ?\(|translatable="yes"')
ALWAYS = ["data/io.github.espalier.Espalier.desktop.in", "data/io.github.espalier.Espalier.metainfo.xml.in"]


def with_words(root):
    for top in ("app", "core", "resources", "widgets"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in names:
                path = os.path.join(folder, name)
                if name.endswith((".c", ".ui")) and MARKS.search(open(path, encoding="utf-8").read()):
                    yield os.path.relpath(path, root)


def main(root, write):
    listing = os.path.join(root, "po", "POTFILES")
    wanted = ALWAYS + sorted(with_words(root))
    if write:
        with open(listing, "w", encoding="utf-8") as file:
            file.write("\n".join(wanted) + "\n")
    listed = open(listing, encoding="utf-8").read().split()
    for path in sorted(set(wanted) - set(listed)):
        print(f"{path} has words for people and is not in po/POTFILES")
    for path in sorted(set(listed) - set(wanted)):
        print(f"{path} is in po/POTFILES and has no words for people")
    return 0 if sorted(wanted) == sorted(listed) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--write" in sys.argv[2:]))
