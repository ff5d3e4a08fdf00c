"""Clients that nobody would want: on plain sockets, with HTTP/2 said by hand."""
import select
import socket

import h2.config
import h2.connection
import h2.events

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
STREAM = "/fleetmeter.v1.UsageIngest/Stream"


def connect(address, first=b""):
    host, port = address.rsplit(":", 1)
    sock = socket.create_connection((host, int(port)), timeout=10)
    sock.sendall(first)
    return sock


def closed_by_peer(socks, seconds):
    """Waits until the peer has closed every socket; what it says before is ignored. False: too late."""
    left = set(socks)
    poller = select.poll()
    by_fd = {sock.fileno(): sock for sock in left}
    for fd in by_fd:
        poller.register(fd, select.POLLIN)
    while left:
        events = poller.poll(seconds * 1000)
        if not events:
            return False
        for fd, _ in events:
            try:
                data = by_fd[fd].recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                poller.unregister(fd)
                left.discard(by_fd[fd])
    return True


class Http2:
    """One connection that opens calls of UsageIngest.Stream and does as told with them."""

    def __init__(self, address):
        self.sock = connect(address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = h2.config.H2Configuration(client_side=True, header_encoding="utf-8")
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.flush()
        self.headers = [
            (":method", "POST"), (":scheme", "http"), (":authority", address), (":path", STREAM),
            ("content-type", "application/grpc"), ("te", "trailers"),
        ]
        # What the server allows must be known before anything is sent that counts.
        while h2.events.RemoteSettingsChanged not in map(type, self.receive()):
            pass

    def receive(self):
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        events = self.h2.receive_data(data)
        self.flush()
        return events

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def open_streams(self, messages):
        """One call for each message, which is its first. Returns when each has been answered."""
        waiting = set()
        for message in messages:
            stream = self.h2.get_next_available_stream_id()
            self.h2.send_headers(stream, self.headers)
            self.h2.send_data(stream, b"\0" + len(message).to_bytes(4, "big") + message)
            waiting.add(stream)
        self.flush()
        while waiting:
            for event in self.receive():
                if isinstance(event, h2.events.DataReceived):
                    waiting.discard(event.stream_id)
                elif isinstance(event, h2.events.StreamEnded | h2.events.StreamReset):
                    raise ConnectionError("the server ended a call")

    def reset_flood(self, streams):
        """Opens calls and resets each at once; all is prepared before, and then said in one breath.
        False: the server had enough before the end."""
        for _ in range(streams):
            stream = self.h2.get_next_available_stream_id()
            self.h2.send_headers(stream, self.headers)
            self.h2.reset_stream(stream)
        try:
            self.flush()
        except OSError:
            return False
        return True

    def close(self):
        self.sock.close()
