"""What the tests of the allocation report and of the published site share: a made-up daemon, looks
at a page, and a loop over tests.
"""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).absolute().parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
sys.path.insert(0, str(HERE.parent / "console"))
from browser import CHROMIUM, Browser
from looks import ACCESSIBILITY, keep_picture
from made_fleet import Fleet, serve
from programs import FLEETMETERCTL, SKIPPED

SCREENS = {
    "desk": {"width": 1280, "height": 900},
    "dark": {"width": 1280, "height": 900, "dark": True},
    "phone": {"width": 390, "height": 844},
}


def ctl(address, *arguments):
    if arguments[0] == "report":
        arguments += ("--admin-address", address)
    return subprocess.run(
        [FLEETMETERCTL, "--address", address, "--timeout", "60s", *map(str, arguments)],
        capture_output=True, text=True, timeout=300, check=False)


class Made:
    """A made-up daemon and a folder."""

    def __init__(self, refused=(), **fleet):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        stubs = self.path / "stubs"
        stubs.mkdir()
        self.fleet = Fleet(stubs=stubs, **fleet)
        self.server, self.address = serve(self.fleet, refused)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop(None).wait()
        self.folder.cleanup()

    def ctl(self, *arguments):
        return ctl(self.address, *arguments)

    def report(self, output):
        """The path of a report in a format."""
        path = self.path / f"report.{output}"
        done = self.ctl("report", "allocation", "--output", output, "--to", path, "--force")
        assert done.returncode == 0, done.stderr
        return path


def check_page(page, name):
    assert not page.errors, (name, page.errors)
    foreign = [url for url in page.requests if not url.startswith(("file:", "data:,"))]
    assert not foreign, (name, foreign)
    wide, screen = page.run("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= screen, f"{name}: the page is {wide} wide on a screen of {screen}"
    missed = page.run(ACCESSIBILITY)
    assert not missed, (name, missed)


def run_tests(tests):
    """Runs each test, or those that the command line names, in one browser; an exit code."""
    if not pathlib.Path(CHROMIUM).exists():
        print("skipped: there is no Chromium; deploy/install-deps.sh --tests installs it")
        return SKIPPED
    failed = 0
    chosen = set(sys.argv[1:])
    with Browser() as browser:
        for test in tests:
            if chosen and test.__name__ not in chosen:
                continue
            try:
                test(browser)
                print("ok   ", test.__doc__, flush=True)
            except Exception as error:  # the next one may tell more
                failed += 1
                print("FAIL ", test.__doc__, "\n      ", repr(error)[:3000], flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0
