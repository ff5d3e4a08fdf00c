#!/usr/bin/python3
"""What a reader does: keyboard, links, fields, and a daemon that comes and goes."""
import copy
import json
import sys

from looks import CONSOLE, run_all, settled
from console_mock import ConsoleMock, Error, many_pools

ANSWER = "document.querySelector('.answer').innerText"


def says(text, selector="main"):
    return f"document.querySelector({json.dumps(selector)}).innerText.includes({json.dumps(text)})"


def live(browser):
    """What changes at the daemon changes on the page within 2 s, without a reload."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/now") as page:
        settled(page)
        page.until("document.querySelector('.standing.live')")
        changed = copy.deepcopy(mock.pools)
        changed["pools"][0] |= {"idleH100e": 777.0, "pool": "changed"}
        mock.push("watch/pools", changed)
        page.until(says("most in changed: 777"), "the new numbers", seconds=2)


def lost_and_found(browser):
    """A daemon that stops is marked as gone, its last numbers stay, and it is found again."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/now") as page:
        settled(page)
        mock.answers["pools"] = Error("UNAVAILABLE", "the daemon is stopping")
        mock.cut()
        page.until(says("No connection to the daemon"))
        assert "research-scaling" in page.text(), page.text()[:300]
        assert not page.run("document.querySelector('.standing.live')")
        mock.answers["pools"] = lambda _: mock.pools
        page.until("document.querySelector('.standing.live')", "the page is live again", seconds=15)


def hidden_tab(browser):
    """A tab that nobody sees asks the daemon for nothing, and asks again when it is seen."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/now") as page:
        settled(page)
        show = ("Object.defineProperty(document, 'hidden', {configurable: true, get: () => %s});"
                "document.dispatchEvent(new Event('visibilitychange'))")
        assert asked(mock) == 1, mock.asked
        page.run(show % "true")
        page.run("new Promise((done) => requestAnimationFrame(done))")
        assert asked(mock) == 1, mock.asked
        page.run(show % "false")
        page.eventually(lambda: asked(mock) == 2, "the daemon is asked again")


def asked(mock):
    return sum(call == "pools" for call, _ in mock.asked)


def back_button(browser):
    """The browser's back button leads back, and the address says what is shown."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/now") as page:
        settled(page)
        page.click("td + td + td, tbody th a")
        page.until("location.hash.startsWith('#/pool?pool=')")
        settled(page)
        assert page.run("document.activeElement.tagName") == "H1"
        assert page.run("document.title").startswith("Pool")
        page.run("history.back()")
        page.until("location.hash === '#/now'")
        page.until("document.title.startsWith('Now')")
        settled(page)


