#!/usr/bin/python3
"""What peers send ends up in the log. It forges no line, steers no terminal, and breaks no JSON;
nor does what gRPC writes of it."""
import json
import re
import socket

from harness import Target, eventually

FORGED = b"x\n2026-01-01T00:00:00.000+00:00 info forged \x1b[2J\xff"
TIMED = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\S* (trace|debug|info|warning|error) ")


def frame(kind, flags, stream, payload):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def literal(name, value):
    """A header as HPACK writes it without an index and without Huffman's code."""
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def attack(target):
    """A call whose headers hold line breaks and escapes, which no library would send."""
    headers = [(b":method", b"POST"), (b":scheme", b"http"), (b":authority", b"localhost"),
               (b":path", b"/fleetmeter.v1.Query/ListPools"), (b"te", b"trailers"),
               (b"content-type", b"application/grpc"), (b"x-forged", FORGED)]
    block = b"".join(literal(name, value) for name, value in headers)
    for listener in ("query", "ingest"):
        with socket.create_connection(target.host_and_port(listener), timeout=10) as peer:
            peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b""))
            peer.sendall(frame(1, 5, 1, block))
            peer.sendall(b"\n" + FORGED * 3)  # and then no frame at all
            while peer.recv(65536):
                pass
    # Any connection after it is served, and its lines are in the log.
    target.scrape()


def lines_of(log_format):
    env = {"GRPC_VERBOSITY": "debug", "GRPC_TRACE": "chttp2_hpack_parser"}
    with Target(more=f"log: {{level: debug, format: {log_format}}}\n", env=env) as target:
        attack(target)
        assert eventually(lambda: target.log().count("info forged") >= 2), "gRPC's lines are missing"
        code, _ = target.stop()
        assert code == 0, code
        return target.log_path.read_bytes()


def main():
    for line in lines_of("json").decode().splitlines():
        fields = json.loads(line)
        # What gRPC writes has its place as fields, and nothing that a peer sends adds one.
        of_grpc = {"component", "file", "line"} if fields["message"].startswith("gRPC, ") else set()
        known = {"time", "level", "message"} | of_grpc | ({"left_out"} & set(fields))
        assert set(fields) == known, line
        assert not of_grpc or (fields["component"], type(fields["line"])) == ("grpc", int), line
    text = lines_of("text").decode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text), "control characters"
    for line in text.splitlines():
        assert TIMED.match(line) or line.startswith("    "), line
    assert "\n    2026-01-01T00:00:00.000+00:00 info forged \\x1b[2J\\xff" in text


main()
