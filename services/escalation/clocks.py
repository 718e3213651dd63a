"""Looks every second for cases whose time has come: what was pending takes effect, what ran out is told."""

from typing import Protocol

from shared.runtime.loops import Loop

EVERY = 1.0
"""Seconds."""


class Sleepers(Protocol):
    """Cases that change by themselves."""

    async def wake(self) -> int:
        """Advance those whose time has come, as many as fit in one go; how many there were."""


def clocks(cases: Sleepers, every: float = EVERY) -> Loop:
    """The loop, not yet started. After an outage it goes on at once until nobody is due any more."""

    async def look() -> None:
        while await cases.wake():
            pass

    return Loop("escalation.clocks", look, every)
