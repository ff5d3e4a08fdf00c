"""Messages that are put together by hand, since a client's library would be the slowest part."""
import os
import time

MIB = 1 << 20
SECOND = 1_000_000_000
GROUPS = 4_096


def varint(number):
    out = b""
    while True:
        out += bytes([(number & 0x7F) | (0x80 if number > 0x7F else 0)])
        number >>= 7
        if not number:
            return out


def text(field, value):
    return varint(field << 3 | 2) + varint(len(value)) + value


def number(field, value):
    return varint(field << 3) + varint(value)


def many_groups(message):
    """A ReportRequest of nearly 4 MiB, whose groups are as small as groups can be."""
    group = text(6, text(1, b"b200") + number(2, 2) + text(11, number(1, 1)))
    reports = b""
    start = time.time_ns() - 60 * SECOND
    for i in range((4 * MIB - 1_000) // (len(group) * GROUPS + 64)):
        source = text(2, f"g{message}-{i}".encode())
        window = number(3, start) + number(4, SECOND)
        reports += text(2, number(1, i + 1) + source + window + group * GROUPS)
    return text(1, os.urandom(16)) + reports