def filters(browser):
    """Filters narrow the list, stand in the address, and hold when the page is loaded again."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/now") as page:
        settled(page)
        rows = "document.querySelectorAll('tbody tr').length"
        page.fill("input[name=find]", "pretraining")
        page.until(f"{rows} === 1")
        assert page.run("location.hash") == "#/now?find=pretraining"
        page.reload()
        page.until(f"document.querySelectorAll('tbody tr').length === 1")
        page.fill("input[name=find]", "nobody")
        page.until(says("No pool of the plan matches"))
        page.fill("input[name=find]", "")
        page.fill("select[name=category]", "training")
        page.until(f"{rows} === 2")


def sorting(browser):
    """A column is sorted by a click, and what is not known comes last either way."""
    with ConsoleMock(CONSOLE) as mock:
        del mock.pools["pools"][3]["headroomH100e"]
        unknown = mock.pools["pools"][3]["pool"]
        with browser.open(f"{mock.url}/#/now") as page:
            settled(page)
            names = "[...document.querySelectorAll('tbody th a')].map(a => a.innerText)"
            for state in ("descending", "ascending"):
                page.run("[...document.querySelectorAll('.sort')].find(b =>"
                         " b.innerText.startsWith('Headroom')).click()")
                page.until(f"document.querySelector('th[aria-sort={state}]')")
                assert page.run(names)[-1] == unknown, (state, page.run(names))


def asking(browser):
    """A pool answers whether it can admit a number, and the number stands in the address."""
    with ConsoleMock(CONSOLE) as mock:
        with browser.open(f"{mock.url}/#/pool?pool=research-scaling") as page:
            settled(page)
            fit = "document.querySelector('[data-fit]').dataset.fit"
            for ask, expected in ((48, "own"), (50, "borrowing"), (61, "no")):
                page.fill("input[name=ask]", ask)
                page.until(f"{fit} === {json.dumps(expected)}", f"{ask} is {expected}")
            assert "ask=61" in page.run("location.hash")
            page.fill("input[name=ask]", "many")
            page.until("document.querySelector('input[name=ask]').ariaInvalid === 'true'")


def keyboard(browser):
    """The keyboard reaches the answer at once, and every field shows where it is."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/now") as page:
        settled(page)
        page.run("document.body.focus()")
        page.key("Tab", windowsVirtualKeyCode=9)
        assert page.run("document.activeElement.className") == "skip"
        page.key("Enter", windowsVirtualKeyCode=13, text="\r")
        page.until("document.activeElement.id === 'main'")
        for _ in range(4):
            page.key("Tab", windowsVirtualKeyCode=9)
            outline = page.run("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", page.run("document.activeElement.outerHTML")


def menu_of_a_phone(browser):
    """On a phone the views are behind a button that says whether it is open."""
    with ConsoleMock(CONSOLE) as mock:
        with browser.open(f"{mock.url}/#/now", width=390, height=844) as page:
            settled(page)
            hidden = "!document.querySelector('nav#menu').checkVisibility()"
            assert page.run(hidden)
            page.click(".menu-button")
            page.until("document.querySelector('.menu-button').ariaExpanded === 'true'")
            assert not page.run(hidden)
            page.click("nav#menu a[href='#/plan']")
            page.until("document.title.startsWith('Plan')")
            page.until(hidden)


def theme(browser):
    """Colours are light, dark or the system's, as the reader chooses."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/help") as page:
        colour = "getComputedStyle(document.body.parentElement).backgroundColor"
        page.until("document.querySelector('.theme')")
        first = page.run(colour)
        page.click(".theme")
        page.click(".theme")
        page.until("document.documentElement.dataset.theme === 'dark'")
        assert page.run(colour) != first
        page.reload()
        page.until("document.documentElement.dataset.theme === 'dark'")


def presets(browser):
    """The simulator has the paper's revenue for each of its scenarios."""
    expected = {"recommendation": "$18.0B", "revenue-priority": "$31.8B",
                "training-priority": "$14.5B"}
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/simulator") as page:
        settled(page)
        for name, revenue in expected.items():
            page.click(f"[data-preset={name}]")
            page.until(f"document.querySelector('[data-figure=revenue]')?.innerText === "
                       f"{json.dumps(revenue)}", f"{name} earns {revenue}")
            assert f"from={name}" in page.run("location.hash")


def does_not_fit(browser):
    """What does not fit is said in the daemon's words, and shown in red."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/simulator") as page:
        settled(page)
        page.fill("#slider-research", 70)
        page.fill("#slider-inference", 20)
        page.until(says("it is 883,008 hours too much"))
        assert page.run("document.querySelector('.budget .part.act') !== null")
        assert says("15% too much") and page.run(says("15% too much"))


def one_curve_fits(browser):
    """Where the allocation fits on one curve and not on the other, the figures of the one stand."""
    with ConsoleMock(CONSOLE) as mock:
        answer = mock.answers["simulate"]

        def only_linear(question):
            if question["curve"] != "linear":
                raise Error("INVALID_ARGUMENT", "does not fit")
            return answer(question)
        mock.answers["simulate"] = only_linear
        with browser.open(f"{mock.url}/#/simulator") as page:
            settled(page)
            rows = page.text(".results tbody")
            assert "$18.0B" in rows and rows.count("does not fit") == 2, rows
            page.fill("select[name=curve]", "diminishing")
            page.until("document.querySelector('.problem')")


def two_states(browser):
    """Two states of the simulator stand side by side, by an address alone."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/simulator") as page:
        settled(page)
        page.run("[...document.querySelectorAll('button')].find(b =>"
                 " b.innerText.includes('compare it with another')).click()")
        page.click("[data-preset=revenue-priority]")
        page.until("document.querySelectorAll('.results thead th').length === 4")
        row = "[...document.querySelector('.results tbody tr').cells].map(cell => cell.innerText)"
        page.until(f"{row}[2] === '$31.8B' && {row}[3] === '$18.0B'", "both are shown")
        with browser.open(page.run("location.href")) as again:
            again.until(f"document.querySelector('.results tbody tr') && {row}[3] === '$18.0B'")


