#!/usr/bin/python3
"""No face offers as free, idle or reclaimable what was last said to be held.

A host holds all that its pool is granted, and works. Then it falls silent, the daemon is started
again, the plan renames the pool, the host lists less than it had, and its reports are rejected.
After each of these all faces are asked: the tables of fleetmeterctl, the API, /metrics, the MCP
server, the allocation report, a check of a request, and the exports.

Exit code 0: all is well; 1: something is not.
"""
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "support"))
sys.path.insert(0, str(HERE.parent / "client"))
from clients import SteadyDaemon
from ingest_stubs import load_ingest_stubs
from programs import FLEETMETERCTL

SECOND = 1_000_000_000
CATALOG = """version: 1
chips:
  - {name: h100, provider: site, title: H100, usd_per_chip_hour: 2,
     conversions: [{chips_per_h100e: 1, basis: the reference}]}
"""
HELD, GRANTED, FREE, SUPPLY = 8, 8, 8, 16  # chips, each of which is one H100e
EXTRA = "live: {silent_after: 3s, forget_after: 6s}\n"


def plan_of(pool, version):
    pools = "".join(
        f"  - name: {name}\n    category: {category}\n    tier: p2\n    owner: O\n"
        f'    contact: "#c"\n    teams: [api, rl]\n    allocation: {{h100e: 8}}\n'
        "    policy: {lendable: 100%, borrowing_limit_h100e: 16}\n"
        for name, category in ((pool, "inference"), ("research", "research")))
    return (f"plan: test\nversion: {version}\nscenario: test\neffective_from: 2025-01-01\n"
            f"supply: [{{chip: h100, chips: {SUPPLY}}}]\n"
            "tiers: {p0: 0%, p1: 0%, p2: 100%, buffer: 0%}\n"
            "categories: {inference: 50%, training: 0%, research: 50%, safety: 0%}\n"
            f"pools:\n{pools}")


class Hosts:
    """Reports for two hosts: one that works, and one that nobody holds."""

    def __init__(self, folder, address):
        stubs = folder / "stubs"
        stubs.mkdir()
        self.grpc, self.ingest, service, _ = load_ingest_stubs(stubs)
        from fleetmeter.v1 import usage_pb2
        self.usage = usage_pb2
        self.stub = service.UsageIngestStub(self.grpc.insecure_channel(address))
        self.stream, self.sequence, self.ends = b"0123456789abcdef", 0, {}

    def say(self, host, chips, **held):
        group = self.usage.UsageGroup(chip="h100", per_chip=self.usage.PerChip(device=range(chips)))
        group.state = self.usage.CHIP_STATE_UNASSIGNED
        if held:
            group.state = self.usage.CHIP_STATE_ASSIGNED
            group.pool, group.team, group.signal = held["pool"], held["team"], "gr_engine_active"
            group.per_chip.activity.extend([1] * chips)
        self.sequence += 1
        end = time.time_ns()
        start = max(self.ends.get(host, end - SECOND), end - SECOND)
        self.ends[host] = end
        report = self.usage.UsageReport(
            sequence=self.sequence, source=host, groups=[group], window_start_unix_nanos=start,
            window_length_nanos=end - start)
        request = self.ingest.ReportRequest(stream_id=self.stream, reports=[report])
        ack = self.answer_to(request)
        assert ack.acknowledged_through == self.sequence, ack
        return [each.reason for each in ack.dispositions]

    def answer_to(self, request):
        """Again where a kill of the daemon cut the connection: it counts a report once."""
        try:
            return self.stub.Report(request, timeout=20, wait_for_ready=True).ack
        except self.grpc.RpcError as cut:
            assert cut.code() == self.grpc.StatusCode.UNAVAILABLE, cut
            return self.stub.Report(request, timeout=20, wait_for_ready=True).ack


