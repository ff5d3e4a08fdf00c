#!/usr/bin/python3
"""Little on the wire that is much in memory: compressed messages, and reports of thousands of
groups. An honest sender with another identity is served meanwhile."""
import threading

from harness import FULL, MIB, Sender, Target, check_books, grpc
from wire import many_groups

IDENTITIES = [("host/greedy", "roles: [ingest]"), ("host/honest", "roles: [ingest], pools: '*'"),
              ("ops/me", "roles: [query]")]
MESSAGES = 40 if FULL else 20
# Beside what a daemon at rest has. The unit has MemoryMax=4G.
MOST_MEMORY = 2_000 * MIB


def watch_memory(target, done, peak):
    while not done.is_set():
        peak[0] = max(peak[0], target.memory())
        done.wait(0.05)


def flood_groups(target, honest):
    base = target.memory()
    peak = [base]
    done = threading.Event()
    watcher = threading.Thread(target=watch_memory, args=(target, done, peak))
    watcher.start()
    call = target.channel("ingest", "host-greedy").unary_unary(
        "/fleetmeter.v1.UsageIngest/Report")
    futures = [call.future(many_groups(i), timeout=120) for i in range(MESSAGES)]
    slowest = 0
    while not all(future.done() for future in futures):
        slowest = max(slowest, honest.send())
    done.set()
    watcher.join()
    codes = {future.exception().code() for future in futures if future.exception()}
    assert codes <= {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.PERMISSION_DENIED}, codes
    used = peak[0] - base
    # Each of them is 150 MB in memory, and more while it is decoded.
    print(f"{MESSAGES} messages: {used // MIB} MiB, an honest report took {slowest:.2f} s at most")
    assert used < MOST_MEMORY, f"{used // MIB} MiB"
    assert slowest < 20, slowest


def keeps_little(target):
    """Each message is of sources of its own. What stays of them is what they hold, which is little."""
    call = target.channel("ingest", "host-greedy").unary_unary(
        "/fleetmeter.v1.UsageIngest/Report")

    def send(messages):
        for message in messages:
            call(many_groups(f"kept-{message}"), timeout=120)
        return target.memory()

    before = send(range(8))  # the allocator has what it works with
    grown = (send(range(8, 24)) - before) // 16
    print(f"a message leaves {grown // 1024} KiB")
    assert grown < 3 * MIB, grown


def compressed(target):
    """Zeros that are a thousandth of their size, to a method that this identity may not even call."""
    body = b"\0" * ((512 if FULL else 128) * MIB)
    base = target.memory()
    channel = target.channel("query", "host-greedy")
    call = channel.unary_unary("/fleetmeter.v1.Query/ListPools")
    try:
        call(body, timeout=60, compression=grpc.Compression.Gzip)
        raise AssertionError("it was answered")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error
    assert target.memory() - base < 64 * MIB, (target.memory(), base)


def main():
    with Target(IDENTITIES) as target:
        honest = Sender(target, "honest", "host-honest")
        honest.send()
        compressed(target)
        flood_groups(target, honest)
        keeps_little(target)
        honest.send()
        check_books(target)


main()
