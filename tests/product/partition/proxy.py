"""A TCP proxy that fails as networks do, by a seeded plan: it cuts, truncates, delays, swallows
and replays. One thread a direction; ended by close()."""
import random
import socket
import struct
import threading
import time

FAULTS = ("cut", "reset", "truncate", "delay", "swallow", "replay")


class Proxy:
    """Listens on a free port of loopback and passes on to `upstream` (host, port). The first
    `faulty` connections suffer a fault each, those after them none."""

    def __init__(self, upstream, seed, faulty):
        self._upstream = upstream
        self._random = random.Random(seed)
        self._faulty = faulty
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self.faults = []
        self._sockets = []
        self._threads = []
        self._start(self._accept)

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._upstream)
            except OSError:
                client.close()
                continue
            self._sockets += [client, server]
            fault = "none"
            if len(self.faults) < self._faulty:
                fault = self._random.choice(FAULTS)
                self.faults.append(fault)
            # Bytes until it strikes: HTTP/2's own preface takes the first hundred or so.
            after = int(self._random.expovariate(1 / 3_000))
            towards_server = self._random.random() < 0.5
            seed = self._random.random()
            recorded = bytearray() if fault == "replay" else None
            self._start(self._pump, client, server, fault if towards_server else "none", after,
                        seed, recorded)
            self._start(self._pump, server, client, "none" if towards_server else fault, after,
                        seed, None)

    def _pump(self, source, target, fault, after, seed, recorded):
        chance = random.Random(seed)
        passed = 0
        try:
            while data := source.recv(65_536):
                if recorded is not None:
                    recorded += data
                if fault == "delay":
                    time.sleep(chance.uniform(0, 0.02))  # the fault itself
                elif fault != "none" and passed + len(data) > after:
                    self._strike(source, target, fault, data[:max(0, after - passed)], chance)
                    break
                passed += len(data)
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if recorded:
            self._replay(bytes(recorded))

    @staticmethod
    def _strike(source, target, fault, rest, chance):
        if fault in ("truncate", "replay"):
            target.sendall(rest)
        elif fault == "reset":
            for end in (source, target):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                try:
                    # Wakes the other thread, which would keep the connection open by reading it.
                    end.shutdown(socket.SHUT_RD)
                except OSError:
                    pass
                end.close()
        elif fault == "swallow":
            # A partition: bytes go nowhere for a while, and nobody is told.
            source.settimeout(chance.uniform(0.02, 0.2))
            try:
                while source.recv(65_536):
                    pass
            except OSError:
                pass

    def _replay(self, data):
        """The same bytes once more, as if an old packet came back."""
        try:
            with socket.create_connection(self._upstream) as again:
                again.sendall(data)
                again.settimeout(0.05)
                while again.recv(65_536):
                    pass
        except OSError:
            pass

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in list(self._sockets):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in list(self._threads):
            thread.join(timeout=5)
        for end in self._sockets:
            end.close()
