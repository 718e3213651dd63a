"""Background loops that a service runs beside its requests, and the one shape of everything it starts and stops."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from shared.runtime.errors import describe, is_transient, origin
from shared.runtime.metrics import LOOP_FAILURES

log = structlog.get_logger()

LONGEST_BACKOFF = 5.0
CANCEL_AGAIN = 1.0
"""Seconds that a cancelled task has for what it still must close."""


class Part(Protocol):
    """Something that a service starts, stops and answers for. `start` returns at once, also while others are away."""

    name: str

    async def start(self) -> None:
        """Begin; what takes long goes on in a task."""

    async def stop(self) -> None:
        """End, letting what is under way finish."""

    def ready(self) -> bool:
        """Whether it can do its work now."""

    def alive(self) -> bool:
        """False when only a restart of the process can help."""


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubling, bounded, jittered."""
    return float(min(0.1 * 2 ** min(failures, 10), LONGEST_BACKOFF) * random.uniform(0.5, 1.0))  # noqa: S311


async def end(task: asyncio.Task[None]) -> None:
    """Cancel until it has ended, however it does: aiokafka swallows a cancellation that meets it while it closes."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCEL_AGAIN)


class Loop:
    """Calls `step` for ever with `every` seconds between; a failure backs off and goes on."""

    def __init__(self, name: str, step: Callable[[], Awaitable[object]], every: float) -> None:
        self.name = name
        self._step = step
        self._every = every
        self._task: asyncio.Task[None] | None = None
        LOOP_FAILURES.labels(name)

    async def start(self) -> None:
        """Run in the background."""
        self._task = asyncio.create_task(self._run(), name=self.name)

    async def stop(self) -> None:
        """Cancel, between or within steps: every step is repeatable."""
        if self._task:
            await end(self._task)

    def ready(self) -> bool:
        """A loop is ready as soon as it runs."""
        return self.alive()

    def alive(self) -> bool:
        """Whether it still goes round."""
        return self._task is not None and not self._task.done()

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                await self._step()
                failures = 0
            except Exception as error:
                failures += 1
                LOOP_FAILURES.labels(self.name).inc()
                log.warning(
                    "loop.failed",
                    loop=self.name,
                    error=describe(error),
                    at=origin(error),
                    transient=is_transient(error),
                )
            await asyncio.sleep(backoff(failures) if failures else self._every)