def downloads(browser):
    """The simulator's figures and picture come as files of the right kind."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/simulator") as page:
        settled(page)
        page.run("window.files = []; URL.createObjectURL = (blob) => { window.files.push(blob);"
                 " return 'blob:none'; }; HTMLAnchorElement.prototype.click = () => {}")
        for button in ("Save as CSV", "Save as PNG"):
            page.run("[...document.querySelectorAll('button')].find(b =>"
                     f" b.innerText === {json.dumps(button)}).click()")
        page.until("window.files.length === 2")
        kinds = page.run("window.files.map(file => file.type)")
        assert kinds == ["text/csv", "image/png"], kinds
        text = page.run("window.files[0].text()")
        assert '"Revenue, linear curve",18000000000' in text.replace(".000001", ""), text[:300]
        png = page.run("window.files[1].arrayBuffer().then("
                       "bytes => [...new Uint8Array(bytes)].slice(0, 4))")
        assert png == [0x89, 0x50, 0x4E, 0x47], png


def many(browser):
    """5,000 pools come in pages, and a search among them shows at once."""
    with ConsoleMock(CONSOLE) as mock:
        mock.pools = many_pools(5000)
        with browser.open(f"{mock.url}/#/now") as page:
            settled(page)
            rows = "document.querySelectorAll('tbody tr').length"
            assert page.run(rows) == 25
            page.until(says("Page 1 of 200"))
            page.fill("input[name=find]", "pool-04999")
            page.until(f"{rows} === 1")


def many_to_choose(browser):
    """Of 5,000 pools no view draws more than a page, and each asks for the brief list only."""
    elements = {}
    for count in (50, 5000):
        with ConsoleMock(CONSOLE) as mock:
            mock.pools = many_pools(count)
            for view in ("now", "pool", "requests"):
                with browser.open(f"{mock.url}/#/{view}") as page:
                    settled(page)
                    page.until("document.querySelector('table, [name=pool]')")
                    elements[view, count] = page.run("document.querySelectorAll('*').length")
            lists = [question for call, question in mock.asked if call == "pools"]
            assert len(lists) == 3 and all("brief" in one for one in lists), lists
    for view in ("now", "pool", "requests"):
        assert elements[view, 5000] < 1.3 * elements[view, 50] + 50, elements


def name_of_many(browser):
    """One of very many pools is named by typing, and only a name that there is is taken."""
    with ConsoleMock(CONSOLE) as mock:
        mock.pools = many_pools(5000)
        with browser.open(f"{mock.url}/#/requests") as page:
            settled(page)
            page.until("document.querySelector('input[name=pool]')")
            page.fill("input[name=pool]", "pool-0499")
            page.until("document.querySelectorAll('datalist option').length === 10")
            assert page.run("location.hash") == "#/requests"
            assert page.run("document.querySelector('input[name=pool]').ariaInvalid") == "true"
            page.fill("input[name=pool]", "pool-04999")
            page.until("location.hash === '#/requests?pool=pool-04999'")
            page.until(says("In which order"))


def loaded_late(browser):
    """What a view needs is loaded when it is asked for, and said so when it cannot be."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/now") as page:
        settled(page)
        scripts = {url for url in page.requests if url.endswith(".js")}
        page.run("location.hash = '#/plan'")
        page.until("document.querySelector('.donut, .cards')")
        more = {url for url in page.requests if url.endswith(".js")} - scripts
        assert more, scripts
        page.run("location.hash = '#/now'")
        page.until(says("of what is granted"))
        asked = len([url for url in page.requests if url.endswith(".js")])
        page.run("location.hash = '#/plan'")
        page.until("document.title.startsWith('Plan')")
        settled(page)
        assert len([url for url in page.requests if url.endswith(".js")]) == asked
        mock.files = mock.files / "help"  # as when another version of the console is served
        page.run("location.hash = '#/margin'")
        page.until(says("This view could not be loaded"))
        assert page.run(says("Load the page again"))


def sources_by_name(browser):
    """A source among very many is found by the daemon, and not only among those that are listed."""
    with ConsoleMock(CONSOLE) as mock, browser.open(f"{mock.url}/#/sources") as page:
        settled(page)
        page.until("document.querySelector('input[name=find]')")
        page.fill("input[name=find]", "trn-0")
        page.eventually(lambda: ("sources", {"most": "1000", "find": "trn-0"}) in mock.asked,
                        "the daemon is asked for the text")


TESTS = [many_to_choose, name_of_many, loaded_late, sources_by_name, live, lost_and_found, hidden_tab, back_button, filters, sorting, asking, keyboard,
         menu_of_a_phone, theme, presets, does_not_fit, one_curve_fits, two_states, downloads, many]

if __name__ == "__main__":
    sys.exit(run_all(TESTS))
