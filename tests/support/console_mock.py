"""The daemon's JSON API and the console's files, without a daemon: recorded and made-up answers.

    with ConsoleMock(folder_of_the_console) as mock:
        mock.answers["supply"] = {...}            # or a function of the question, or an Error
        mock.push("watch/pools", {...})           # to every stream that is open

tests/data/console has what a real daemon answered (tests/product/console/record_answers.py).
"""
import copy
import gzip
import http.server
import json
import pathlib
import queue
import threading
import time
import urllib.parse

from programs import SOURCE

RECORDED = SOURCE / "tests" / "data" / "console"
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
         ".txt": "text/plain; charset=utf-8"}
# As the daemon sends it (daemon/serve/http).
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'"
STATUSES = {"INVALID_ARGUMENT": 400, "UNAUTHENTICATED": 401, "PERMISSION_DENIED": 403,
            "NOT_FOUND": 404, "FAILED_PRECONDITION": 400, "UNAVAILABLE": 503}


class Error(Exception):
    """An answer with a code of gRPC, such as NOT_FOUND."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def recorded(name):
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def same(question):
    return json.dumps(question, sort_keys=True)


class ConsoleMock:
    def __init__(self, files):
        self.files = pathlib.Path(files)
        self.pools = recorded("pools")
        self.answers = {
            name: recorded(name) for name in ("supply", "compare", "margin", "capability")
        } | {
            "pools": lambda q: brief(self.pools) if "brief" in q else self.pools,
            "holders": made_up_holders,
            "headroom": self._headroom,
            "framework": lambda q: recorded("framework_fine" if "set" in q else "framework"),
            "sources": {"sources": made_up_sources(), "total": "4", "nextPageToken": ""},
            "rejected": made_up_rejected(),
            "history/pools": made_up_history,
            "openapi.json": {"openapi": "3.1.0"},
            "requests": {"requests": made_up_requests(), "total": "3", "nextPageToken": ""},
            "ranking": made_up_ranking,
            "timeline": made_up_timeline,
            "grants": made_up_grants(),
        }
        self._simulated = {same(row["question"]): row["answer"] for row in recorded("simulate")}
        self.answers["simulate"] = self._simulate
        self.asked = []
        self._streams = []
        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.cut()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def push(self, call, answer):
        """Sends an event to the streams of a call."""
        with self._lock:
            for path, events in self._streams:
                if path == call:
                    events.put(answer)

    def cut(self):
        """Ends every stream, as a daemon that stops."""
        with self._lock:
            for _, events in self._streams:
                events.put(None)
            self._streams.clear()

    def streams(self, call):
        with self._lock:
            return sum(1 for path, _ in self._streams if path == call)

    def answer(self, call, question):
        self.asked.append((call, question))
        if call not in self.answers:
            raise Error("NOT_FOUND", f"{call} is no call")
        found = self.answers[call]
        if isinstance(found, Error):
            raise found
        return found(question) if callable(found) else found

    def _headroom(self, question):
        pool = next((p for p in self.pools["pools"] if p["pool"] == question["pool"]), None)
        if pool is None:
            raise Error("NOT_FOUND", f"there is no pool {question['pool']}")
        answer = {"basis": self.pools["basis"], "pool": pool}
        return answer | ({"borrowableH100e": 12.0} if "headroomH100e" in pool else {})

    def _simulate(self, question):
        if same(question) in self._simulated:
            return self._simulated[same(question)]
        raise Error("INVALID_ARGUMENT", "does not fit: it is 883,008 hours too much")

    def _stream(self, call, question):
        first = self.answer(call.removeprefix("watch/"), question)
        events = queue.Queue()
        events.put(first)
        with self._lock:
            self._streams.append((call, events))
        while (event := events.get()) is not None:
            yield f"data: {json.dumps(event)}\n\n".encode()

    def _handler(self):
        mock = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle(self):
                try:
                    super().handle()
                except ConnectionError:
                    pass  # the reader has gone

            def do_GET(self):
                target = urllib.parse.urlsplit(self.path)
                if not target.path.startswith("/api/v1/"):
                    return self._file(target.path)
                question = dict(urllib.parse.parse_qsl(target.query))
                return self._call(target.path.removeprefix("/api/v1/"), question)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self._call(self.path.removeprefix("/api/v1/"), json.loads(body))

            def _call(self, call, question):
                try:
                    if call.startswith("watch/"):
                        return self._events(mock._stream(call, question))
                    text = json.dumps(mock.answer(call, question))
                    return self._send(200, text.encode(), "application/json")
                except Error as error:
                    text = json.dumps({"code": error.code, "message": str(error)})
                    return self._send(STATUSES[error.code], text.encode(), "application/json")

            def _events(self, events):
                first = next(events)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                self.wfile.write(first)
                for event in events:
                    self.wfile.write(event)

            def _file(self, path):
                file = mock.files / (path.lstrip("/") or "index.html")
                if not file.is_file():
                    return self._send(404, b"There is no such file.", "text/plain")
                return self._send(200, file.read_bytes(), TYPES[file.suffix])

            def _send(self, status, body, kind):
                body = gzip.compress(body, 1)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", POLICY)
                self.end_headers()
                self.wfile.write(body)

        return Handler


def many_pools(count):
    """An answer of so many pools, made of a recorded one."""
    answer = recorded("pools")
    kinds = answer["pools"]
    answer["pools"] = []
    for i in range(count):
        pool = copy.deepcopy(kinds[i % len(kinds)])
        pool["pool"] = f"pool-{i:05}"
        pool["idleH100e"] = float(i % 997)
        answer["pools"].append(pool)
    answer["totalPools"] = count
    return answer


def nanos(seconds_ago):
    return str(int((time.time() - seconds_ago) * 1e9))


def brief(answer):
    """A list of pools as it is told with `brief`."""
    left_out = ("chips", "teams", "demand")
    pools = [{name: value for name, value in pool.items() if name not in left_out}
             | {"teamNames": [team["team"] for team in pool.get("teams", [])]}
             for pool in answer["pools"]]
    return answer | {"pools": pools}


def made_up_holders(question):
    """A team that is known, one from before the books, and one behind a silence."""
    hour = int(time.time()) // 3600 * 3600

    def since(hours, because="", **more):
        at = str(hour - hours * 3600)
        return {"atLeastSinceUnixSeconds": at, "unknownBecause": because, **more} | (
            {} if because else {"sinceUnixSeconds": at})

    def workload(name, held):
        return {"workload": name, "chip": "b200", "since": held}

    chips = [{"chip": "b200", "microChips": "16000000"}]
    silent = since(5, "untold", notBeforeUnixSeconds=str(hour - 9 * 3600))
    return {"pool": question["pool"], "teams": [
        {"team": "laws", "chips": chips, "since": since(30),
         "workloads": [workload("sweep", since(3)), workload("", since(30))]},
        {"team": "probes", "chips": chips, "since": since(400, "books_begin"),
         "workloads": [workload("probe", since(400, "books_begin"))]},
        {"team": "scaling", "chips": chips, "since": silent, "workloads": [
            workload("long-run", silent | {"lastKnownUnixSeconds": str(hour - 2 * 3600)})]},
    ]}


def made_up_sources():
    def source(name, state, **more):
        return {"source": name, "state": state, "microChips": "8000000",
                "unlistedMicroChips": "0", "otherNames": [],
                "owner": "spiffe://example.org/collector/1", "foreignReports": "0",
                "foreignIdentity": "", "foreignUnixNanos": "0",
                "countedFromUnixNanos": nanos(86_400), "countedToUnixNanos": nanos(3), **more}
    never = source("trn-09", "rejected", microChips="0")
    del never["countedFromUnixNanos"], never["countedToUnixNanos"]
    return [
        source("b200-07", "unaccounted", countedToUnixNanos=nanos(7200),
               silentSinceUnixNanos=nanos(7200)),
        never,
        source("trn-03", "silent", countedToUnixNanos=nanos(120), silentSinceUnixNanos=nanos(120)),
        source("b200-01", "live", unlistedMicroChips="1000000"),
    ]


def made_up_rejected():
    return {
        "reports": [{"source": "trn-09", "identity": "local", "reason": "unknown_team",
                     "field": "groups[0].team", "detail": "\"speech\" is no team of the pool",
                     "rejectedUnixNanos": nanos(300)}],
        "counts": [{"reason": "unknown_team", "reports": "2"}],
        "nextPageToken": "",
    }


def made_up_requests():
    """Three that wait: a critical one, one with a name that is hard to show, and one beyond an allocation."""
    hour = int(time.time()) // 3600 * 3600
    rows = (("laws-7", "laws", "critical", 5), ("scaling & <b>co</b>", "r\u202el", "growth_bet", 50),
            ("flagship-more", "pretraining", "company_goal", 200))
    return [{"form": {"requestId": name, "pool": "research-scaling", "team": team, "chip": "b200",
                      "chips": "16", "startUnixSeconds": str(hour + 86400), "hours": "720",
                      "workload": "sweep", "nature": nature, "goal": ""},
             "state": "submitted", "microH100e": "48000000",
             "askedUnixNanos": str((hour - hours * 3600) * 10**9)} for name, team, nature, hours in rows]


def made_up_ranking(question):
    rows = made_up_requests()
    rows = rows[:2] if question.get("pool") else rows[2:]
    why = ("It is the first.", "It is a growth bet, and those before it are critical.")
    return {"requests": [{"request": row, "place": i + 1, "rule": "nature", "why": why[i]}
                         for i, row in enumerate(rows)]}


def made_up_timeline(question):
    hour = int(time.time()) // 3600 * 3600
    parts = ((0, 10, 48), (10, 40, 90), (40, 90, 20))
    spans = [{"fromUnixSeconds": str(hour + start * 86400), "toUnixSeconds": str(hour + end * 86400),
              "allocatedMicroH100e": "80000000", "committedMicroH100e": str(committed * 10**6),
              "beyondMicroH100e": "0",
              "uncommittedMicroH100e": str((80 - committed) * 10**6)} for start, end, committed in parts]
    return {"pool": question["pool"], "spans": spans, "peakMicroH100e": "61000000"}


def made_up_grants():
    """One that is held in part, and one of which too little was told."""
    hour = int(time.time()) // 3600 * 3600
    grant = {"chips": "16", "microH100e": "48000000", "startUnixSeconds": str(hour - 86400),
             "endUnixSeconds": str(hour + 20 * 86400), "decision": "4", "identity": "local", "reason": "fits",
             "decidedUnixNanos": str((hour - 90000) * 10**9)}
    rows = []
    for row, told in zip(made_up_requests(), (86400, 20000)):
        rows.append({"request": row | {"grant": grant, "state": "active"}, "usedRatio": 0.4,
                     "toldSeconds": str(told), "untoldSeconds": str(86400 - told),
                     "usedH100eHours": 460.8, "unusedH100eHours": 691.2})
    return {"grants": rows}


def made_up_history(question):
    """A pool that fills by 1 H100e a day, with a gap of a day that nobody told of."""
    day = question["step"] == "1d"
    step = 86_400 if day else 3600
    start = int(question["from"])
    until = (int(time.time()) // 3600 + 1) * 3600
    rows = []
    for at in range(start, until, step):
        if 2 <= (at - start) / 86_400 < 3:
            continue
        assigned = 60 + (at - start) / 86_400
        rows.append({"pool": question["pool"], "startUnixSeconds": str(at),
                     "assignedH100e": assigned, "allocatedH100e": 120.0,
                     "measuredH100e": assigned, "busyH100e": 0.4 * assigned,
                     "coverageRatio": 1.0})
    return {"rows": rows, "fromUnixSeconds": str(start), "untilUnixSeconds": str(until),
            "stepSeconds": str(step)}