class Faces:
    """All that says how much of something there is to be had. Amounts in H100e."""

    def __init__(self, daemon, folder):
        self.daemon, self.folder = daemon, folder

    def ctl(self, *arguments, codes=(0,)):
        done = subprocess.run([FLEETMETERCTL, "--address", self.daemon.query_address, *arguments],
                              capture_output=True, text=True, timeout=60)
        assert done.returncode in codes, f"{arguments}: {done.returncode} {done.stdout}{done.stderr}"
        return done.stdout

    def get(self, path, **fields):
        query = f"?{urllib.parse.urlencode(fields)}" if fields else ""
        with urllib.request.urlopen(f"http://{self.daemon.http_address}{path}{query}",
                                    timeout=30) as page:
            return page.read().decode()

    def metrics(self):
        series = {}
        for line in self.get("/metrics").splitlines():
            if found := re.fullmatch(r"(fleetmeter_\w+)(?:\{(.*)\})? (\S+)(?: \S+)?", line):
                labels = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
                series.setdefault(found[1], []).append((labels, float(found[3])))
        return series

    def mcp(self, *calls):
        asked = [("initialize", {"protocolVersion": "2025-06-18", "capabilities": {},
                                 "clientInfo": {"name": "t", "version": "1"}})]
        asked += [("tools/call", {"name": name, "arguments": arguments})
                  for name, arguments in calls]
        lines = [json.dumps({"jsonrpc": "2.0", "id": i, "method": method, "params": params})
                 for i, (method, params) in enumerate(asked)]
        done = subprocess.run([FLEETMETERCTL, "mcp", "--address", self.daemon.query_address],
                              input="\n".join(lines) + "\n", capture_output=True, text=True,
                              timeout=60)
        answers = [json.loads(line)["result"] for line in done.stdout.splitlines()]
        return [answer.get("structuredContent") for answer in answers[1:]]


def numbers_of(value, name):
    """All numbers of this name, wherever they are in a JSON value. What is not known is none."""
    if isinstance(value, list):
        return [number for each in value for number in numbers_of(each, name)]
    if not isinstance(value, dict):
        return []
    own = value.get(name)
    is_number = isinstance(own, (int, float)) and not isinstance(own, bool)
    return ([own] if is_number else []) + [number for each in value.values()
                                           for number in numbers_of(each, name)]


class Offers:
    """Holds what faces offer against what is held, and remembers what was compared."""

    def __init__(self, step):
        self.step, self.compared = step, 0

    def at_most(self, face, name, offered, limit):
        """Of each number that the face has of this name, and of all of them together."""
        self.compared += len(offered)
        taken = sum(max(0, number) for number in offered)
        assert taken <= limit + 1e-6, f"{self.step}: {face} offers {name} {offered}, of {limit}"

    def pools(self, face, pools, pool):
        """Pools as the answers of gRPC have them, in names of JSON. `pool`: whose chips are held."""
        by_name = {each["pool"]: each for each in pools}
        assert by_name[pool]["allocated_h100e"] == GRANTED, by_name
        own, others = by_name[pool], [each for name, each in by_name.items() if name != pool]
        self.at_most(face, "headroom of the pool", numbers_of(own, "headroom_h100e"),
                     GRANTED - HELD)
        self.at_most(face, "headroom", numbers_of(others, "headroom_h100e"), FREE)
        for name in ("idle_h100e", "idle_chips", "idle_usd_per_day"):
            self.at_most(face, name, numbers_of(pools, name), 0)


