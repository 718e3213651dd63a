"""The loop that claims what is due on one channel, sends it and marks what came of it."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

import structlog

from services.notification.channels import CONCURRENT, Channel, RefusedError, UnansweredError
from services.notification.delivery import Delivery
from services.notification.messages import Message
from shared.runtime.errors import describe
from shared.runtime.loops import Loop
from shared.runtime.metrics import NOTIFICATIONS

log = structlog.get_logger()

SEND_TIMEOUT = 10.0
POLL = 1.0
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 45, 150, 360))
"""Between the attempts: six of them within about ten minutes. The ladder goes on meanwhile."""


class Deliveries(Protocol):
    """Where deliveries are claimed and marked."""

    async def claim(self, channel: str, limit: int) -> Sequence[Delivery]:
        """Take due deliveries of a channel."""

    async def delivered(self, delivery: Delivery) -> bool:
        """Mark it taken by the provider."""

    async def failed(self, delivery: Delivery, reason: str) -> bool:
        """Mark it given up."""

    async def retry(self, delivery: Delivery, after: timedelta, reason: str) -> bool:
        """Mark it due again."""


Address = Callable[[Delivery], str | None]
"""Whom a delivery reaches now; nothing where the roster has changed since."""
Compose = Callable[[Delivery], Message]


class Sender:
    """Sends over one channel, so many at a time. A channel that hangs keeps nobody waiting but itself."""

    def __init__(self, channel: str, over: Channel, deliveries: Deliveries, address: Address, compose: Compose) -> None:
        self.name = f"sender.{channel}"
        self._channel = channel
        self._over = over
        self._deliveries = deliveries
        self._address = address
        self._compose = compose
        for result in ("delivered", "retried", "failed", "ladder_ended"):
            NOTIFICATIONS.labels(result)
        self._woken = asyncio.Event()
        self._under_way: set[asyncio.Task[None]] = set()
        self._loop = Loop(self.name, self._round, every=0)

    def wake(self) -> None:
        """Look at once: something was added, or a place became free."""
        self._woken.set()

    async def start(self) -> None:
        """Send in the background."""
        await self._loop.start()

    async def stop(self) -> None:
        """Claim nothing more and let what is under way finish; what does not, is sent again under its key."""
        await self._loop.stop()
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=SEND_TIMEOUT)
        for task in self._under_way:
            task.cancel()
        await self._over.close()

    def ready(self) -> bool:
        """Whether it goes round."""
        return self.alive()

    def alive(self) -> bool:
        """False when its loop has died."""
        return self._loop.alive()

    async def _round(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLL):
                await self._woken.wait()
        self._woken.clear()
        free = CONCURRENT - len(self._under_way)
        for delivery in await self._deliveries.claim(self._channel, free) if free else ():
            task = asyncio.create_task(self._deliver(delivery), name=f"{self.name}.{delivery.id}")
            self._under_way.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()):
            # Not marked: its claim runs out and it is sent again under the same key.
            log.warning("delivery.unmarked", channel=self._channel, error=describe(error))
        self.wake()

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._send(delivery)
        except RefusedError as error:
            await self._fail(delivery, str(error))
        except UnansweredError as error:
            await self._try_again(delivery, str(error))
        else:
            await self._deliveries.delivered(delivery)
            self._note(delivery, "delivered")

    async def _send(self, delivery: Delivery) -> None:
        to = self._address(delivery)
        if to is None:
            raise RefusedError("no_contact")
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._over.send(self._compose(delivery), to, delivery.id)
        except TimeoutError:
            raise UnansweredError("timeout") from None
        except (RefusedError, UnansweredError):
            raise
        except Exception as error:
            # A fault of a channel's own: the provider may be fine the next time, and the page must not be lost.
            raise UnansweredError(describe(error)) from error

    async def _try_again(self, delivery: Delivery, reason: str) -> None:
        if delivery.attempts > len(PAUSES):
            return await self._fail(delivery, reason)
        await self._deliveries.retry(delivery, PAUSES[delivery.attempts - 1], reason)
        return self._note(delivery, "retried", reason)

    async def _fail(self, delivery: Delivery, reason: str) -> None:
        await self._deliveries.failed(delivery, reason)
        self._note(delivery, "failed", reason)

    def _note(self, delivery: Delivery, result: str, reason: str | None = None) -> None:
        NOTIFICATIONS.labels(result).inc()
        say = log.info if result == "delivered" else log.warning
        facts = {"delivery_id": delivery.id, "case_id": delivery.case_id, "channel": self._channel}
        say(f"delivery.{result}", **facts, attempts=delivery.attempts, reason=reason)
