"""run.py: fuzzes the readers with libFuzzer under the address and undefined-behaviour sanitizers, and counts.

Usage: tests/fuzz/run.py [--seconds N | --runs N] [--keep] [--folder FOLDER] [TARGET...]

Each target runs for N seconds (60) or N inputs. What it finds on the way grows in FOLDER/corpus/TARGET (FOLDER: build-fuzz). An input that
crashes, leaks, hangs or asks for more than 256 MB at once is kept in FOLDER/found, and the count of that target begins again at 0. --keep
brings the few small inputs that reach code which the committed corpus does not into tests/fuzz/corpus.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TARGETS = sorted(os.listdir(os.path.join(HERE, "corpus")))
LIMITS = ["-rss_limit_mb=1024", "-malloc_limit_mb=256", "-timeout=10", "-max_len=4096", "-reload=0", "-print_final_stats=1"]
MOST_KEPT, MOST_BYTES = 24, 2048  # of the inputs that --keep brings, and of each


def environment(scratch):
    """GLib's own pools would hide leaks; the rest is what ./check sets."""
    return dict(os.environ, LC_ALL="C.UTF-8", G_SLICE="always-malloc", TMPDIR=scratch,
                ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1",
                UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1",
                LSAN_OPTIONS=f"suppressions={ROOT}/tests/lsan.supp:print_suppressions=0")


def build(folder, targets):
    clang = next((name for name in ("clang-14", "clang") if shutil.which(name)), None)
    if clang is None:
        sys.exit("run.py: no clang: libFuzzer is its own (Debian: clang-14 libclang-rt-14-dev libomp-14-dev)")
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        subprocess.run(["meson", "setup", folder, ROOT, "-Dfuzz=true", "-Db_sanitize=address,undefined", "-Db_lundef=false"],
                       env=dict(os.environ, CC=clang), check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", folder, *(f"tests/fuzz/fuzz-{name}" for name in targets)], check=True, stdout=sys.stderr)


def command(folder, name, *more):
    words = os.path.join(HERE, "words", name)
    return [os.path.join(folder, "tests", "fuzz", f"fuzz-{name}"), *LIMITS, f"-artifact_prefix={folder}/found/{name}-",
            *([f"-dict={words}"] if os.path.exists(words) else []), *more]


def note(folder, name, executions, seconds, failed):
    """Adds to the counts of the folder; a fault begins them anew, since what is promised is a number without one."""
    path = os.path.join(folder, "executions.json")
    counts = json.load(open(path)) if os.path.exists(path) else {}
    before = counts.get(name, {"executions": 0, "seconds": 0, "runs": 0})
    after = {"executions": before["executions"] + executions, "seconds": round(before["seconds"] + seconds), "runs": before["runs"] + 1}
    counts[name] = {"executions": 0, "seconds": 0, "runs": 0} if failed else after
    with open(path + ".new", "w") as file:
        json.dump(counts, file, indent=1, sort_keys=True)
    os.replace(path + ".new", path)
    return counts[name]


def fuzz(folder, name, limit, scratch):
    grown = os.path.join(folder, "corpus", name)
    os.makedirs(grown, exist_ok=True)
    os.makedirs(os.path.join(folder, "found"), exist_ok=True)
    began = time.monotonic()
    result = subprocess.run(command(folder, name, limit, grown, os.path.join(HERE, "corpus", name)), env=environment(scratch),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    executed = re.findall(r"stat::number_of_executed_units:\s*(\d+)", result.stdout)
    count = int(executed[-1]) if executed else 0
    failed = result.returncode != 0 or count == 0
    total = note(folder, name, count, time.monotonic() - began, failed)
    print(f"{name}: {count} executions now, {total['executions']} in {total['runs']} runs without a fault, {total['seconds']} s", flush=True)
    if failed:
        print("\n".join(result.stdout.splitlines()[-80:]), flush=True)
    return not failed


def keep(folder, name, scratch):
    """The smallest set of grown inputs that reaches what the committed ones do not; small ones only, and few."""
    grown, committed = os.path.join(folder, "corpus", name), os.path.join(HERE, "corpus", name)
    merged = os.path.join(scratch, "merged")
    shutil.copytree(committed, merged)
    subprocess.run(command(folder, name, "-set_cover_merge=1", merged, grown), env=environment(scratch), check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    fresh = [os.path.join(merged, file) for file in set(os.listdir(merged)) - set(os.listdir(committed))]
    fresh = sorted((file for file in fresh if os.path.getsize(file) <= MOST_BYTES), key=os.path.getsize)[:MOST_KEPT]
    for file in fresh:
        shutil.copy(file, os.path.join(committed, "found-" + os.path.basename(file)[:8]))
    shutil.rmtree(merged)
    print(f"{name}: {len(fresh)} inputs brought", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--folder", default=os.path.join(ROOT, "build-fuzz"))
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}")
    folder, targets = os.path.abspath(options.folder), options.targets or TARGETS
    limit = f"-runs={options.runs}" if options.runs else f"-max_total_time={options.seconds}"
    build(folder, targets)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="esp-fuzz-", dir=memory) as scratch:
        if options.keep:
            for name in targets:
                keep(folder, name, scratch)
            return 0
        return 0 if all([fuzz(folder, name, limit, scratch) for name in targets]) else 1


if __name__ == "__main__":
    sys.exit(main())