def snake(value):
    """The API's names in those of fleetmeterctl."""
    if isinstance(value, list):
        return [snake(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {re.sub("[A-Z]", lambda c: "_" + c[0].lower(), key): snake(each)
            for key, each in value.items()}


def tables_and_answers(faces, offers, pool):
    offers.pools("pools", json.loads(faces.ctl("pools", "--output", "json"))["pools"], pool)
    supply = json.loads(faces.ctl("supply", "--output", "json"))["chips"]["h100"]
    offers.at_most("supply", "unassigned", [supply["unassigned"]], FREE)
    for name in (pool, "research"):
        told = json.loads(faces.ctl("headroom", name, "--ask", "9", "--output", "json",
                                    codes=(0, 1, 2, 3, 4, 5)))
        # Nine chips are free nowhere, be they borrowed or not.
        for answer in ("fits", "fits_with_borrowing"):
            assert told["ask"].get(answer) is not True, f"{offers.step}: {name} {told}"
        limit = FREE if name == pool else GRANTED - HELD
        offers.at_most(f"headroom {name}", "borrowable", numbers_of(told, "borrowable_h100e"),
                       limit)
    told = json.loads(faces.ctl("headroom", pool, "--ask", "1", "--output", "json",
                                codes=(0, 1, 2, 3, 4, 5)))
    assert told["ask"].get("fits") is not True, f"{offers.step}: {told}"


def api_and_metrics(faces, offers, pool):
    told = snake(json.loads(faces.get("/api/v1/pools")))["pools"]
    named = [dict(each, pool=each.get("pool", each.get("name"))) for each in told]
    offers.pools("API pools", named, pool)
    rows = snake(json.loads(faces.get("/api/v1/supply")))["rows"]
    offers.at_most("API supply", "unassigned",
                   [int(row.get("unassigned_micro_chips", 0)) / 1e6 for row in rows], FREE)
    compared = snake(json.loads(faces.get("/api/v1/compare")))
    offers.at_most("API compare", "unassigned share",
                   numbers_of(compared, "unassigned_share_ratio"), FREE / SUPPLY)
    series = faces.metrics()

    def of(name, **labels):
        return [value for each, value in series.get(name, [])
                if labels.items() <= each.items() and value == value]
    offers.at_most("/metrics", "headroom", of("fleetmeter_pool_headroom_h100e", pool=pool),
                   GRANTED - HELD)
    for name, limit in (("pool_headroom_h100e", FREE), ("pool_unused_h100e", FREE),
                        ("pool_idle_h100e", 0), ("pool_idle_chips", 0), ("team_idle_h100e", 0),
                        ("team_idle_chips", 0),
                        ("plan_unassigned_share_ratio", FREE / SUPPLY)):
        offers.at_most("/metrics", name, of(f"fleetmeter_{name}"), limit)
    offers.at_most("/metrics", "unassigned chips",
                   of("fleetmeter_supply_chips", state="unassigned"), FREE)
    offers.at_most("/metrics", "unused", of("fleetmeter_pool_unused_h100e", pool=pool), 0)


def words_and_reports(faces, offers, pool):
    pools, one, nine, idle, supply = faces.mcp(
        ("list_pools", {}), ("can_admit", {"h100e": 1, "pool": pool}),
        ("can_admit", {"h100e": FREE + 1}), ("idle_holders", {}), ("supply", {}))
    offers.pools("MCP list_pools", pools["pools"], pool)
    assert one["ask"].get("fits") is not True, f"{offers.step}: {one}"
    assert not any(each["fits"] for each in nine["pools"]), f"{offers.step}: {nine}"
    assert not idle["holders"], f"{offers.step}: {idle}"
    offers.at_most("MCP supply", "unassigned", numbers_of(supply, "unassigned"), FREE)
    report = json.loads(faces.ctl("report", "allocation", "--output", "json"))
    text = json.dumps(report)
    said = re.findall(r"The pools have ([\d,.]+) H100e of headroom", text)
    offers.at_most("report allocation", "headroom", [float(each) for each in said], FREE)
    # What is promised for the hours to come is another thing, and says so.
    hour = time.strftime("%Y-%m-%dT%H:00Z", time.gmtime(time.time() + 3_600))
    checked = faces.ctl("request", "check", "--pool", "research", "--team", "rl", "--chip", "h100",
                        "--chips", "16", "--for", "24h", "--start", hour, "--workload", "w",
                        "--nature", "critical", codes=(0, 3))
    assert f"{pool} (8.0 H100e)" in checked, checked
    assert "whatever they hold now" in " ".join(checked.split()), checked
    rows = [row for row in report_rows(report) if row.get("pool") == pool]
    assert rows, report
    for name in ("headroom_h100e", "unused_h100e", "idle_chips"):
        offers.at_most("report allocation", name, numbers_of(rows, name), GRANTED - HELD)


def report_rows(value):
    """The rows of all tables of a report."""
    if isinstance(value, list):
        return [row for each in value for row in report_rows(each)]
    if not isinstance(value, dict):
        return []
    own = value["rows"] if isinstance(value.get("rows"), list) else []
    return own + [row for each in value.values() for row in report_rows(each)]


def ask_all(faces, step, pool):
    offers = Offers(step)
    tables_and_answers(faces, offers, pool)
    api_and_metrics(faces, offers, pool)
    words_and_reports(faces, offers, pool)
    assert offers.compared > 9, f"{step}: only {offers.compared} numbers are told"
    print(f"{step}: {offers.compared} numbers offer nothing that is held")


def wait_for(what, told, seconds=60):
    end = time.monotonic() + seconds
    while not told():
        assert time.monotonic() < end, f"waited in vain for: {what}"
        time.sleep(0.2)  # between two questions


def coverage_of(faces, hosts, pool):
    """With the free host heard, so that nothing but silence is told of the other one."""
    hosts.say("free", FREE)
    told = json.loads(faces.ctl("pools", "--output", "json"))["pools"]
    return next(each["coverage_ratio"] for each in told if each["pool"] == pool)


def exports_have_no_value_where_nobody_told(faces, daemon, folder):
    """The pool serving is silent on the third day of four, on which the other one works."""
    rows = [f"2026-02-0{day},2026-02-0{day + 1},{source},h100,{place},s,192,192\n"
            for source, place, days in (("a", "serving,api", (1, 2, 4)),
                                        ("b", "research,rl", (1, 2, 3, 4))) for day in days]
    path = folder / "usage.csv"
    path.write_text("start,end,source,chip,pool,team,signal,chip_hours,busy_chip_hours\n"
                    + "".join(rows))
    faces.ctl("import", "usage", str(path), "--quiet", "--ingest-address", daemon.ingest_address)
    text = folder / "history.om"
    faces.ctl("export", "openmetrics", "--ledger", str(daemon.ledger), "--from", "2026-02-01",
              "--to", "2026-02-05", "--step", "1d", "--to-file", str(text))
    for name in ("assigned", "busy"):
        values = re.findall(rf'^fleetmeter_pool_{name}_h100e{{pool="(\w+)".*}} (\S+) \d+$',
                            text.read_text(), re.MULTILINE)
        assert sorted(values) == [("research", "8")] * 4 + [("serving", "8")] * 3, values
    said = faces.ctl("report", "--ledger", str(daemon.ledger), "--from", "2026-02-01", "--to",
                     "2026-02-05", "--by", "pool,day", "--output", "csv")
    days = [line.split(",")[:2] for line in said.splitlines() if line.startswith("serving,")]
    assert len(days) == 3 and ["serving", "2026-02-03"] not in days, said
    print("exports have no value where nobody told")


def history(faces, hosts, daemon, plan):
    hosts.say("free", FREE)
    assert not hosts.say("works", HELD, pool="serving", team="api")
    ask_all(faces, "heard", "serving")
    wait_for("silence", lambda: coverage_of(faces, hosts, "serving") == 0)
    ask_all(faces, "silent", "serving")
    daemon.kill()
    daemon.start()
    hosts.say("free", FREE)
    ask_all(faces, "after a kill of the daemon", "serving")
    assert not hosts.say("works", HELD, pool="serving", team="api")
    plan.write_text(plan_of("serving-api", 2))
    daemon.process.send_signal(signal.SIGHUP)
    wait_for("the new plan", lambda: "serving-api" in faces.ctl("pools", "--output", "json"))
    hosts.say("free", FREE)
    ask_all(faces, "under a name that the plan does not know any more", "serving-api")
    assert not hosts.say("works", HELD, pool="serving-api", team="api")
    hosts.say("free", FREE)
    assert not hosts.say("works", HELD - 3, pool="serving-api", team="api")
    ask_all(faces, "with three chips that are not listed any more", "serving-api")
    assert hosts.say("works", HELD, pool="serving-api", team="nobody") == ["unknown_team"]
    hosts.say("free", FREE)
    ask_all(faces, "rejected", "serving-api")
    wait_for("long silence", lambda: coverage_of(faces, hosts, "serving-api") == 0)
    ask_all(faces, "rejected for long", "serving-api")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        plan = folder / "plan.yaml"
        (folder / "catalog.yaml").write_text(CATALOG)
        plan.write_text(plan_of("serving", 1))
        daemon = SteadyDaemon(folder, EXTRA)
        text = re.sub(r"catalog: .*", f"catalog: {folder}/catalog.yaml", daemon.config.read_text())
        daemon.config.write_text(re.sub(r"plans: .*", f"plans: [{plan}]", text))
        daemon.http_address = re.search(r'http: "([^"]+)"', text)[1]
        with daemon:
            hosts = Hosts(folder, daemon.ingest_address)
            faces = Faces(daemon, folder)
            exports_have_no_value_where_nobody_told(faces, daemon, folder)
            history(faces, hosts, daemon, plan)


if __name__ == "__main__":
    main()
