"""Channels to a daemon."""
import dataclasses
import pathlib
from typing import Optional

import grpc

# A connection that hangs shows by this, and a new one is tried soon. The daemon cuts off who asks
# more often than every 10 s.
_OPTIONS = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.max_receive_message_length", 64 << 20),
    # Else a new channel would share the connection and the waiting time of the one before it.
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclasses.dataclass(frozen=True)
class Tls:
    """PEM files. They are read again for each new connection, so that they may be renewed.

    `authorities` is what the daemon's certificate must lead to; `certificate` and `key` are our
    own. `server_name` is the DNS name that the daemon's certificate must have; without it, that is
    the host of the address. Python's gRPC checks names only, and not SPIFFE IDs.
    """

    authorities: str
    certificate: Optional[str] = None
    key: Optional[str] = None
    server_name: Optional[str] = None

    def __post_init__(self):
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together; expected both or neither")


def _read(path):
    return pathlib.Path(path).read_bytes() if path is not None else None


def open_channel(address, tls):
    """A channel to "host:port". Without `tls` it is plaintext, which is for loopback."""
    if tls is None:
        return grpc.insecure_channel(address, options=_OPTIONS)
    credentials = grpc.ssl_channel_credentials(
        _read(tls.authorities), _read(tls.key), _read(tls.certificate))
    options = _OPTIONS
    if tls.server_name is not None:
        options += (("grpc.ssl_target_name_override", tls.server_name),)
    return grpc.secure_channel(address, credentials, options=options)
