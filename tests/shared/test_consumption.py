"""How a batch is handled: order, retries, poison, and the pause when everything fails."""

import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from shared.contracts.envelope import LARGEST_EVENT, Event, Publication
from shared.contracts.events import ReplyDelivered, ReportWithdrawn
from shared.runtime import consumption as rules
from shared.runtime.consumption import Consumption, waves
from shared.runtime.errors import PoisonError, TransientError

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)


def report_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def withdrawn(number: int, sequence: int = 1) -> Event[ReportWithdrawn]:
    data = ReportWithdrawn(report_id=report_id(number), withdrawn_at=AT)
    return Event[ReportWithdrawn].of(data, subject=report_id(number), sequence=sequence, time=AT, source="/test/intake")


def record(event: Event[Any] | bytes | None, key: int = 0, offset: int = 0) -> Any:
    value = event.to_json() if isinstance(event, Event) else event
    return SimpleNamespace(
        topic="t", partition=0, offset=offset, timestamp=0, key=report_id(key).encode(), value=value, headers=()
    )


class MemoryBus:
    """Keeps what is said, and can be away for a while."""

    def __init__(self, away_for: int = 0) -> None:
        self.said: list[Publication] = []
        self.dead: list[tuple[str, dict[str, str]]] = []
        self.away_for = away_for

    async def publish(self, publications: Any) -> None:
        self._answer()
        self.said += publications

    async def send(self, topic: str, key: bytes | None, value: bytes | None, *, headers: Any = ()) -> None:
        self._answer()
        self.dead.append((topic, {name: text.decode() for name, text in headers}))

    def _answer(self) -> None:
        if self.away_for:
            self.away_for -= 1
            raise TransientError("away")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "backoff", lambda _failures: 0.0)
    monkeypatch.setattr(rules, "PAUSE", 0.0)


def consumption(handler: Any, bus: MemoryBus) -> Consumption:
    return Consumption("test", {ReportWithdrawn: handler}, bus, "dead.test")


def test_waves_keep_the_order_of_every_key() -> None:
    keys = [1, 2, 1, 3, 1, 2]
    arrivals = [rules.Arrival(record(None, key, offset), None) for offset, key in enumerate(keys)]  # type: ignore[arg-type]
    result = [[arrival.record.offset for arrival in wave] for wave in waves(arrivals)]
    assert result == [[0, 1, 3], [2, 5], [4]]


async def test_a_batch_is_given_whole_and_what_its_handler_says_is_published() -> None:
    seen: list[int] = []
    bus = MemoryBus()

    async def handler(events: Any) -> list[Publication]:
        seen.append(len(events))
        return [Publication("x", "k", event) for event in events]

    await consumption(handler, bus).take(tuple(record(withdrawn(n), n, n) for n in range(5)))
    assert seen == [5]
    assert len(bus.said) == 5


async def test_one_that_raises_is_dead_and_its_neighbours_are_handled() -> None:
    done: set[str] = set()
    bus = MemoryBus()

    async def handler(events: Any) -> None:
        for event in events:
            if event.subject == report_id(3):
                raise RuntimeError("cannot")
            done.add(event.subject)

    await consumption(handler, bus).take(tuple(record(withdrawn(n), n, n) for n in range(6)))
    assert done == {report_id(n) for n in range(6) if n != 3}
    [(topic, letter)] = bus.dead
    assert topic == "dead.test"
    assert letter["langnghe-reason"] == "handler"
    assert letter["langnghe-error"].startswith("RuntimeError at test_consumption.py:")
    assert (letter["langnghe-origin-topic"], letter["langnghe-origin-offset"]) == ("t", "3")
    assert letter["langnghe-attempt"] == "1"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "unreadable"),
        (b"[]", "unreadable"),
        (None, "empty"),
        (b'{"type": 3}', "unreadable"),
        (b'{"type":"vn.langnghe.report-withdrawn.v1","data":{}}', "unreadable"),
        (b'{"type":"vn.langnghe.report-withdrawn.v2","data":{}}', "unknown_version"),
        (b'{"type":"' + b"x" * LARGEST_EVENT + b'"}', "oversized"),
        (b"\xff\xfe", "unreadable"),
    ],
)
async def test_poison_is_dead_for_its_reason(value: bytes | None, reason: str) -> None:
    handled: list[Any] = []
    bus = MemoryBus()

    async def handler(events: Any) -> None:
        handled.extend(events)

    await consumption(handler, bus).take((record(value, 1, 0), record(withdrawn(2), 2, 1)))
    assert [letter["langnghe-reason"] for _, letter in bus.dead] == [reason]
    assert len(handled) == 1


