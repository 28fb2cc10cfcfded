"""Waiting without fixed sleeps."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_for(look: Callable[[], Found], *, seconds: float = 20.0, what: str = "it", every: float = 0.02) -> Found:
    """What `look` gives, once that is true; looks `every` so many seconds. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(every)
    return found
