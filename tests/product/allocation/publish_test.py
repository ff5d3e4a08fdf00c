#!/usr/bin/python3
"""`fleetmeterctl publish`: the site made of what a made-up daemon tells, in a real browser.

The published site holds nothing that its audience may not see, and replaces no folder of others.
"""
import json
import sys

# This one comes first: it says where the others are.
from pages import SCREENS, Made, check_page, run_tests
from looks import keep_picture


def secrets_of(fleet):
    """What is of teams and single requests alone, as pages would show it."""
    texts = {"spiffe://", "team-of-the-committee"}
    for request in fleet.open + fleet.decided:
        texts.add(request.form.request_id)
        texts.add(f"{request.form.team} in ")
        if request.form.HasField("roi"):
            texts.add(request.form.roi.gain + ", $")
    return texts


def the_site_holds_what_its_audience_may_see(browser):
    """The published site opens from its files, and tells everybody nothing of teams."""
    with Made() as made:
        site = made.path / "site"
        done = made.ctl("publish", "--to", site, "--output", "json")
        assert done.returncode == 0, done.stderr
        names = json.loads(done.stdout)["files"]
        everything = "".join((site / name).read_text() for name in names)
        told = [text for text in secrets_of(made.fleet) if text in everything]
        assert not told, told
        # Nothing else was even asked for. Of short grants it is asked whether they were released.
        assert set(made.fleet.asked) - {"Get"} == {"ListPools", "GetPlan", "Compare",
                                                   "GetFramework", "List"}, made.fleet.asked
        for name in names:
            for screen, looks in SCREENS.items():
                with browser.open((site / name).as_uri(), **looks) as page:
                    check_page(page, (name, screen))
                    keep_picture(page, f"site-{name.split('.')[0]}-{screen}")
        with browser.open((site / "index.html").as_uri()) as page:
            home = page.run("document.title")
            for _ in range(20):
                page.click("nav a[href='plan.html']")
                page.until("document.title === 'Plan'")
                page.click("nav a[href='index.html']")
                page.until(f"document.title === {json.dumps(home)}")
        done = made.ctl("publish", "--to", site, "--audience", "committee")
        assert done.returncode == 0, done.stderr
        everything = "".join((site / name).read_text() for name in names)
        missing = [request.form.request_id for request in made.fleet.decided
                   if request.form.request_id not in everything]
        assert not missing, missing


def a_folder_is_replaced_whole(_browser):
    """A site replaces its own folder as a whole, and no folder of others."""
    with Made() as made:
        site = made.path / "deep" / "site"
        assert made.ctl("publish", "--to", site).returncode == 0
        (site / "plan.html").write_text("old")
        (site / ".fleetmeter-site").write_text(
            (site / ".fleetmeter-site").read_text() + "gone.html\n")
        (site / "gone.html").write_text("a page of an earlier version")
        assert made.ctl("publish", "--to", f"{site}/").returncode == 0
        assert (site / "plan.html").read_text() != "old"
        assert not (site / "gone.html").exists()
        (site / "thesis.txt").write_text("mine")
        done = made.ctl("publish", "--to", site)
        assert done.returncode == 1 and "thesis.txt" in done.stderr, done
        assert (site / "thesis.txt").read_text() == "mine"
        assert [path.name for path in site.parent.iterdir()] == ["site"]
        (site / "thesis.txt").unlink()
        (made.path / "link").symlink_to(site)
        (site / "plan.html").write_text("old")
        assert made.ctl("publish", "--to", made.path / "link").returncode == 0
        assert (made.path / "link").is_symlink() and (site / "plan.html").read_text() != "old"
        (made.path / "file").write_text("")
        done = made.ctl("publish", "--to", made.path / "file")
        assert done.returncode == 1 and "is no folder" in done.stderr, done
        done = made.ctl("publish", "--to", "")
        assert done.returncode == 2 and "--to: is empty" in done.stderr, done


TESTS = (the_site_holds_what_its_audience_may_see, a_folder_is_replaced_whole)


if __name__ == "__main__":
    sys.exit(run_tests(TESTS))
