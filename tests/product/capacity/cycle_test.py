#!/usr/bin/python3
"""The cycle of a request for capacity from the command line alone, on the demo's plan: ask, check,
rank, decide all at once, compile the next plan, load it, and see how the grant was used. The daemon
is killed in between."""
import csv
import json
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
sys.path.insert(0, str(HERE.parent / "client"))
from clients import SteadyDaemon
from programs import FLEETMETERCTL, FLEETMETERD, SOURCE

HOUR = 3_600
PLAN = SOURCE / "deploy" / "demo" / "plan.yaml"
CATALOG = SOURCE / "deploy" / "catalog" / "default.yaml"
POOL = "research-post-training"
OK, ERROR, DOES_NOT_FIT = 0, 1, 3
HOSTILE = "because of\nthis\tそれ\u202e <b>& $(true)"


def utc(seconds):
    return time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime(seconds))


def this_hour():
    return int(time.time()) // HOUR * HOUR


class Terminal:
    def __init__(self, daemon):
        self.daemon = daemon

    def run(self, *arguments):
        done = subprocess.run([FLEETMETERCTL, "--address", self.daemon.query_address, *arguments],
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr

    def ok(self, *arguments):
        code, out, error = self.run(*arguments)
        assert code == OK, (arguments, code, out, error)
        return out

    def json(self, *arguments):
        return json.loads(self.ok(*arguments, "--output", "json"))

    def refused(self, *arguments):
        code, out, error = self.run(*arguments)
        assert code == ERROR and not out, (arguments, code, out, error)
        assert "\x1b" not in error, error
        return error

    def state(self, request):
        return self.json("request", "show", request)["request"]["state"]


def form(folder, name, **fields):
    """A form's file; YAML reads JSON."""
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(fields, ensure_ascii=False), encoding="utf-8")
    return path


def rollouts(folder, **more):
    return form(folder, "rollouts", **{
        "id": "rollouts", "pool": POOL, "team": "rl", "chip": "b200", "chips": 24,
        "start": utc(this_hour() - 6 * HOUR), "for": "7d", "workload": "rl-rollouts",
        "nature": "company_goal", "goal": "Flagship 5", "note": HOSTILE} | more)


def beyond(folder, name, chips, **more):
    return form(folder, name, **{
        "id": name, "pool": POOL, "team": "rl", "chip": "b200", "chips": chips,
        "start": utc(this_hour()), "for": "14d", "workload": "rl-rollouts", "run": "rl-9",
        "nature": "company_goal", "goal": "Flagship 5", "beyond_allocation": True,
        "trade_off": "The sweeps wait.",
        "roi": {"gain": "revenue", "expected": "1.5M", "low": "0.8M", "high": "2.5M",
                "confidence": "90%", "by": utc(time.time() + 90 * 24 * HOUR)[:10]}} | more)


def says_what_is_wrong(terminal, folder):
    code, out, _ = terminal.run("request", "check", "--file",
                                str(rollouts(folder, note="clear \x1b[2J it")))
    assert code == ERROR and "--note" in out and "\x1b" not in out, (code, out)
    code, out, _ = terminal.run("request", "check", "--file",
                                str(rollouts(folder, pool="research-post-trainin", chips=0)))
    assert code == ERROR and "--pool" in out and POOL in out and "--chips" in out, (code, out)
    code, out, _ = terminal.run("request", "check", "--file", str(beyond(folder, "bare", 4)),
                                "--trade-off", "")
    assert code == ERROR and "--trade-off" in out, (code, out)
    # All of the pool and more.
    code, out, _ = terminal.run("request", "check", "--file", str(rollouts(folder)), "--chips",
                                "40")
    assert code == DOES_NOT_FIT and "fits       no:" in out, (code, out)
    assert terminal.json("request", "list")["requests"] == []


