#!/usr/bin/env python3
"""Says what the tests did: what failed, with its output, and what was skipped.

usage: report.py RESULTS ALLOWED

RESULTS is the directory that `make test RESULTS=...` filled (go.json, hostile.json, pytest.xml).
ALLOWED lists skips that are in order, one on a line: the test's name, in which *
stands for anything, a tab, the reason. Any other skip fails, and so does an entry
that fits no test.
"""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    name: str  # "highball/internal/wire.TestX/sub", "tests.test_x::test_y[z]"
    result: str  # "pass", "fail" or "skip"
    output: str


def go_tests(path: Path) -> list[Outcome]:
    output: dict[str, list[str]] = {}
    results: dict[str, str] = {}
    for line in path.read_text("utf-8").splitlines():
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        name = event.get("Package") or event.get("ImportPath") or ""
        if event.get("Test"):
            name += "." + event["Test"]
        if event["Action"] in ("output", "build-output"):
            output.setdefault(name, []).append(event["Output"])
        elif event["Action"] in ("pass", "fail", "skip", "build-fail"):
            results[name] = event["Action"].replace("build-", "")
            if "Test" not in event and event["Action"] == "skip":
                del results[name]  # a package without tests
    # A test that was running when its process ended has output and no result.
    unfinished = {name for name in output if name not in results and ".Test" in name}
    return [
        *(Outcome(name, result, "".join(output.get(name, []))) for name, result in results.items()),
        *(Outcome(name, "fail", "".join(output[name])) for name in unfinished),
    ]


def pytest_tests(path: Path) -> list[Outcome]:
    found = []
    for case in ET.parse(path).iter("testcase"):
        name = "%s::%s" % (case.get("classname"), case.get("name"))
        result, text = "pass", ""
        for child in case:
            if child.tag in ("failure", "error"):
                result = "fail"
            elif child.tag == "skipped":
                result = "skip"
            text += "%s\n%s\n" % (child.get("message") or "", child.text or "")
        found.append(Outcome(name, result, text))
    return found


def allowed_skips(path: Path) -> dict[str, re.Pattern[str]]:
    """Patterns of names, by the names as they are listed."""
    allowed = {}
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, reason = line.partition("\t")
            if not reason.strip():
                sys.exit("%s: %r has no reason: write NAME, a tab, the reason" % (path, line))
            allowed[name] = re.compile(re.escape(name).replace(r"\*", ".*"))
    return allowed


def main(results: Path, allowed_file: Path) -> int:
    outcomes = []
    bad = 0
    for name in ("go.json", "hostile.json", "pytest.xml"):
        read = pytest_tests if name == "pytest.xml" else go_tests
        part = read(results / name) if (results / name).exists() else []
        count = {kind: sum(o.result == kind for o in part) for kind in ("pass", "fail", "skip")}
        print("%-10s %5d passed %4d failed %4d skipped" % (name, *count.values()))
        if not count["pass"]:
            print("%s: no test passed: it did not run" % name)
            bad += 1
        outcomes += part
    allowed = allowed_skips(allowed_file)
    for name, result, output in outcomes:
        if result == "fail":
            print("FAIL  %s\n%s" % (name, output.rstrip()[-20000:]))
            bad += 1
        elif result == "skip" and not any(a.fullmatch(name) for a in allowed.values()):
            print("SKIP  %s, which %s does not list\n%s" % (name, allowed_file, output.rstrip()))
            bad += 1
    for listed, pattern in allowed.items():
        if not any(pattern.fullmatch(o.name) for o in outcomes):
            print("%s lists %s, and there is no such test" % (allowed_file, listed))
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
