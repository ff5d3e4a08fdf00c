#!/usr/bin/python3
"""Every view of the console on every screen, with recorded answers and with bad ones."""
import json
import sys

from looks import (CONSOLE, SCREENS, VIEWS, check_page, keep_picture, run_all, settled)
from console_mock import ConsoleMock, Error, made_up_history, recorded

EVIL = '<script>window.evil=1</script><img src=x onerror="window.evil=1">"\'&'
TURNED = "left\u202eright\nbelow"


def every_view(browser, screen):
    with ConsoleMock(CONSOLE) as mock:
        for view in VIEWS:
            with browser.open(f"{mock.url}/#/{view}", **SCREENS[screen]) as page:
                settled(page)
                name = f"{view.split('?')[0]}-{screen}"
                check_page(page, name, mock.url)
                answer = page.text(".answer")
                assert len(answer) > 10, (name, answer)
                keep_picture(page, name)


def light(browser):
    """Every view renders in light colours, reads well and asks nobody but the daemon."""
    every_view(browser, "light")


def dark(browser):
    """Every view renders in dark colours."""
    every_view(browser, "dark")


def phone(browser):
    """Every view fits a phone."""
    every_view(browser, "phone")


def wall(browser):
    """Every view fits a wall."""
    every_view(browser, "wall")


def answer_on_first_screen(browser):
    """The answer stands on the first screen of a phone."""
    with ConsoleMock(CONSOLE) as mock:
        for view in VIEWS:
            with browser.open(f"{mock.url}/#/{view}", **SCREENS["phone"]) as page:
                settled(page)
                low = page.run("document.querySelector('.answer').getBoundingClientRect().bottom")
                assert low < 500, (view, low)


def hostile_names(browser):
    """A hostile name is text everywhere: no element, no script, no turned line."""
    with ConsoleMock(CONSOLE) as mock:
        pool = mock.pools["pools"][0]
        pool |= {"pool": EVIL, "owner": EVIL, "contact": TURNED, "idleH100e": 999.0}
        pool["teams"][0]["team"] = EVIL
        pool["chips"][0] |= {"chip": EVIL, "signal": EVIL}
        mock.pools["orphaned"] = [{"pool": EVIL, "h100e": 3.0}]
        mock.answers["margin"]["rows"][1] |= {"model": EVIL, "customerTier": TURNED}
        mock.answers["sources"]["sources"][0] |= {"source": EVIL, "owner": TURNED}
        mock.answers["rejected"]["reports"][0] |= {"source": EVIL, "detail": EVIL}
        mock.answers["framework"] = lambda q: evil_framework(q)
        from urllib.parse import quote
        for view in ("now", "pool", f"pool?pool={quote(EVIL)}", "sources", "margin", "plan",
                     "simulator", "sensitivity", "training"):
            with browser.open(f"{mock.url}/#/{view}") as page:
                settled(page)
                assert "<script>" in page.text(), (view, page.text()[:500])
                assert page.run("window.evil") is None, view
                assert page.run("document.querySelectorAll('#app script, #app img').length") == 0
                assert "\u202e" not in page.run("document.body.textContent"), view
                check_page(page, view, mock.url)


def evil_framework(question):
    framework = recorded("framework_fine" if "set" in question else "framework")
    framework["scenarios"][1]["title"] = EVIL
    framework["sensitivity"][1]["title"] = EVIL
    framework["training"]["models"][0]["title"] = EVIL
    return framework


def unheard(mock):
    """All pools as when most of their hosts are silent."""
    for pool in mock.pools["pools"]:
        for name in ("busyH100e", "idleH100e", "utilizationRatio", "headroomH100e", "measuredRatio",
                     "productiveH100e"):
            pool.pop(name, None)
        pool["coverageRatio"] = 0.41
        for team in pool["teams"]:
            team.pop("busyH100e", None)
            team.pop("idleH100e", None)


def not_known(browser):
    """What is not known looks like not known: no 0, no verdict, nothing green."""
    with ConsoleMock(CONSOLE) as mock:
        unheard(mock)
        for name in ("actualShareRatio", "driftRatio", "actualH100e"):
            for row in mock.answers["compare"]["categories"] + mock.answers["compare"]["tiers"]:
                row.pop(name, None)
        for name in ("bufferConsumedH100e", "p0ShortfallH100e", "inferenceUtilizationRatio"):
            mock.answers["compare"].pop(name)
        mock.answers["compare"]["coverageRatio"] = 0.41
        for view in ("now", "pool?pool=research-scaling", "plan"):
            with browser.open(f"{mock.url}/#/{view}") as page:
                settled(page)
                assert "41% of chips heard" in page.text(".answer"), (view, page.text(".answer"))
                green = "document.querySelectorAll('.part.busy:not(.swatch), .fit.own').length"
                assert page.run(green) == 0, view
                check_page(page, view, mock.url)
        with browser.open(f"{mock.url}/#/now") as page:
            settled(page)
            busy = page.run("[...document.querySelectorAll('.bar-row')].find(row =>"
                            " row.innerText.startsWith('Busy')).innerText")
            assert "not known" in busy and "\n0" not in busy, busy


def nothing(browser):
    """What is empty says in words what that means."""
    with ConsoleMock(CONSOLE) as mock:
        mock.pools = {"basis": mock.pools["basis"], "pools": [], "orphaned": []}
        mock.answers["sources"] = {"sources": [], "total": "0"}
        mock.answers["rejected"] = {"reports": [], "counts": []}
        for view, words in (("now", "No pool of the plan matches"),
                            ("sources", "No source has ever reported"),
                            ("sources", "No report was refused")):
            with browser.open(f"{mock.url}/#/{view}") as page:
                settled(page)
                page.until(f"document.body.innerText.includes({json.dumps(words)})")


