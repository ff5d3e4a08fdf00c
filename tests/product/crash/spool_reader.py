"""Reports of a collector's spool, read from its segments as collectors/spool/README.md says.

Shares no code with the collector: parses the segments by itself, and adds up chips by itself.
"""
import pathlib
import struct
import zlib
from decimal import ROUND_HALF_UP, Decimal

from fleetmeter.v1 import usage_pb2

SEGMENT_MAGIC = b"FMSPOOL1"
RECORD_MAGIC = b"FMr1"
SEGMENT_HEADER = 40
RECORD_HEADER = 28


def payloads(path):
    """The records of a segment; a torn last one was never promised to anybody."""
    data = path.read_bytes()
    spool_and_number = data[8:32]
    at = SEGMENT_HEADER
    index = 0
    while at + RECORD_HEADER <= len(data) and data[at:at + 4] == RECORD_MAGIC:
        fields = data[at + 4:at + 24]
        length, its_index = struct.unpack_from("<II", fields)
        payload = data[at + RECORD_HEADER:at + RECORD_HEADER + length]
        if len(payload) < length:
            return
        (checksum,) = struct.unpack_from("<I", data, at + 24)
        if zlib.crc32(payload, zlib.crc32(fields, zlib.crc32(spool_and_number))) != checksum:
            raise AssertionError(f"{path}: record {index} at {at} is damaged")
        if its_index != index:
            raise AssertionError(f"{path}: record {its_index} at {at}; expected {index}")
        yield payload
        at += RECORD_HEADER + length
        index += 1


def rounded(value):
    """To the nearest, halves away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def scaled(duration, ppm):
    return (duration * ppm + 500_000) // 1_000_000


def group(wire, duration):
    out = {"chip": wire.chip, "state": usage_pb2.ChipState.Name(wire.state)[11:].lower(),
           "pool": wire.pool, "team": wire.team, "workload": wire.workload, "signal": wire.signal}
    if wire.HasField("sums"):
        out["chip_nanos"] = wire.sums.chip_nanos
        out["busy_chip_nanos"] = wire.sums.busy_chip_nanos
        return out
    per_chip = wire.per_chip
    shares = list(per_chip.share_ppm) or [1_000_000] * len(per_chip.device)
    out["chip_nanos"] = scaled(duration, sum(shares))
    # Rounded chip by chip, so held to the chip-time.
    busy = sum(rounded(Decimal(float(scaled(duration, share)) * activity))
               for share, activity in zip(shares, per_chip.activity))
    out["busy_chip_nanos"] = min(busy, out["chip_nanos"])
    return out


def reports(folder):
    """Every report of every segment below the folder."""
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.parent.name == "deferred":  # a log of another form, and its reports come again
            continue
        if not path.is_file() or path.stat().st_size < SEGMENT_HEADER:
            continue
        with open(path, "rb") as head:
            if head.read(8) != SEGMENT_MAGIC:
                continue
        for payload in payloads(path):
            if not payload:
                continue
            report = usage_pb2.UsageReport.FromString(payload)
            duration = report.duration_nanos or report.window_length_nanos
            yield {"source": report.source, "start": report.window_start_unix_nanos, "length": report.window_length_nanos,
                   "groups": [group(g, duration) for g in report.groups]}
