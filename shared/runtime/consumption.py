"""What happens to a batch of records: read one by one, handled in waves, retried, and only then let go."""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from aiokafka import ConsumerRecord
from pydantic import BaseModel, ValidationError

from shared.contracts.envelope import LARGEST_EVENT, TYPE_PREFIX, Data, Event, Publication
from shared.runtime.dead_letters import Rejected, letter
from shared.runtime.errors import PoisonError, TransientError, describe, is_transient, origin
from shared.runtime.loops import backoff
from shared.runtime.metrics import CAUGHT_UP, DEAD_LETTERS, PAUSED, RECORDS, RETRIES

log = structlog.get_logger()

Record = ConsumerRecord[bytes, bytes]
Batch = tuple[Record, ...]
Handler = Callable[[Sequence[Event[Any]]], Awaitable[Sequence[Publication] | None]]
"""Takes events of one type in the order of their keys; returns what is published before they count as handled."""
Handlers = Mapping[type[Data], Handler]

HOLD = 60.0
"""Seconds of trying again inside a batch before it is handed back to the broker and taken anew."""
TRIES = 3
"""Failures of a batch for an unknown reason before its records are tried one by one."""
TOO_MANY = 20
"""Failures in a row after which the fault is taken to be ours, not the records'."""
PAUSE = 30.0
REASONS = ("empty", "oversized", "unreadable", "unknown_version", "handler")
"""Why records die; a handler's `PoisonError` may name others."""


class Bus(Protocol):
    """What a consumption publishes through."""

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Send all, wait for all."""

    async def send(
        self, topic: str, key: bytes | None, value: bytes | None, *, headers: Sequence[tuple[str, bytes]] = ()
    ) -> None:
        """Send one record and wait for it."""


class _Head(BaseModel):
    """As much of a record as tells who reads it."""

    type: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A record that was read."""

    record: Record
    event: Event[Any]


