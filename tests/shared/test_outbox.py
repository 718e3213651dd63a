"""Events leave a document once it is stored, in order, through an absent broker, a dead holder and a crash."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.envelope import LARGEST_EVENT, Event, Publication
from shared.contracts.events import NotificationFailed, ReportWithdrawn
from shared.runtime import outbox as relay
from shared.runtime.errors import TransientError
from shared.runtime.mongo import Mongo
from shared.runtime.outbox import Outbox, OversizedEventError

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
ID = "00000000-0000-4000-8000-000000000001"


class MemoryBus:
    """Takes records, or refuses them while it is down; a send waits for `gate`."""

    def __init__(self) -> None:
        self.down = False
        self.missing: set[str] = set()
        self.sent: list[tuple[str, int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, topic: str, key: str, value: bytes, timestamp_ms: int) -> None:
        await self.gate.wait()
        if self.down or key in self.missing:
            raise TransientError("down")
        self.sent.append((key, Event[ReportWithdrawn].read(value).sequence))


def said(key: str, sequence: int) -> Publication:
    data = ReportWithdrawn(report_id=ID, withdrawn_at=AT)
    event = Event[ReportWithdrawn].of(data, subject=key, sequence=sequence, time=AT, source="/test/intake")
    return Publication("t", key, event)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(90):
        while not await condition():
            await asyncio.sleep(0.02)


@pytest.fixture
async def mongo(mongo_url: str, mongo_database: str) -> AsyncIterator[Mongo]:
    mongo = Mongo(mongo_url, mongo_database)
    await mongo.start()
    yield mongo
    await mongo.stop()


class Rig:
    """One collection with its outbox."""

    def __init__(self, mongo: Mongo, bus: MemoryBus) -> None:
        self.outbox = Outbox(mongo, "things", bus, sweep_every=0.05)
        self.things = mongo.collection("things")

    async def insert(self, key: str, *sequences: int, tell: bool = True) -> None:
        document = {"_id": key, **self.outbox.born([said(key, sequence) for sequence in sequences])}
        await self.things.insert_one(document)
        if tell:
            self.outbox.written([document])

    async def append(self, key: str, sequence: int) -> None:
        update = self.outbox.appended([said(key, sequence)], {"changed": "$not.a.path"})
        after = await self.things.find_one_and_update({"_id": key}, update, return_document=True)
        self.outbox.written([after])

    async def quiet(self) -> bool:
        return await self.things.count_documents({"$or": [{"outbox": {"$ne": []}}, {"relay": {"$exists": True}}]}) == 0


@pytest.fixture
async def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
async def rig(mongo: Mongo, bus: MemoryBus) -> AsyncIterator[Rig]:
    rig = Rig(mongo, bus)
    await until(lambda: _ready(mongo))
    await rig.outbox.start()
    yield rig
    await rig.outbox.stop()


async def _ready(mongo: Mongo) -> bool:
    return mongo.ready()


async def test_a_documents_events_leave_in_order_and_nothing_stays(rig: Rig, bus: MemoryBus) -> None:
    await rig.insert("a", 1, 2, 3)
    await until(rig.quiet)
    assert bus.sent == [("a", 1), ("a", 2), ("a", 3)]


async def test_what_is_appended_while_a_holder_is_busy_follows_it(rig: Rig, bus: MemoryBus) -> None:
    bus.gate.clear()
    await rig.insert("a", 1)
    for sequence in range(2, 8):
        await rig.append("a", sequence)
    bus.gate.set()
    await until(rig.quiet)
    assert bus.sent == [("a", sequence) for sequence in range(1, 8)]


async def test_many_writers_at_once_leave_no_event_behind_and_keep_order(rig: Rig, bus: MemoryBus) -> None:
    keys = [f"k{number}" for number in range(30)]
    await asyncio.gather(*(rig.insert(key, 1) for key in keys))

    async def write(key: str) -> None:
        for sequence in range(2, 12):
            await rig.append(key, sequence)

    await asyncio.gather(*(write(key) for key in keys))
    await until(rig.quiet)
    for key in keys:
        assert [sequence for sent, sequence in bus.sent if sent == key] == list(range(1, 12))


async def test_an_absent_broker_keeps_the_events_until_it_returns(rig: Rig, bus: MemoryBus) -> None:
    bus.down = True
    await rig.insert("a", 1, 2)
    await until(lambda: _has(rig, {"relay.until": {"$lte": datetime.now(UTC)}}))
    await rig.insert("b", 1)
    born = await rig.things.find_one({"_id": "b"})
    assert born["relay"]["until"] <= datetime.now(UTC) + timedelta(seconds=2)  # nobody tries at once
    bus.down = False
    await until(rig.quiet)
    assert sorted(bus.sent) == [("a", 1), ("a", 2), ("b", 1)]


async def test_a_crash_between_write_and_publish_is_swept_up(rig: Rig, bus: MemoryBus) -> None:
    await rig.insert("a", 1, tell=False)
    await rig.things.update_one(
        {"_id": "a"}, {"$set": {"relay": {"holder": "dead", "until": AT - timedelta(days=999)}}}
    )
    await until(rig.quiet)
    assert bus.sent == [("a", 1)]


async def test_a_living_holder_is_left_alone(rig: Rig, bus: MemoryBus, mongo: Mongo) -> None:
    later = mongo.clock.now() + timedelta(hours=1)
    await rig.insert("held", 1, tell=False)
    await rig.things.update_one({"_id": "held"}, {"$set": {"relay": {"holder": "another", "until": later}}})
    await rig.insert("free", 1)
    await until(lambda: _has(rig, {"_id": "free", "outbox": []}))
    assert bus.sent == [("free", 1)]
    kept = await rig.things.find_one({"_id": "held"})
    assert (kept["relay"]["holder"], len(kept["outbox"])) == ("another", 1)


async def test_appending_sets_values_as_they_are(rig: Rig) -> None:
    await rig.insert("a", 1)
    await rig.append("a", 2)
    assert (await rig.things.find_one({"_id": "a"}))["changed"] == "$not.a.path"


async def test_an_event_too_large_for_the_broker_is_refused_before_it_is_stored(rig: Rig) -> None:
    data = NotificationFailed(
        delivery_id=ID,
        case_id=ID,
        duty="d",
        level=0,
        channel="c",
        attempts=1,
        failed_at=AT,
        reason="x" * LARGEST_EVENT,
    )
    event: Event[Any] = Event.of(data, subject="a", sequence=1, time=AT, source="/test")
    with pytest.raises(OversizedEventError):
        rig.outbox.born([Publication("t", "a", event)])


async def _has(rig: Rig, condition: dict[str, Any]) -> bool:
    return await rig.things.count_documents(condition) > 0


async def test_what_has_no_topic_keeps_nothing_else_from_leaving(
    rig: Rig, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus.missing = {f"lost{number}" for number in range(relay.PROBES * 3)}
    for key in bus.missing:
        await rig.insert(key, 1)
    for number in range(20):
        await rig.insert(f"good{number}", 1)
    await until(lambda: _has(rig, {"_id": "good19", "outbox": []}))
    assert sorted(bus.sent) == sorted((f"good{number}", 1) for number in range(20))
    bus.missing = set()
    await until(rig.quiet)
    assert len(bus.sent) == 20 + relay.PROBES * 3


async def test_what_hands_cannot_hold_waits_in_the_database(
    rig: Rig, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "MOST_HELD", 3)
    monkeypatch.setattr(relay, "GROUP", 1)
    bus.gate.clear()
    keys = [f"k{number}" for number in range(20)]
    for key in keys:
        await rig.insert(key, 1)
    assert len(rig.outbox._held) < 10  # three, and what the sweeper takes over
    bus.gate.set()
    await until(rig.quiet)
    assert sorted(bus.sent) == sorted((key, 1) for key in keys)
