#!/usr/bin/python3
"""Records answers of a daemon's JSON API, for the tests of the console that need no daemon.

    record_answers.py http://127.0.0.1:9477 tests/data/console

The daemon is one of deploy/demo.sh with deploy/plans/framework.yaml as its framework.
"""
import json
import pathlib
import sys
import urllib.parse
import urllib.request

# A table of the curves, as src/chart/curves.ts asks for it.
FINE_TABLE = "revenue.table=[" + ", ".join(f"{2 * i}%" for i in range(1, 51)) + "]"
CALLS = ("pools", "supply", "compare", "framework", "capability")
CURVES = ("linear", "diminishing")


def answer(url, body=None):
    request = urllib.request.Request(url, body and json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def questions(framework):
    """What the simulator asks when a start is chosen."""
    starts = [{"scenario": row["scenario"]} for row in framework["scenarios"]]
    for start in [{}, {"fromLive": True}, *starts]:
        for curve in CURVES:
            yield {"curve": curve, "shareRatios": {}, **start}


def main():
    base, folder = sys.argv[1] + "/api/v1/", pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)

    def write(name, value):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        (folder / f"{name}.json").write_text(text.replace("},{", "},\n{") + "\n", encoding="utf-8")

    for call in CALLS:
        write(call, answer(base + call))
    write("margin", answer(base + "margin?window=year&basis=allocated"))
    framework = answer(base + "framework")
    fine = answer(base + "framework?" + urllib.parse.urlencode({"set": FINE_TABLE}))
    write("framework_fine", fine)
    write("simulate", [{"question": question, "answer": answer(base + "simulate", question)}
                       for question in questions(framework)])


if __name__ == "__main__":
    main()
