"""failures.py TESTLOG.json: the tests of a meson log that did not pass, each with the last that it said."""
import json
import re
import sys

PASSED = ("OK", "SKIP", "EXPECTEDFAIL")
LINES = 12
TELLING = re.compile(r"not ok|[\w.]*(Error|Missing|Expired)\b|.*(ERROR|Sanitizer|CRITICAL)")


def tell(test):
    out, err = (test.get(name, "").splitlines() for name in ("stdout", "stderr"))
    said = [line for line in out + err if TELLING.match(line)] + (err or out)[-LINES:]
    return "\n  ".join([f"{test['result']} {test['name']}, {test['duration']:.0f} s"] + said)


def main():
    with open(sys.argv[1], encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            if test["result"] not in PASSED:
                print(tell(test))


if __name__ == "__main__":
    main()
