"""Ports on the loopback interface: chosen once, kept, and a clear word when one is taken."""

import random
import socket
from pathlib import Path

HOST = "127.0.0.1"

# Below the range that systems hand out for outgoing connections, so that a port chosen today is likely free tomorrow.
_RANGE = range(20_000, 30_000)
_TRIES = 200


class PortTaken(Exception):
    """Somebody else listens where we must."""

    def __init__(self, port: int, what: str, way_out: str) -> None:
        super().__init__(f"Port {port} on {HOST} is taken, and {what} needs it. {way_out}")
        self.port = port


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether a server takes connections at `port` now."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def choose() -> int:
    """A free port. Raises `OSError` when none is found."""
    for port in random.SystemRandom().sample(_RANGE, _TRIES):
        if is_free(port):
            return port
    message = f"no free port found between {_RANGE.start} and {_RANGE.stop}"
    raise OSError(message)


def kept(file: Path) -> int:
    """The port that `file` names; chosen and written there the first time."""
    if file.exists():
        return int(file.read_text())
    port = choose()
    file.write_text(f"{port}\n")
    return port
