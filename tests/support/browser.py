"""Headless Chromium for tests in Python, over the DevTools protocol on a pipe.

    with Browser() as browser, browser.open("http://127.0.0.1:8080/") as page:
        page.until("document.querySelector('h1')")
        page.screenshot(path)

Every wait ends as soon as its condition holds, and has a limit.
"""
import base64
import collections
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
LIMIT_SECONDS = 30
# What the browser answers when a page is left while an expression is worked out.
LEFT = "Inspected target navigated or closed"


class Failed(Exception):
    """What the page or the browser refused."""


class Browser:
    """One process of Chromium with a profile of its own. It is ended by its own pid."""

    def __init__(self):
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        to_browser, self._to_browser = os.pipe()
        self._from_browser, from_browser = os.pipe()
        # Chromium reads commands from descriptor 3 and writes answers to descriptor 4. Not /bin/sh:
        # dash knows descriptors of one digit only.
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "sh", CHROMIUM,
             "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-extensions", "--disable-background-networking",
             "--disable-component-update", "--hide-scrollbars", "--remote-debugging-pipe",
             f"--user-data-dir={self._profile.name}", "about:blank"],
            pass_fds=(to_browser, from_browser), stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self._number = 0
        self._rest = b""
        self._pages = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
        except (Failed, OSError):
            self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._to_browser)
        os.close(self._from_browser)
        self._profile.cleanup()

    def call(self, method, session=None, **params):
        """The result of a command."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + LIMIT_SECONDS
        while True:
            answer = self._next(end, method)
            if answer.get("id") == message["id"]:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._take(answer)

    def pump(self, seconds):
        """Takes what the browser says in the meantime; returns after at most so long."""
        answer = self._next(time.monotonic() + seconds, None)
        if answer:
            self._take(answer)

    def _take(self, event):
        page = self._pages.get(event.get("sessionId"))
        if page and "method" in event:
            page.take(event["method"], event["params"])

    # `waiting`: what fails if nothing comes; None: nothing need come.
    def _next(self, end, waiting):
        while b"\0" not in self._rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self._from_browser], [], [], left)[0]:
                if waiting is None:
                    return None
                raise Failed(f"{waiting}: no answer in {LIMIT_SECONDS} s")
            chunk = os.read(self._from_browser, 1 << 20)
            if not chunk:
                raise Failed("Chromium has ended")
            self._rest += chunk
        message, self._rest = self._rest.split(b"\0", 1)
        return json.loads(message)

    def open(self, url, **looks):
        """A new page, in a context of its own: no storage is shared with other pages."""
        page = Page(self, **looks)
        self._pages[page.session] = page
        page.go(url)
        return page


class Page:
    """One tab. It remembers errors of the console, and what was requested."""

    def __init__(self, browser, width=1280, height=900, dark=False, zoom=1):
        self._browser = browser
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]
        target = browser.call("Target.createTarget", url="about:blank",
                              browserContextId=self.context)["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=target,
                                    flatten=True)["sessionId"]
        self.errors = []
        self.requests = []
        self.counts = collections.Counter()
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.look(width, height, dark, zoom)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._browser.call("Target.disposeBrowserContext", browserContextId=self.context)

    def call(self, method, **params):
        return self._browser.call(method, self.session, **params)

    def look(self, width, height, dark=False, zoom=1):
        """Size of the screen in pixels of CSS, and the system's colours."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=zoom, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def take(self, method, params):
        self.counts[method] += 1
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(f'{params["entry"]["text"]} {params["entry"].get("url", "")}')
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning"):
            self.errors.append(str([arg.get("value") for arg in params["args"]]))

    def go(self, url):
        answer = self.call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise Failed(f"{url}: {answer['errorText']}")
        self.until("document.readyState === 'complete' && document.body !== null", "the page loads")

    def reload(self):
        self.run("window.isOld = true")
        self.call("Page.reload")
        self.until("!window.isOld && document.readyState === 'complete'", "the page loads again")

    def eventually(self, condition, what, seconds=LIMIT_SECONDS):
        """Waits until a condition of the test holds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise Failed(f"{what}: not within {seconds} s")
            self._browser.pump(0.05)

    def run(self, script):
        """The value of a JavaScript expression, which may be a promise."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True,
                           returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failed(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    def until(self, condition, what=None, seconds=LIMIT_SECONDS):
        """Waits until the expression is true, also while a click leads to another page."""
        end = time.monotonic() + seconds
        while True:
            if self._holds(condition):
                return
            if time.monotonic() > end:
                raise Failed(f"{what or condition}: not within {seconds} s; the page says: "
                             f"{self.text()[:2000]}; errors: {self.errors}")
            self._browser.pump(0.05)

    def _holds(self, condition):
        """Whether the expression is true. It is not on a page that is left while it is asked."""
        try:
            return self.run(f"!!({condition})")
        except Failed as error:
            if LEFT not in str(error):
                raise
            return False

    def text(self, selector="body"):
        """What a reader sees of the first such element."""
        return self.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")

    def click(self, selector):
        element = f"document.querySelector({json.dumps(selector)})"
        found = self.run(f"(e => (e?.click(), !!e))({element})")
        if not found:
            raise Failed(f"There is no {selector}")

    def fill(self, selector, value):
        """Sets a field as a reader does: with the events of typing and leaving."""
        self.run("((e, v) => { Object.getOwnPropertyDescriptor(Object.getPrototypeOf(e), 'value')"
                 ".set.call(e, v);"
                 " e.dispatchEvent(new Event('input', {bubbles: true}));"
                 " e.dispatchEvent(new Event('change', {bubbles: true})); })"
                 f"(document.querySelector({json.dumps(selector)}), {json.dumps(str(value))})")

    def key(self, key, code=None, **more):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code or key, **more)

    def screenshot(self, path, whole=True):
        """Writes a PNG of the whole page, or of what the screen shows."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole,
                         **({"clip": self._whole()} if whole else {}))["data"]
        pathlib.Path(path).write_bytes(base64.b64decode(data))

    def _whole(self):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