class Consumption:
    """One topic's way into one service's handlers."""

    def __init__(self, group: str, handlers: Handlers, bus: Bus, dead_topic: str) -> None:
        self._group = group
        self._handlers = handlers
        self._types = {data.event_type(): data for data in handlers}
        self._names = {_name(event_type) for event_type in self._types}
        self._bus = bus
        self._dead_topic = dead_topic
        self._failed_in_a_row = 0
        self._stuck = 0
        self.paused = False
        self.waiting = False
        self._count_from_zero()

    def _count_from_zero(self) -> None:
        """A counter that is born at 1 hides its first event from every rate and every alert."""
        for result in ("handled", "skipped", "dead"):
            RECORDS.labels(self._group, result)
        for reason in REASONS:
            DEAD_LETTERS.labels(self._group, reason)
        RETRIES.labels(self._group)
        self._pause(False)

    async def take(self, records: Batch) -> None:
        """Handle the batch. When this returns, its offsets may be committed; when it raises, it comes again."""
        try:
            await self._take(records)
            self._stuck = 0
        except TransientError:
            raise
        except Exception as error:
            # A fault of our own. The batch comes again at once: wait here, or it would go round without end.
            self._stuck += 1
            log.error("batch.stuck", group=self._group, error=describe(error), at=origin(error))
            await self._wait(backoff(self._stuck))
            raise

    async def _take(self, records: Batch) -> None:
        arrivals, rejected = self._read(records)
        rejected += await self._handle_all(arrivals)
        run = await self._hold_if_release_is_broken(records, rejected)
        for item in rejected:
            await self._patiently(functools.partial(self._bury, item))
        # Only now: a batch that comes again because its letters could not be sent is not counted twice.
        self._failed_in_a_row = run
        self._count(records, arrivals, rejected)

    def _read(self, records: Batch) -> tuple[list[Arrival], list[Rejected]]:
        arrivals: list[Arrival] = []
        rejected: list[Rejected] = []
        for record in records:
            try:
                if event := self._event(record):
                    arrivals.append(Arrival(record, event))
            except PoisonError as error:
                rejected.append(Rejected(record, error.reason, str(error)))
        return arrivals, rejected

    def _event(self, record: Record) -> Event[Any] | None:
        """The event, or nothing where its type is none of ours. Raises `PoisonError`."""
        if record.value is None:
            raise PoisonError("empty", "a record without a value")
        if len(record.value) > LARGEST_EVENT:
            raise PoisonError("oversized", f"{len(record.value)} bytes, at most {LARGEST_EVENT}")
        try:
            kind = _Head.model_validate_json(record.value).type
            if data := self._types.get(kind):
                return Event[data].read(record.value)  # type: ignore[valid-type]
        except ValidationError as error:
            raise PoisonError("unreadable", describe(error)) from None
        if _name(kind) in self._names:
            raise PoisonError("unknown_version", kind)
        RECORDS.labels(self._group, "skipped").inc()
        return None

    async def _handle_all(self, arrivals: list[Arrival]) -> list[Rejected]:
        """Handle together; if that fails and not for something being away, one by one to find the poison."""
        for _ in range(TRIES):
            try:
                await self._patiently(lambda: self._handle(arrivals))
                return []
            except PoisonError:
                break
            except Exception as error:
                if is_transient(error):
                    raise
                log.warning("batch.failed", group=self._group, error=describe(error), records=len(arrivals))
        return [rejected for arrival in arrivals if (rejected := await self._handle_alone(arrival))]

    async def _handle_alone(self, arrival: Arrival) -> Rejected | None:
        try:
            await self._patiently(lambda: self._handle([arrival]))
        except PoisonError as error:
            return Rejected(arrival.record, error.reason, str(error))
        except Exception as error:
            if is_transient(error):
                raise
            event_id = str(arrival.event.id)
            log.error("record.failed", group=self._group, event_id=event_id, error=describe(error), at=origin(error))
            return Rejected(arrival.record, "handler", f"{describe(error)} at {origin(error)}")
        return None

    async def _handle(self, arrivals: Sequence[Arrival]) -> None:
        for wave in waves(arrivals):
            for data, events in _by_type(wave).items():
                said = await self._handlers[data](events)
                if said:
                    await self._bus.publish(said)

    async def _patiently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Try again while something is away, holding the partition; after `HOLD` hand the batch back."""
        failures, until = 0, time.monotonic() + HOLD
        while True:
            try:
                return await work()
            except Exception as error:
                if not is_transient(error):
                    raise
                if time.monotonic() > until:
                    raise TransientError(describe(error)) from None
                failures += 1
                RETRIES.labels(self._group).inc()
                log.warning("batch.waits", group=self._group, error=describe(error), failures=failures)
            await self._wait(backoff(failures))

    async def _hold_if_release_is_broken(self, records: Batch, rejected: Sequence[Rejected]) -> int:
        """A release that fails every record must not drain a topic into the dead letters.

        Returns how many failed in a row at the batch's end.
        """
        failed = {id(item.record) for item in rejected}
        longest, run = self._failed_in_a_row, self._failed_in_a_row
        for record in records:
            run = run + 1 if id(record) in failed else 0
            longest = max(longest, run)
        if longest < TOO_MANY:
            self._pause(False)
            return run
        self._pause(True)
        log.error("consumer.paused", group=self._group, failed_in_a_row=longest, reason=rejected[-1].reason)
        await self._wait(PAUSE)
        raise TransientError("too many records in a row failed")

    async def _wait(self, seconds: float) -> None:
        self.waiting = True
        try:
            await asyncio.sleep(seconds)
        finally:
            self.waiting = False

    def _pause(self, paused: bool) -> None:
        self.paused = paused
        PAUSED.labels(self._group).set(paused)

    async def _bury(self, item: Rejected) -> None:
        said = letter(item, datetime.now(UTC))
        await self._bus.send(self._dead_topic, said.key, said.value, headers=said.headers)
        DEAD_LETTERS.labels(self._group, item.reason).inc()
        log.error("record.dead", group=self._group, reason=item.reason, detail=item.detail)

    def _count(self, records: Batch, arrivals: Sequence[Arrival], rejected: Sequence[Rejected]) -> None:
        RECORDS.labels(self._group, "handled").inc(len(arrivals))
        RECORDS.labels(self._group, "dead").inc(len(rejected))
        now = time.time() * 1000
        for record in records[:: max(1, len(records) // 20)]:
            CAUGHT_UP.labels(self._group).observe(max(now - record.timestamp, 0) / 1000)


def waves(arrivals: Iterable[Arrival]) -> list[list[Arrival]]:
    """Split so that no wave holds two records of one key, and a key's earlier record is in an earlier wave."""
    result: list[list[Arrival]] = []
    taken: dict[Any, int] = {}
    for arrival in arrivals:
        key = arrival.record.key
        number = taken.get(key, 0)
        taken[key] = number + 1
        if number == len(result):
            result.append([])
        result[number].append(arrival)
    return result


def _by_type(wave: Sequence[Arrival]) -> dict[type[Data], list[Event[Any]]]:
    groups: dict[type[Data], list[Event[Any]]] = {}
    for arrival in wave:
        groups.setdefault(type(arrival.event.data), []).append(arrival.event)
    return groups


def _name(event_type: str) -> str:
    """`report-submitted` of `vn.langnghe.report-submitted.v2`; of anything else, itself."""
    name, _, _version = event_type.removeprefix(f"{TYPE_PREFIX}.").rpartition(".")
    return name
