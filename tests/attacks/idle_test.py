#!/usr/bin/python3
"""Clients that connect and say nothing, or read nothing: scrapes go on, and a stop is quick."""
import socket

from harness import FULL, Sender, Target, query_pb2, query_pb2_grpc

CONNECTIONS = 5_000 if FULL else 400
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0\4\0\0\0\0\0"


def connect(target, listener, say=b""):
    made = socket.create_connection(target.host_and_port(listener), timeout=10)
    made.sendall(say)
    if say:
        assert made.recv(1), "no SETTINGS came"
    return made


def silent_http(target):
    silent = []
    for i in range(CONNECTIONS):
        silent.append(connect(target, "http"))
        if len(silent) > 900:  # of our own descriptors
            silent.pop(0).close()
        if i % 100 == 0:
            target.scrape(timeout=5)
    target.scrape(timeout=5)
    assert target.metric("fleetmeter_http_evicted_connections_total") >= CONNECTIONS - 256 - 8
    return silent


def strange_host(target):
    asking = connect(target, "http")
    asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: rebound.example\r\n\r\n")
    answer = asking.recv(4096)
    assert answer.startswith(b"HTTP/1.1 421 "), answer
    assert b"fleetmeter_" not in answer, answer
    assert target.metric("fleetmeter_http_refused_hosts_total") == 1


def main():
    more = "shutdown: {deadline: 60s, final_scrape: 100ms}\n"
    with Target(more=more) as target:
        Sender(target, "honest").send()
        held = silent_http(target)
        strange_host(target)
        for listener in ("ingest", "query"):
            held += [connect(target, listener, PREFACE) for _ in range(10)]
            held += [connect(target, listener) for _ in range(10)]
        query = query_pb2_grpc.QueryStub(target.channel("query"))
        watches = [query.WatchHeadroom(query_pb2.HeadroomRequest(pool="research-scaling"))
                   for _ in range(3)]
        for watch in watches:
            next(watch)
        code, seconds = target.stop()
        assert code == 0, (code, target.log()[-2000:])
        assert seconds < 10, f"a stop took {seconds} s"
        for each in held:
            each.close()


main()
