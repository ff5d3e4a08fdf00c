#!/usr/bin/python3
"""`fleetmeterctl mcp` as an assistant drives it: a session over its standard input and output,
beside a real daemon that is then stopped."""
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
from ingest_stubs import load_ingest_stubs
from programs import FLEETMETERCTL

SECOND = 1_000_000_000


class Session:
    """One client of the protocol."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([FLEETMETERCTL, "mcp", *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.id = 0

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def ask(self, method, **params):
        self.id += 1
        self.say(json.dumps({"jsonrpc": "2.0", "id": self.id, "method": method, "params": params}))
        answer = json.loads(self.process.stdout.readline())
        assert answer["jsonrpc"] == "2.0" and answer["id"] == self.id, answer
        return answer

    def call(self, tool, **arguments):
        result = self.ask("tools/call", name=tool, arguments=arguments)["result"]
        return result["isError"], result["content"][0]["text"], result.get("structuredContent")

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=30) == 0
        self.process.stdout.close()


def report(folder, daemon):
    """A host with eight B200, of which two do nothing."""
    stubs = folder / "stubs"
    stubs.mkdir()
    grpc, ingest_pb2, ingest_pb2_grpc, _ = load_ingest_stubs(stubs)
    from fleetmeter.v1 import usage_pb2
    group = usage_pb2.UsageGroup(
        chip="b200", state=usage_pb2.CHIP_STATE_ASSIGNED, pool="research-scaling", team="laws",
        signal="gr_engine_active",
        per_chip=usage_pb2.PerChip(device=range(8), activity=[1] * 6 + [0] * 2))
    usage = usage_pb2.UsageReport(sequence=1, source="host-a", groups=[group],
                                  window_start_unix_nanos=time.time_ns() - 11 * SECOND,
                                  window_length_nanos=10 * SECOND)
    with grpc.insecure_channel(daemon.ingest_address) as channel:
        request = ingest_pb2.ReportRequest(stream_id=b"0123456789abcdef", reports=[usage])
        ack = ingest_pb2_grpc.UsageIngestStub(channel).Report(request, timeout=10).ack
    assert ack.acknowledged_through == 1 and not ack.dispositions, ack


def begin(session, version="2025-06-18"):
    hello = session.ask("initialize", protocolVersion=version, capabilities={},
                        clientInfo={"name": "test", "version": "1"})["result"]
    assert hello["protocolVersion"] == version, hello
    session.say(json.dumps({"jsonrpc": "2.0", "method": "notifications/initialized"}))
    return hello


def asks_about_the_fleet(session):
    tools = {tool["name"] for tool in session.ask("tools/list")["result"]["tools"]}
    assert {"list_pools", "can_admit", "idle_holders", "supply", "margin"} <= tools, tools
    wrong, words, pools = session.call("list_pools")
    # Eight B200 are 24 H100e of the 120 that the plan grants.
    assert not wrong and '"research-scaling" has the most headroom, 96.0 H100e' in words, words
    assert len(pools["pools"]) == 8, pools
    wrong, words, fits = session.call("can_admit", h100e=96, pool="research-scaling")
    assert not wrong and "yes: 96 H100e fit" in words and fits["ask"]["fits"] is True, words
    wrong, words, fits = session.call("can_admit", h100e=97)
    assert not wrong and words.startswith("No pool is known to admit 97 H100e now."), words
    assert fits["pools"][0]["fits"] is None, fits  # of the silent pools nobody knows
    wrong, words, idle = session.call("idle_holders")
    assert not wrong and 'team "laws" of pool "research-scaling": 6.0 H100e idle' in words, words
    assert idle["holders"][0]["idle_chips"] == 2, idle
    wrong, words, supply = session.call("supply")
    assert not wrong and words.startswith("1 of 1 source are heard, with 24.0 H100e."), words
    for tool in ("plan", "plan_against_actual", "margin"):
        wrong, words, structured = session.call(tool)
        assert not wrong and structured, (tool, words)


def errors_have_names(session):
    wrong, words, _ = session.call("pool_headroom", pool="research-scalin")
    assert wrong and words.startswith("NOT_FOUND: ") and "research-scaling" in words, words
    wrong, words, _ = session.call("can_admit", h100e=-1)
    assert wrong and words.startswith("INVALID_ARGUMENT: h100e"), words
    wrong, words, _ = session.call("margin", window="a while")
    assert wrong and words.startswith("INVALID_ARGUMENT: "), words
    wrong, words, _ = session.call("capability")  # the daemon has no benchmark suite
    assert wrong and words.startswith("FAILED_PRECONDITION: "), words
    wrong, words, _ = session.call("sources")  # it has no listen.admin
    assert wrong and words.startswith("UNAVAILABLE: ") and "listen.admin" in words, words


def bounds_what_it_reads(session):
    session.say("x" * (3 << 20))
    answer = json.loads(session.process.stdout.readline())
    assert answer["error"]["code"] == -32600 and answer["id"] is None, answer
    assert session.ask("ping")["result"] == {}


def main():
    with tempfile.TemporaryDirectory(prefix="fleetmeter-mcp-") as temporary:
        folder = pathlib.Path(temporary)
        with SteadyDaemon(folder) as daemon:
            report(folder, daemon)
            session = Session("--address", daemon.query_address, "--timeout", "5s",
                              "--admin-address", "127.0.0.1:1")
            hello = begin(session)
            assert hello["serverInfo"]["name"] == "fleetmeter", hello
            asks_about_the_fleet(session)
            bounds_what_it_reads(session)
            old = Session("--address", daemon.query_address)
            begin(old, "2024-11-05")
            wrong, words, structured = old.call("supply")
            assert not wrong and structured is None, structured
            old.end()
            daemon.stop()
            wrong, words, _ = session.call("list_pools")
            assert wrong and words.startswith("UNAVAILABLE: "), words
            daemon.start()
            assert not session.call("list_pools")[0], "it does not find the daemon again"
            session.say("no JSON")
            assert json.loads(session.process.stdout.readline())["error"]["code"] == -32700
            errors_have_names(session)
            session.end()
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main())