async def test_a_dead_letter_quotes_nothing_of_the_record() -> None:
    bus = MemoryBus()

    async def handler(events: Any) -> None:
        raise AssertionError("unreachable")

    secret = b'{"type":"vn.langnghe.report-withdrawn.v1","data":"Nguyen Van Kin 0912345678"}'
    await consumption(handler, bus).take((record(secret),))
    assert not any("Kin" in text or "0912" in text for _, letter in bus.dead for text in letter.values())


async def test_types_of_others_are_skipped() -> None:
    bus = MemoryBus()
    handled: list[Any] = []

    async def handler(events: Any) -> None:
        handled.extend(events)

    data = ReplyDelivered(report_id=report_id(1), case_id=report_id(2), delivered_at=AT)
    other = Event[ReplyDelivered].of(data, subject="x", sequence=1, time=AT, source="/test/intake")
    await consumption(handler, bus).take((record(other),))
    assert (handled, bus.dead) == ([], [])


async def test_unknown_fields_are_ignored_by_whoever_reads() -> None:
    seen: list[Any] = []

    async def handler(events: Any) -> None:
        seen.extend(events)

    newer = withdrawn(1).to_json().replace(b'"data":{', b'"extra":1,"data":{"tomorrow":true,')
    await consumption(handler, MemoryBus()).take((record(newer),))
    assert [event.subject for event in seen] == [report_id(1)]


async def test_something_away_is_waited_for_and_nothing_dies() -> None:
    tries = 0
    bus = MemoryBus()

    async def handler(_events: Any) -> None:
        nonlocal tries
        tries += 1
        if tries < 8:
            raise TransientError("the database is away")

    await consumption(handler, bus).take((record(withdrawn(1)),))
    assert (tries, bus.dead) == (8, [])


async def test_away_for_long_hands_the_batch_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "HOLD", -1.0)

    async def handler(_events: Any) -> None:
        raise TransientError("the database is away")

    with pytest.raises(TransientError):
        await consumption(handler, MemoryBus()).take((record(withdrawn(1)),))


async def test_a_dead_letter_that_cannot_be_sent_is_tried_again() -> None:
    bus = MemoryBus(away_for=3)

    async def handler(_events: Any) -> None:
        raise PoisonError("wrong", "always")

    await consumption(handler, bus).take((record(withdrawn(1)),))
    assert len(bus.dead) == 1


@pytest.mark.parametrize("batches", [[25], [1] * 25, [7, 7, 7, 7]])
async def test_a_release_that_fails_everything_pauses(batches: list[int]) -> None:
    bus = MemoryBus()

    async def handler(_events: Any) -> None:
        raise RuntimeError("a broken release")

    consumer, number = consumption(handler, bus), 0
    with pytest.raises(TransientError, match="too many"):  # noqa: PT012 (which batch reaches it differs)
        for size in batches:
            await consumer.take(tuple(record(withdrawn(number + n), number + n) for n in range(size)))
            number += size
    assert consumer.paused
    assert len(bus.dead) < rules.TOO_MANY


async def test_a_paused_consumer_goes_on_when_the_fault_is_mended() -> None:
    bus, broken = MemoryBus(), True
    handled: list[Any] = []

    async def handler(events: Any) -> None:
        if broken:
            raise RuntimeError("a broken release")
        handled.extend(events)

    consumer = consumption(handler, bus)
    batch = tuple(record(withdrawn(n), n) for n in range(30))
    with pytest.raises(TransientError):
        await consumer.take(batch)
    broken = False
    await consumer.take(batch)
    assert (len(handled), bus.dead, consumer.paused) == (30, [], False)


async def test_cancelling_leaves_the_batch_to_come_again() -> None:
    started = asyncio.Event()

    async def handler(_events: Any) -> None:
        started.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(consumption(handler, MemoryBus()).take((record(withdrawn(1)),)))
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_letters_that_cannot_be_sent_are_not_counted_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = MemoryBus(away_for=1)

    async def handler(_events: Any) -> None:
        raise PoisonError("wrong", "always")

    consumer = consumption(handler, bus)
    batch = tuple(record(withdrawn(n), n) for n in range(rules.TOO_MANY - 5))
    monkeypatch.setattr(rules, "HOLD", -1.0)
    with pytest.raises(TransientError):
        await consumer.take(batch)
    await consumer.take(batch)
    assert len(bus.dead) == len(batch)
    assert not consumer.paused


async def test_a_fault_of_our_own_waits_before_its_batch_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[int] = []

    class BrokenBus(MemoryBus):
        async def send(self, *_: Any, **__: Any) -> None:
            raise ValueError("a letter that nobody can write")

    def backoff(failures: int) -> float:
        waited.append(failures)
        return 0.0

    monkeypatch.setattr(rules, "backoff", backoff)
    consumer = Consumption("test", {}, BrokenBus(), "dead.test")
    for _ in range(3):
        with pytest.raises(ValueError, match="nobody"):
            await consumer.take((record(b"{"),))
    assert waited == [1, 2, 3]
