"""Waits for a condition, never for a time."""

import time
from collections.abc import Callable


class NotReadyError(Exception):
    """Something did not come about in time. The message says what, and where to look."""


def until(condition: Callable[[], object], what: str, seconds: float = 30.0, every: float = 0.05) -> None:
    """Come back as soon as the condition is true; raise `NotReadyError` with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotReadyError(f"{what}: chưa được sau {seconds:.0f} giây (not done in time)")
        time.sleep(every)
