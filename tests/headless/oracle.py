"""oracle.py: verify, and what prune asks libdarknet: agreement, silence with a reason, and helpers that fail."""
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cli import PROGRAM, Tap, ask, make_sample, refused, run

BUILT = os.path.join(os.path.dirname(PROGRAM), "espalier-oracle")
SHARED = os.environ.get("ESP_SHARED_DATA") or os.path.join(os.environ["ESP_SOURCE_ROOT"], "..", "shared", "data")
WIDE = "[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=4\n%s\nactivation=%s\n"


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def main():
    tap = Tap()
    folder = tempfile.mkdtemp()
    os.environ.pop("ESPALIER_ORACLE", None)

    def helper(script):
        path = os.path.join(folder, "helper")
        with open(path, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\n" + script + "\n")
        os.chmod(path, 0o755)
        os.environ["ESPALIER_ORACLE"] = path

    def check(name, function):
        try:
            tap.check(name, function)
        finally:
            os.environ.pop("ESPALIER_ORACLE", None)

    def agreeing(said, layers):
        assert said["oracle"] == "libdarknet" and said["agrees"] is True, said
        assert 0 < said["max_difference"] <= 1e-4 and said["max_difference"] == max(one["difference"] for one in said["layers"])
        assert [one["layer"] for one in said["layers"]] == layers

    def silent(said, *words):
        assert said["oracle"] is None and said["max_difference"] is None and said["agrees"] is None and said["layers"] == [], said
        assert all(word in said["oracle_reason"] for word in words), said["oracle_reason"]

    try:
        cfg, weights, data = make_sample(folder, 2)
        info = ask("info", cfg)
        every = [layer["index"] for layer in info["layers"]]
        with open(os.path.join(os.path.dirname(cfg), "test.txt"), encoding="utf-8") as file:
            picture = os.path.join(os.path.dirname(cfg), file.readline().strip())

        def sample():
            said = ask("verify", cfg, weights, "--quiet")
            agreeing(said, every)
            assert said["seed"] == 1 and said["bn_eps_distance"] > 0
            print(f"# sample: {said['max_difference']:.2e}, forms of batch normalisation {said['bn_eps_distance']:.2e}")
            other = ask("verify", cfg, weights, "--seed", 2, "--quiet")
            assert other["seed"] == 2 and other["max_difference"] != said["max_difference"]
            assert ask("verify", cfg, weights, "--quiet") == said
            assert ask("verify", cfg, weights, "--bn-eps", "darknet", "--quiet")["bn_eps_distance"] == 0
            agreeing(ask("verify", cfg, weights, "--image", picture, "--quiet"), every)
            before = ask("verify", cfg, weights, "--at", "conv", "--quiet")
            assert before["agrees"] and {one["kind"] for one in before["layers"]} == {"convolutional"}
            assert "libdarknet agrees" in run("verify", cfg, weights, "--quiet").stdout

        def real():
            for name in ("yolo-fastest-1.1", "yolo-fastest-1.1-xl"):
                start = os.path.join(SHARED, "models", name, name)
                if not os.path.exists(start + ".cfg"):
                    print("# the shared models are not here (ESP_SHARED_DATA)")
                    continue
                said = ask("verify", start + ".cfg", start + ".weights", "--quiet")
                agreeing(said, list(range(len(said["layers"]))))
                assert 1e-3 < said["bn_eps_distance"] < 3e-2, said["bn_eps_distance"]
                print(f"# {name}: {said['max_difference']:.2e}, forms of batch normalisation {said['bn_eps_distance']:.2e}")

        def pruned():
            said = ask("prune", cfg, weights, "--criterion", "l1", "--ratio", ".3", "--output", os.path.join(folder, "cut"), "--quiet")
            assert said["oracle"]["name"] == "libdarknet" and 0 < said["oracle"]["max_difference"] <= 1e-4, said["oracle"]
            agreeing(ask("verify", os.path.join(folder, "cut", "pruned.cfg"), os.path.join(folder, "cut", "pruned.weights"), "--quiet"), every)

        def hangs():
            mark = os.path.join(folder, "pid")
            helper(f"echo $$ >{mark}.new; mv {mark}.new {mark}; exec sleep 600")
            work = subprocess.Popen([PROGRAM, "verify", cfg, weights, "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            until = time.monotonic() + 60
            while not os.path.exists(mark) and time.monotonic() < until:
                time.sleep(.01)
            with open(mark, encoding="ascii") as file:
                pid = int(file.read())
            assert alive(pid)
            work.send_signal(signal.SIGINT)
            out, err = work.communicate(timeout=60)
            assert work.returncode == 1 and out == "" and "cancel" in err.lower(), (work.returncode, out, err)
            assert not alive(pid)

        def absent():
            os.environ["ESPALIER_ORACLE"] = os.path.join(folder, "nowhere")
            said = ask("verify", cfg, weights, "--quiet")
            silent(said, "nowhere", "no such program")
            assert said["bn_eps_distance"] > 0
            assert "no oracle: " in run("verify", cfg, weights, "--quiet").stdout
            helper("echo libdarknet.so: cannot open shared object file >&2; exit 127")
            silent(ask("verify", cfg, weights, "--quiet"), "could not be run", "libdarknet.so")
            said = ask("prune", cfg, weights, "--criterion", "l1", "--ratio", ".3", "--output", os.path.join(folder, "silent"), "--quiet")
            assert said["oracle"] is None and "libdarknet.so" in said["oracle_reason"], said

        def cannot_hold():
            for options, activation, words in (("stride_x=2\nstride_y=2", "leaky", (":7: stride_x=2", "layer 0 [convolutional]", "stride 1")),
                                               ("stride=1", "mish", (":8: activation=mish", "layer 0 [convolutional]", "relu"))):
                paths = [os.path.join(folder, "wide." + ending) for ending in ("cfg", "weights")]
                with open(paths[0], "w", encoding="ascii") as file:
                    file.write(WIDE % (options, activation))
                with open(paths[1], "wb") as file:
                    file.write(struct.pack("<3iQ16f", 0, 2, 0, 0, *[.1] * 16))
                silent(ask("verify", *paths, "--quiet"), paths[0], *words)

        def fails():
            target = os.path.join(folder, "none")
            prune = ("prune", cfg, weights, "--criterion", "l1", "--ratio", ".3", "--output", target, "--quiet")
            helper("kill -9 $$")
            refused("verify", cfg, weights, "--quiet", naming=("libdarknet ended without an answer", "signal 9"))
            refused(*prune, naming=("libdarknet ended without an answer", "signal 9", "--no-oracle"))
            if os.path.exists(BUILT):  # the last number of the last layer is another one
                helper(BUILT + ' "$@"; printf "\\177\\177" | dd of="$4" bs=1 seek=$(($(stat -c %s "$4") - 2)) conv=notrunc 2>/dev/null')
                said = ask("verify", cfg, weights, "--quiet")
                assert said["oracle"] == "libdarknet" and said["agrees"] is False and said["worst_layer"] == every[-1], said
                assert "DISAGREES" in run("verify", cfg, weights, "--quiet").stdout
                refused(*prune, naming=("libdarknet gives something else for the cut network", f"layer {every[-1]}", "--no-oracle"))
            helper('head -c 100 /dev/zero >"$4"')
            refused("verify", cfg, weights, "--quiet", naming=("100 bytes found, expected",))
            assert not os.path.exists(target) and not [name for name in os.listdir(folder) if name.startswith(".espalier")]
            assert ask(*prune, "--no-oracle")["oracle"] is None

        def wrong_files():
            short = os.path.join(folder, "short.weights")
            with open(weights, "rb") as one, open(short, "wb") as two:
                two.write(one.read()[:-4])
            refused("verify", cfg, short, "--quiet", naming=("short.weights", "cut short"))
            run("verify", cfg, weights, "--at", "pre", expect=2)
            refused("verify", cfg, weights, "--image", os.path.join(folder, "no.png"), naming=("no.png",))

        def walls():
            needed = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, timeout=60).stdout
            assert "libglib" in needed and "darknet" not in needed, needed

        if os.path.exists(BUILT):
            for test in (sample, real, pruned):
                check(test.__name__, test)
        else:
            print("# espalier-oracle was not built: libdarknet was not found")
            check("not built", lambda: silent(ask("verify", cfg, weights, "--quiet"), "libdarknet is installed"))
        for test in (hangs, absent, cannot_hold, fails, wrong_files, walls):
            check(test.__name__.replace("_", " "), test)
    finally:
        shutil.rmtree(folder)
    tap.end()


if __name__ == "__main__":
    main()