def asks(terminal, folder):
    path = rollouts(folder)
    code, out, error = terminal.run("request", "check", "--file", str(path))
    assert code == OK and "fits       yes" in out, (code, out, error)
    first = terminal.json("request", "ask", "--file", str(path))
    assert [event["action"] for event in first["events"]] == ["submit"], first
    again = terminal.json("request", "ask", "--file", str(path))
    assert again["nothing_to_do"] and not again["events"], again
    assert "rollouts" in terminal.refused("request", "ask", "--file", str(path), "--chips", "8")
    changed = terminal.json("request", "ask", "--id", "rollouts", "--amend", "--chips", "16",
                            "--reason", HOSTILE)
    assert changed["requests"][0]["revision"] == 2, changed
    assert changed["requests"][0]["form"]["note"] == HOSTILE, changed
    terminal.ok("request", "ask", "--file", str(beyond(folder, "more", 4)))
    terminal.ok("request", "ask", "--file", str(rollouts(
        folder, id="retrain", chip="trainium2", chips=12, team="preferences",
        workload="reward-models", nature="critical", goal="", start=utc(this_hour() + 24 * HOUR))))
    made_up = terminal.json("request", "ask", "--file", str(rollouts(folder, id="")), "--chips",
                            "1")
    terminal.ok("request", "withdraw", made_up["requests"][0]["form"]["request_id"], "--reason",
                "no")


def shows_text_as_text(terminal):
    out = terminal.ok("request", "show", "rollouts")
    assert "\x1b" not in out and "\u202e" not in out, out
    assert "because of\n" in out and "this それ\\u202e <b>& $(true)" in out, out
    for line in terminal.ok("request", "list").splitlines():
        assert len(line) <= 80 or line.startswith("plan "), line


def ranks(terminal):
    terminal.ok("request", "rank", "--pool", POOL, "--nature", "company_goal", "--order",
                "rl-rollouts", "--reason", "it comes first")
    ranking = terminal.json("request", "rank", "--pool", POOL)["requests"]
    assert [each["request"]["form"]["request_id"] for each in ranking] == ["retrain", "rollouts"]
    assert ranking[1]["rule"] == "nature" and ranking[1]["why"], ranking
    between = terminal.json("request", "rank")["requests"]
    assert [each["request"]["form"]["request_id"] for each in between] == ["more"], between
    assert terminal.state("rollouts") == "ranked"


def decides_all_or_nothing(terminal, folder):
    path = folder / "decisions.yaml"

    def write(*decisions):
        path.write_text(json.dumps({"reason": "meeting", "decisions": decisions}))

    write({"request": "retrain", "grant": "all"},
          {"request": "rollouts", "grant": 16, "revision": 1})
    error = terminal.refused("request", "decide", "--file", str(path))
    assert "rollouts" in error, error
    assert terminal.state("retrain") == "submitted"
    # 144 H100e for a pool of 96.
    write({"request": "retrain", "grant": "all"}, {"request": "rollouts", "grant": 48})
    terminal.refused("request", "decide", "--file", str(path))
    assert terminal.state("retrain") == "submitted"
    write({"request": "retrain", "decline": True, "reason": "not now"},
          {"request": "rollouts", "grant": "all"}, {"request": "more", "grant": "all"})
    dry = terminal.ok("request", "decide", "--file", str(path), "--dry-run")
    assert "Nothing was decided." in dry and terminal.state("more") == "submitted", dry
    decided = terminal.json("request", "decide", "--file", str(path))
    assert len({event["decision"] for event in decided["events"]}) == 1, decided
    assert terminal.state("rollouts") == "active" and terminal.state("retrain") == "declined"
    error = terminal.refused("request", "decide", "retrain", "--grant", "all", "--reason", "yes")
    assert "retrain" in error, error


def history(terminal, request):
    return [(event["action"], event["identity"], event["reason"])
            for event in terminal.json("request", "show", request)["events"]]