def hardly_told(browser):
    """Time of a pool that hosts hardly told of is a gap in its past, and no time of little use."""
    lines = ("[...document.querySelectorAll('svg title')].filter("
             "title => title.textContent === '{}').length")
    for coverage, shown in ((0.95, True), (0.5, False)):
        with ConsoleMock(CONSOLE) as mock:
            mock.answers["history/pools"] = lambda q, coverage=coverage: told(q, coverage)
            with browser.open(f"{mock.url}/#/pool?pool=research-scaling") as page:
                settled(page)
                page.until(lines.format("allocated"))
                for name in ("assigned", "busy"):
                    assert bool(page.run(lines.format(name))) == shown, (name, coverage)
                assert (f"{coverage:.0%}" in page.run("document.body.textContent")), coverage
                assert ("Too little of this time" in page.run("document.body.innerHTML")) != shown


def idle_money(browser):
    """What idle chips cost, and since when a team holds some, is said where it is known."""
    as_of = 1_795_989_420_428_717_502
    for usd, words, others in ((1234.5, ("$1.2k a day while idle", "$1.2k a day"), "no price"),
                               (None, ("no price for a kind of them",), "a day while idle")):
        with ConsoleMock(CONSOLE) as mock:
            mock.pools["basis"]["asOfUnixNanos"] = str(as_of)
            pool = next(p for p in mock.pools["pools"] if p["pool"] == "research-scaling")
            team = pool["teams"][0]
            idle = {"idleChips": 3.0} | ({} if usd is None else {"idleUsdPerDay": usd})
            pool |= idle
            team |= idle | {"idleSinceUnixNanos": str(as_of - 5 * 3600 * 10**9)}
            with browser.open(f"{mock.url}/#/pool?pool=research-scaling") as page:
                settled(page)
                text = page.run("document.body.textContent")
                for said in words + ("3 chips idle, never without one for 5 h at least",):
                    assert said in text + page.run("document.body.innerHTML"), (said, text)
                assert others not in text, text
                check_page(page, "pool", mock.url)


def held_since(browser):
    """Since when somebody holds chips is said; where it is not known, it looks so and says why."""
    with ConsoleMock(CONSOLE) as mock:
        with browser.open(f"{mock.url}/#/pool?pool=research-scaling") as page:
            settled(page)
            rows = ("[...document.querySelectorAll('section[aria-label^=Since] li li')]"
                    ".map(row => [row.innerText, !!row.querySelector('.hatch')])")
            page.until(rows + ".length > 0")
            found = {text.split()[0]: (text, hatched) for text, hatched in page.run(rows)}
            assert not found["sweep"][1] and "not known" not in found["sweep"][0], found
            assert found["probe"][1] and "it held when the books began" in found["probe"][0], found
            assert found["long-run"][1] and "nobody told of the time from" in found["long-run"][0]
            assert "whether it still does" in found["long-run"][0], found
            check_page(page, "pool", mock.url)


def told(question, coverage):
    """A past of which hosts told a part."""
    history = made_up_history(question)
    for row in history["rows"]:
        row["coverageRatio"] = coverage
        for name in ("assignedH100e", "measuredH100e", "busyH100e"):
            row[name] *= coverage
    return history


def need_of_training(browser):
    """What training needs is one amount: in the answer, in the sum and at the scenarios."""
    with ConsoleMock(CONSOLE) as mock:
        training = recorded("framework")["training"]
        training |= {"hoursPerYear": 3e6, "inefficiencyFactor": 2, "neededHours": 6e6}
        mock.answers["framework"] = recorded("framework") | {"training": training}
        with browser.open(f"{mock.url}/#/training") as page:
            settled(page)
            assert page.text(".answer").startswith("6M H100-hours"), page.text(".answer")
            needed = "[...document.querySelectorAll('tr')].find(row => row.innerText.includes("
            assert "6M" in page.run(needed + "'what is needed')).innerText")


def without_settings(browser):
    """A daemon without framework, ledger and suite says what is missing, and where to set it."""
    with ConsoleMock(CONSOLE) as mock:
        for call in ("framework", "simulate", "margin", "capability", "history/pools", "rejected",
                     "holders"):
            mock.answers[call] = Error("FAILED_PRECONDITION", f"no {call}")
        expected = {"plan": "framework", "simulator": "framework", "economics": "framework",
                    "training": "framework", "sensitivity": "framework", "margin": "ledger.path",
                    "capability": "outcomes.benchmarks", "sources": "ledger.path",
                    "pool?pool=research-scaling": "ledger.path"}
        for view, setting in expected.items():
            with browser.open(f"{mock.url}/#/{view}") as page:
                page.until(f"document.body.innerText.includes({json.dumps(setting)})", view)


def refused(browser):
    """Who may not see something is told so; who gives no proof of who they are is asked for it."""
    with ConsoleMock(CONSOLE) as mock:
        mock.answers["pools"] = Error("PERMISSION_DENIED", "the identity lacks the role query")
        with browser.open(f"{mock.url}/#/now") as page:
            page.until("document.body.innerText.includes('lacks the role query')")
            assert "You may not see this" in page.text()
        mock.answers["pools"] = Error("UNAUTHENTICATED", "no certificate and no token")
        with browser.open(f"{mock.url}/#/now") as page:
            page.until("document.querySelector('input[name=token]')")
            assert not page.run("/[0-9]/.test(document.querySelector('main').innerText)")


TESTS = [light, dark, phone, wall, answer_on_first_screen, hostile_names, not_known, hardly_told,
         held_since, idle_money, nothing, need_of_training, without_settings, refused]

if __name__ == "__main__":
    sys.exit(run_all(TESTS))
