"""What the tests of the console share: its views, screens, and what every page must hold."""
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).absolute().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))

from browser import CHROMIUM, Browser
from programs import BINARY, SKIPPED

CONSOLE = BINARY / "console"
VIEWS = ("now", "pool?pool=research-scaling", "sources", "plan", "requests?pool=research-scaling", "simulator", "sensitivity",
         "economics", "training", "margin", "capability", "help")
SCREENS = {
    "light": {"width": 1280, "height": 900},
    "dark": {"width": 1280, "height": 900, "dark": True},
    "phone": {"width": 390, "height": 844},
    "wall": {"width": 2560, "height": 1440},
}
# An answer is there, and nothing is being waited for.
SETTLED = "document.querySelector('.answer, .problem') && !document.querySelector('.waiting')"
ACCESSIBILITY = (HERE / "accessibility.js").read_text(encoding="utf-8")


def skip_without_chromium():
    if not pathlib.Path(CHROMIUM).exists():
        print("skipped: there is no Chromium; deploy/install-deps.sh --tests installs it")
        sys.exit(SKIPPED)
    if not (CONSOLE / "index.html").exists():
        print(f"skipped: {CONSOLE} is not built; the target is console")
        sys.exit(SKIPPED)


def settled(page):
    page.until(SETTLED, "the page shows an answer")
    return page


def keep_picture(page, name):
    """Keeps a screenshot where FLEETMETER_SCREENSHOTS says, for people to look at."""
    folder = os.environ.get("FLEETMETER_SCREENSHOTS")
    if folder:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(pathlib.Path(folder) / f"{name}.png")


def check_page(page, name, base):
    """No error, no request elsewhere, nothing cut off, nothing that some reader would miss."""
    assert not page.errors, (name, page.errors)
    foreign = [url for url in page.requests if not url.startswith((base, "blob:" + base))]
    assert not foreign, (name, foreign)
    wide, screen = page.run("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= screen, f"{name}: the page is {wide} wide on a screen of {screen}"
    missed = page.run(ACCESSIBILITY)
    assert not missed, (name, missed)


def run_all(tests):
    """Runs functions that take a browser, each with a name that is a sentence."""
    skip_without_chromium()
    failed = 0
    with Browser() as browser:
        for test in tests:
            try:
                test(browser)
                print("ok   ", test.__doc__.splitlines()[0], flush=True)
            except Exception as error:  # the next one may tell more
                failed += 1
                print("FAIL ", test.__doc__.splitlines()[0], "\n      ", repr(error)[:3000],
                      flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0
