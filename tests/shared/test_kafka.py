"""The rules for reading, on a real broker: each fails when the setting it stands for is undone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from faststream import AckPolicy

from shared.contracts.envelope import Event, Publication
from shared.contracts.events import ReportWithdrawn
from shared.runtime import consumption, kafka
from shared.runtime.consumption import Handlers
from shared.runtime.kafka import Consumers, Publisher

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
TOPIC, GROUP = "things.v1", "group"


async def until(condition: Callable[[], Any], seconds: float = 90) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def said(number: int, sequence: int = 1) -> Publication:
    identity = f"00000000-0000-4000-8000-{number:012d}"
    data = ReportWithdrawn(report_id=identity, withdrawn_at=AT)
    event = Event[ReportWithdrawn].of(data, subject=identity, sequence=sequence, time=AT, source="/test/intake")
    return Publication(TOPIC, identity, event)


class Bench:
    """A province of its own on the real broker, with one topic and its dead letters."""

    def __init__(self, bootstrap: str) -> None:
        self.bootstrap = bootstrap
        self.province = f"p{uuid4().hex[:10]}"
        self.admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        self.publisher = Publisher(bootstrap, self.province)
        self.running: list[Consumers] = []

    def make(self, *topics: str) -> None:
        made = self.admin.create_topics([NewTopic(f"{self.province}.{topic}", 2, 1) for topic in topics])
        for future in made.values():
            future.result()

    async def consume(self, handler: Any, *, ready: bool = True) -> Consumers:
        consumers = Consumers(self.bootstrap, self.province, GROUP, self.publisher)
        handlers: Handlers = {ReportWithdrawn: handler}
        consumers.consume(TOPIC, handlers)
        await consumers.start()
        self.running.append(consumers)
        if ready:
            await until(consumers.ready)
        return consumers

    async def records(self, topic: str, count: int) -> list[Any]:
        reader = AIOKafkaConsumer(
            f"{self.province}.{topic}", bootstrap_servers=self.bootstrap, auto_offset_reset="earliest"
        )
        await reader.start()
        try:
            async with asyncio.timeout(90):
                return [await reader.getone() for _ in range(count)]
        finally:
            await reader.stop()

    async def stop(self) -> None:
        for consumers in self.running:
            await consumers.stop()
        await self.publisher.stop()


@pytest.fixture
async def bench(kafka: str) -> AsyncIterator[Bench]:
    bench = Bench(kafka)
    await bench.publisher.start()
    await until(bench.publisher.ready)
    yield bench
    await bench.stop()


def collector(seen: list[str]) -> Callable[[Sequence[Event[Any]]], Awaitable[None]]:
    async def handler(events: Sequence[Event[Any]]) -> None:
        seen.extend(f"{event.subject[-2:]}/{event.sequence}" for event in events)

    return handler


async def test_a_new_group_reads_from_the_beginning_and_in_batches(bench: Bench) -> None:
    bench.make(TOPIC, "dead.group")
    await bench.publisher.publish([said(number) for number in range(200)])
    sizes: list[int] = []

    async def handler(events: Sequence[Event[Any]]) -> None:
        sizes.append(len(events))

    await bench.consume(handler)
    await until(lambda: sum(sizes) == 200)
    assert len(sizes) < 50


async def test_what_fails_is_not_committed_and_comes_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumption, "HOLD", 0.0)
    bench.make(TOPIC, "dead.group")
    seen: list[str] = []
    handed_back = 0

    async def handler(events: Sequence[Event[Any]]) -> None:
        nonlocal handed_back
        if handed_back < 3:
            handed_back += 1
            raise consumption.TransientError("away")
        await collector(seen)(events)

    await bench.consume(handler)
    await bench.publisher.publish([said(1), said(1, 2), said(2)])
    await until(lambda: {"01/1", "01/2", "02/1"} <= set(seen))
    assert seen.index("01/1") < seen.index("01/2")


async def test_a_member_that_ends_in_the_middle_leaves_its_records_to_the_next(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "GRACE", 0.1)
    bench.make(TOPIC, "dead.group")
    began = asyncio.Event()

    async def never(_events: Sequence[Event[Any]]) -> None:
        began.set()
        await asyncio.Event().wait()

    first = await bench.consume(never)
    await bench.publisher.publish([said(1)])
    await began.wait()
    await first.stop()
    bench.running.clear()
    seen: list[str] = []
    await bench.consume(collector(seen))
    await until(lambda: seen == ["01/1"])


async def test_poison_of_every_kind_is_dead_with_its_origin_and_neighbours_are_handled(bench: Bench) -> None:
    bench.make(TOPIC, "dead.group")
    seen: list[str] = []
    await bench.consume(collector(seen))
    poison = [b"{", b'{"type": 1}', b"\xff", b'{"type":"vn.langnghe.report-withdrawn.v9"}']
    for number, value in enumerate(poison):
        await bench.publisher.publish([said(number)])
        # A header that is not text fails FastStream's own parser for the whole batch, for ever.
        await bench.publisher.send(TOPIC, f"poison{number}", value, headers=[("x", b"\xff\xfe")])
    dead = await bench.records("dead.group", len(poison))
    await until(lambda: len(set(seen)) == len(poison))
    assert sorted(record.value for record in dead) == sorted(poison)
    headers = dict(dead[0].headers)
    assert headers["langnghe-origin-topic"].decode() == f"{bench.province}.{TOPIC}"
    assert headers["x"] == b"\xff\xfe"


async def test_the_order_of_a_key_holds_over_batches(bench: Bench) -> None:
    bench.make(TOPIC, "dead.group")
    seen: list[str] = []
    await bench.consume(collector(seen))
    for sequence in range(1, 40):
        await bench.publisher.publish([said(key, sequence) for key in range(3)])
    await until(lambda: len(seen) == 3 * 39)
    for key in range(3):
        mine = [entry for entry in seen if entry.startswith(f"{key:02d}/")]
        assert mine == [f"{key:02d}/{sequence}" for sequence in range(1, 40)]


async def test_what_a_handler_says_is_on_the_bus_before_its_record_counts_as_handled(bench: Bench) -> None:
    bench.make(TOPIC, "dead.group", "answers.v1")

    async def handler(events: Sequence[Event[Any]]) -> list[Publication]:
        return [Publication("answers.v1", event.subject, event) for event in events]

    await bench.consume(handler)
    await bench.publisher.publish([said(number) for number in range(5)])
    answers = await bench.records("answers.v1", 5)
    assert {record.timestamp for record in answers} == {int(AT.timestamp() * 1000)}


async def test_a_topic_that_is_not_there_is_waited_for_and_not_made(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    consumers = await bench.consume(collector(seen), ready=False)
    assert not consumers.ready()
    await until(lambda: consumers._subscribers[0].consumer)
    assert consumers.alive()  # also while it is half started
    await asyncio.to_thread(_no_topics_of, bench)
    bench.make(TOPIC, "dead.group")
    await bench.publisher.publish([said(1)])
    await until(lambda: seen == ["01/1"], 60)


def _no_topics_of(bench: Bench) -> None:
    topics = bench.admin.list_topics(timeout=10).topics
    assert not [topic for topic in topics if topic.startswith(bench.province)]


async def test_every_subscriber_has_the_settings_that_lose_nothing(bench: Bench) -> None:
    consumers = Consumers(bench.bootstrap, bench.province, GROUP, bench.publisher)
    consumers.consume("one.v1", {})
    consumers.consume("two.v1", {})
    for subscriber in consumers._subscribers:
        assert subscriber.ack_policy is AckPolicy.NACK_ON_ERROR
        assert type(subscriber).__name__ == "BatchSubscriber"
        assert (subscriber.max_records, subscriber.batch_timeout_ms) == (500, 20)
        assert subscriber._connection_args["auto_offset_reset"] == "earliest"
        assert subscriber._outer_config.allow_auto_create_topics is False
    assert kafka.PRODUCER["acks"] == "all"
    assert kafka.PRODUCER["enable_idempotence"] is False


@pytest.mark.parametrize("task", ["_fetcher._fetch_task", "_coordinator._coordination_task"])
async def test_a_dead_task_is_told(bench: Bench, task: str) -> None:
    bench.make(TOPIC, "dead.group")
    consumers = await bench.consume(collector([]))
    assert consumers.alive()
    part, name = task.split(".")
    getattr(getattr(consumers._subscribers[0].consumer, part), name).cancel()
    await until(lambda: not consumers.alive())


async def test_a_position_that_stands_while_lag_grows_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "STALLED_AFTER", 1.0)
    bench.make(TOPIC, "dead.group")
    release = asyncio.Event()

    async def stuck(_events: Sequence[Event[Any]]) -> None:
        await release.wait()

    consumers = await bench.consume(stuck)
    await bench.publisher.publish([said(1)])
    async with asyncio.timeout(90):
        while consumers.alive():
            await bench.publisher.publish([said(1)])
            await asyncio.sleep(0.1)
    release.set()
    await until(consumers.alive)


async def test_waiting_for_something_that_is_away_is_no_stall(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "STALLED_AFTER", 0.5)
    bench.make(TOPIC, "dead.group")
    tries = 0

    async def away(_events: Sequence[Event[Any]]) -> None:
        nonlocal tries
        tries += 1
        raise consumption.TransientError("away")

    consumers = await bench.consume(away)
    while tries < 7:
        await bench.publisher.publish([said(1)])
        await asyncio.sleep(0.1)
        assert consumers.alive()


async def test_a_publisher_without_brokers_says_so_and_starts_all_the_same() -> None:
    publisher = Publisher("127.0.0.1:1", "nowhere")
    await publisher.start()
    with pytest.raises(consumption.TransientError):
        await publisher.send("t", "k", b"v")
    assert not publisher.ready()
    assert publisher.alive()
    await publisher.stop()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"key": None, "value": None}, "empty"),
        # Compressed it is small enough for the broker; as it is, the broker does not take it back.
        ({"key": b"k", "value": b"0" * 3_000_000}, "oversized"),
        ({"key": b"k", "value": b"{", "headers": [("x", None)]}, "unreadable"),
    ],
    ids=["nothing", "huge", "header"],
)
async def test_what_the_broker_would_not_take_back_is_dead_all_the_same(
    bench: Bench, record: dict[str, Any], reason: str
) -> None:
    bench.make(TOPIC, "dead.group")
    seen: list[str] = []
    await bench.consume(collector(seen))
    await asyncio.to_thread(_put, bench, record)
    await bench.publisher.publish([said(number) for number in range(6)])
    await until(lambda: len(set(seen)) == 6)
    [dead] = await bench.records("dead.group", 1)
    headers = dict(dead.headers)
    assert (headers["langnghe-reason"].decode(), headers["langnghe-origin-offset"].decode()) == (reason, "0")


def _put(bench: Bench, record: dict[str, Any]) -> None:
    producer = Producer(
        {"bootstrap.servers": bench.bootstrap, "compression.type": "gzip", "message.max.bytes": 10_000_000}
    )
    producer.produce(f"{bench.province}.{TOPIC}", partition=0, **record)
    assert producer.flush(10) == 0


async def test_what_could_not_be_looked_at_is_no_stall(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.make(TOPIC, "dead.group")
    consumers = await bench.consume(collector([]))
    await consumers._meter.stop()
    await consumers._meter.start()

    async def unanswered(_partitions: Any) -> None:
        raise TimeoutError

    consumers._standing = {"a partition without a leader": kafka.Standing(0, 9, -1e9, grew=True)}
    assert consumers._stalled()
    monkeypatch.setattr(consumers._subscribers[0].consumer, "end_offsets", unanswered)
    await until(lambda: not consumers._stalled())
    assert consumers.alive()


async def test_what_had_taken_everything_did_not_stand(bench: Bench) -> None:
    consumers = Consumers(bench.bootstrap, bench.province, GROUP, bench.publisher)
    long_ago = -1e9
    consumers._standing = {0: kafka.Standing(5, 5, long_ago, grew=False)}
    assert consumers._stands(0, position=5, end=6).since > long_ago
    consumers._standing = {0: kafka.Standing(5, 6, long_ago, grew=False)}
    assert consumers._stands(0, position=5, end=7) == kafka.Standing(5, 7, long_ago, grew=True)


async def test_a_consumer_that_gets_no_answer_while_the_brokers_answer_others_is_told(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "BLIND_AFTER", 0.5)
    bench.make(TOPIC, "dead.group")
    consumers = await bench.consume(collector([]))
    assert consumers.alive()

    async def no_answer(*_: Any) -> None:
        raise TimeoutError

    monkeypatch.setattr(consumers._subscribers[0].consumer, "end_offsets", no_answer)
    await until(lambda: not consumers.alive())
    monkeypatch.undo()
    await until(consumers.alive)
