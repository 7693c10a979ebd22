"""levels-selftest.py: the level test itself must fail on an upward include and on a forbidden library."""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def verdict(path, text):
    with tempfile.TemporaryDirectory() as root:
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full))
        with open(full, "w") as file:
            file.write(text)
        return subprocess.run([sys.executable, os.path.join(HERE, "levels.py"), root], capture_output=True).returncode


assert verdict("core/net/a.c", '#include "prune/plan.h"\n') == 1
assert verdict("core/net/a.c", '#include "tensor/shape.h"\n') == 0
assert verdict("core/net/a.c", "#include <cairo.h>\n") == 1
assert verdict("core/draw/a.c", "#include <cairo.h>\n") == 0
assert verdict("core/study/a.c", "#include <gtk/gtk.h>\n") == 1
assert verdict("core/image/a.c", "#include <gdk-pixbuf/gdk-pixbuf.h>\n") == 0
assert verdict("core/net/a.c", '#include "oneapi/dnnl/dnnl.h"\n') == 1
assert verdict("core/study/a.c", '#include "draw/palette.h"\n') == 1
assert verdict("core/score/a.c", '#include "prune/plan.h"\n') == 1
assert verdict("core/prune/a.c", '#include "search/budget.h"\n') == 1
assert verdict("core/prune/a.c", '#include "onnx.pb-c.h"\n') == 1
assert verdict("core/prune/a.c", '#include "onnx/onnx.h"\n') == 0
assert verdict("core/net/a.c", '#include "onnx/onnx.h"\n') == 1
print("the level test sees what it must")