def imports_use(terminal, folder):
    """12 of 16 chips for the six hours since the grant began."""
    path = folder / "used.csv"
    with open(path, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow("start end chip chip_hours pool team workload signal busy_chip_hours".split())
        for hour in range(this_hour() - 6 * HOUR, this_hour(), HOUR):
            rows.writerow([utc(hour), utc(hour + HOUR), "b200", 12, POOL, "rl", "rl-rollouts",
                           "gr_engine_active", 6])
    terminal.ok("import", "usage", str(path), "--source", "history", "--ingest-address",
                terminal.daemon.ingest_address)


def sees_the_use(terminal):
    grants = {each["request"]["form"]["request_id"]: each
              for each in terminal.json("request", "grants")["grants"]}
    used = grants["rollouts"]
    told = used["told_seconds"] // HOUR
    assert told >= 6, used
    assert int(used["used_chip_nanos"]) == 6 * 12 * HOUR * 10**9, used
    assert int(used["granted_chip_nanos"]) == told * 16 * HOUR * 10**9, used
    assert abs(used["utilization_ratio"] - 0.5) < 1e-9, used
    assert grants["more"]["used_ratio"] is None, grants["more"]


def next_plan(terminal, folder, daemon):
    path = folder / "next-plan.yaml"
    arguments = ["plan", "compile", "--decided", "--plan", str(PLAN), "--catalog", str(CATALOG)]
    out = terminal.ok(*arguments, "--to", str(path),
                      "--effective-from", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    assert f"{POOL}: 108.0 H100e instead of 96.0, for more" in out, out
    text = path.read_text()
    assert "(request more)" in text and "# The plan of the demo fleet." in text, text
    config = daemon.config.read_text()
    new = config.replace(f"[{PLAN}]", f"[{PLAN}, {path}]")
    assert new != config
    checked = folder / "checked.yaml"
    checked.write_text(new.replace(str(daemon.ledger), str(folder / "other.db")))
    subprocess.run([FLEETMETERD, "--config", checked, "--check-config"], check=True,
                   capture_output=True, timeout=60)
    daemon.config.write_text(new)
    deadline = time.monotonic() + 60
    while (plan := terminal.json("plan", "show"))["basis"]["plan_version"] != 2:
        assert time.monotonic() < deadline, "the next plan is not loaded"
    pools = {pool["pool"]: pool["allocated_h100e"] for pool in plan["pools"]}
    assert pools[POOL] == 108, pools
    # The same decisions once more change nothing.
    again = [*arguments[:4], str(path), *arguments[5:]]
    assert "it has what the grants" in terminal.refused(*again)
    return again


def gives_back(terminal, again):
    """A grant that is released is taken out of the plan after it."""
    end = this_hour() + HOUR
    terminal.ok("request", "release", "more", "--reason", "it has converged", "--at", utc(end))
    made = terminal.json(*again, "--effective-from", utc(end).replace("Z", ":00Z"))
    assert made["version"] == 3 and made["raises"][0]["after_micro_h100e"] == 96_000_000, made
    assert "# grants:" not in made["yaml"], made


def tells_decisions_from_releases(terminal, folder):
    """What a team released was granted whole all the same."""
    report = terminal.json("report", "allocation")
    [row] = [row for row in report["sections"]["decided"]["tables"]["decisions"]["rows"]
             if row["request"] == "more"]
    assert row["decision"] == "granted, and released before its end", row
    terminal.ok("publish", "--to", str(folder / "site"))
    decisions = (folder / "site" / "decisions.html").read_text()
    assert "granted, and released before its end" in decisions, decisions


def main():
    with tempfile.TemporaryDirectory(prefix="fleetmeter-cycle-") as temporary:
        folder = pathlib.Path(temporary)
        with SteadyDaemon(folder) as daemon:
            terminal = Terminal(daemon)
            says_what_is_wrong(terminal, folder)
            asks(terminal, folder)
            shows_text_as_text(terminal)
            ranks(terminal)
            decides_all_or_nothing(terminal, folder)
            before = history(terminal, "rollouts")
            assert [action for action, _, _ in before] == ["submit", "amend", "grant"], before
            assert before[1][1:] == ("local", HOSTILE), before
            daemon.kill()
            daemon.start()
            assert history(terminal, "rollouts") == before
            imports_use(terminal, folder)
            sees_the_use(terminal)
            again = next_plan(terminal, folder, daemon)
            gives_back(terminal, again)
            tells_decisions_from_releases(terminal, folder)
            daemon.stop()
        subprocess.run([FLEETMETERCTL, "ledger", "verify", "--ledger", daemon.ledger], check=True,
                       capture_output=True, timeout=60)
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
