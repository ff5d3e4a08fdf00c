#!/usr/bin/python3
"""axe-core finds no serious violation in any view, light, dark and on a phone.

axe-core comes from npm: FLEETMETER_AXE names its axe.min.js, or else npm fetches it. Exit code 77:
it cannot be had here. accessibility.js has the checks that need nothing.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from looks import CONSOLE, SCREENS, VIEWS, settled, skip_without_chromium
from browser import Browser
from console_mock import ConsoleMock
from programs import SKIPPED

PACKAGE = "axe-core@4.10.3"
NPM_SECONDS = 60
RUN = """axe.run(document, {resultTypes: ['violations']}).then(({violations}) => violations
  .filter(({impact}) => impact === 'serious' || impact === 'critical')
  .map(({id, nodes}) => [id, nodes.slice(0, 3).map((node) => node.html.slice(0, 160))]))"""


def axe_source(scratch):
    """The text of axe.min.js; None if it cannot be had."""
    named = os.environ.get("FLEETMETER_AXE")
    if named:
        return pathlib.Path(named).read_text(encoding="utf-8")
    try:
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
                        "--prefix", scratch, PACKAGE], check=True, capture_output=True,
                       timeout=NPM_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return (pathlib.Path(scratch) / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8")


def main():
    skip_without_chromium()
    with tempfile.TemporaryDirectory() as scratch:
        source = axe_source(scratch)
    if source is None:
        print(f"skipped: npm cannot fetch {PACKAGE} here")
        return SKIPPED
    found = {}
    with ConsoleMock(CONSOLE) as mock, Browser() as browser:
        for screen in ("light", "dark", "phone"):
            for view in VIEWS:
                with browser.open(f"{mock.url}/#/{view}", **SCREENS[screen]) as page:
                    settled(page)
                    page.run(source + "; 1")
                    violations = page.run(RUN)
                    if violations:
                        found[f"{view} {screen}"] = violations
    print(json.dumps(found, indent=2) if found else "axe finds no serious violation")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
