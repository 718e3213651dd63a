"""The bus: `Publisher` sends, `Consumers` subscribe through FastStream. Every rule about delivery lives here."""

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from shared.contracts.envelope import Publication
from shared.contracts.topics import dead_letters, on_broker
from shared.runtime.consumption import Batch, Consumption, Handlers, Record
from shared.runtime.errors import TransientError
from shared.runtime.loops import Loop, backoff, end
from shared.runtime.metrics import KAFKA_UP, LAG

log = structlog.get_logger()

SEND_TIMEOUT = 10.0
ANSWER_TIMEOUT = 5.0
REBALANCE = 15.0
"""Seconds that a group may take to share out its partitions anew."""
BLIND_AFTER = 15.0
"""Seconds without an answer to a consumer while the same brokers answer the publisher."""
GRACE = 10.0
"""Seconds that a batch in hand has to finish when the service stops."""
STALLED_AFTER = 30
"""Seconds in which a position stands still while its partition grows."""

PRODUCER: dict[str, Any] = {
    "acks": "all",
    # Idempotence would add nothing (repeats are absorbed by event id) and takes recovery away: a batch that ages
    # past the timeout in an outage has used its sequence number, and its partition refuses every later one.
    "enable_idempotence": False,
    "linger_ms": 5,
    "max_batch_size": 128 * 1024,
    "request_timeout_ms": int(SEND_TIMEOUT * 1000),
}

SUBSCRIBER: dict[str, Any] = {
    "ack_policy": AckPolicy.NACK_ON_ERROR,
    "auto_offset_reset": "earliest",
    "batch": True,
    "max_records": 500,
    "batch_timeout_ms": 20,
    "no_reply": True,
    # A member joins at a heartbeat: three seconds of them, the default, delay every start and every takeover.
    "heartbeat_interval_ms": 1000,
}
"""FastStream's own defaults lose messages; each of these has a test that fails without it."""


class Publisher:
    """A plain producer that connects when the brokers are there and says so."""

    name = "kafka"

    def __init__(self, bootstrap: str, province: str) -> None:
        self._bootstrap = bootstrap
        self._province = province
        self._producer: AIOKafkaProducer | None = None
        self._up = False
        self._watch = Loop("kafka.watch", self._look, every=2.0)

    async def start(self) -> None:
        """Connect in the background, however long the brokers are away."""
        await self._watch.start()

    async def stop(self) -> None:
        """Send what is buffered and close."""
        await self._watch.stop()
        if self._producer:
            with contextlib.suppress(KafkaError, TimeoutError):
                await asyncio.wait_for(self._producer.stop(), SEND_TIMEOUT)

    def ready(self) -> bool:
        """Whether a broker answered the last time it was asked."""
        return self._up

    def alive(self) -> bool:
        """False when the sender task died: nothing that is sent would ever be acknowledged."""
        task = self._producer._sender._sender_task if self._producer else None
        return self._watch.alive() and (task is None or not task.done())

    async def send(
        self,
        topic: str,
        key: str | bytes | None,
        value: bytes | None,
        timestamp_ms: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
    ) -> None:
        """Resolve when all in-sync replicas have the record.

        Raises `TransientError` within ten seconds otherwise; the record may or may not have been written then.
        """
        if self._producer is None:
            raise TransientError("the brokers have not been reached yet")
        key = key.encode() if isinstance(key, str) else key
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await self._producer.send_and_wait(
                    on_broker(self._province, topic), value, key, timestamp_ms=timestamp_ms, headers=list(headers)
                )
        except (KafkaError, TimeoutError) as error:
            raise TransientError(f"not acknowledged by the brokers: {type(error).__name__}") from error

    async def publish(self, publications: Sequence[Publication]) -> None:
        """Send all and wait for all, in order per key. Raises `TransientError` if one is not acknowledged."""
        sends = (
            self.send(said.topic, said.key, said.event.to_json(), int(said.event.time.timestamp() * 1000))
            for said in publications
        )
        for result in await asyncio.gather(*sends, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    async def _look(self) -> None:
        try:
            if self._producer is None:
                producer = AIOKafkaProducer(bootstrap_servers=self._bootstrap, **PRODUCER)
                try:
                    await asyncio.wait_for(producer.start(), SEND_TIMEOUT)
                except BaseException:
                    await producer.stop()
                    raise
                self._producer = producer
            await asyncio.wait_for(self._producer.client.fetch_all_metadata(), ANSWER_TIMEOUT)
            self._note(up=True)
        except (KafkaError, OSError, TimeoutError):
            self._note(up=False)

    def _note(self, *, up: bool) -> None:
        was_up, self._up = self._up, up
        KAFKA_UP.set(up)
        if up != was_up:
            log.info("kafka.back" if up else "kafka.away", waits_for=None if up else self._bootstrap)


class Consumers:
    """The subscriptions of one service: one consumer group, one handler an event."""

    name = "consumers"

    def __init__(self, bootstrap: str, province: str, group: str, publisher: Publisher) -> None:
        self._province = province
        self._group = group
        self._publisher = publisher
        self._broker = KafkaBroker(
            bootstrap,
            apply_types=False,
            allow_auto_create_topics=False,
            consumer_only=True,
            logger=None,
            graceful_timeout=GRACE,
            client_id=f"langnghe-{group}",
        )
        self._consumptions: list[Consumption] = []
        self._subscribers: list[Any] = []
        self._starting: asyncio.Task[None] | None = None
        self._meter = Loop(f"consumers.{group}.meter", self._measure, every=1.0)
        self._assigned_at = -REBALANCE
        self._standing: dict[Any, Standing] = {}
        self._blind_since: float | None = None

    def consume(self, topic: str, handlers: Handlers) -> None:
        """Give every event of `topic` (named without the province) to its handler, at least once, in order per key."""
        consumption = Consumption(self._group, handlers, self._publisher, dead_letters(self._group))
        subscriber = self._broker.subscriber(
            on_broker(self._province, topic),
            group_id=f"{self._province}.{self._group}",
            parser=_parse,
            decoder=_raw,
            **SUBSCRIBER,
        )

        async def take(records: Batch) -> None:
            await consumption.take(records)

        subscriber(take)
        self._consumptions.append(consumption)
        self._subscribers.append(subscriber)

    async def start(self) -> None:
        """Join the group in the background, once the brokers are there."""
        self._starting = asyncio.create_task(self._join(), name=f"consumers.{self._group}.join")
        await self._meter.start()

    async def stop(self) -> None:
        """Finish the batch in hand, commit and leave the group."""
        await self._meter.stop()
        if self._starting:
            await end(self._starting)
        await self._broker.stop()

    def ready(self) -> bool:
        """Whether every subscription has joined its group and none is paused."""
        if self._joined() and all(subscriber.consumer.assignment() for subscriber in self._subscribers):
            self._assigned_at = time.monotonic()
        # Between two assignments, while its group rebalances, a member is as ready as it was.
        assigned = time.monotonic() - self._assigned_at < REBALANCE
        return assigned and self._publisher.ready() and not any(one.paused for one in self._consumptions)

    def alive(self) -> bool:
        """False when a task of a consumer has died, or when a position stands still while lag grows."""
        if self._starting and self._starting.done() and not self._starting.cancelled() and self._starting.exception():
            return False
        running = not self._joined() or all(map(_running, self._subscribers))
        return running and self._meter.alive() and not self._stalled() and not self._blind()

    def _joined(self) -> bool:
        # A consumer is there before it has started: only once all have does the broker run.
        return self._broker.running and all(subscriber.consumer is not None for subscriber in self._subscribers)

    async def _join(self) -> None:
        failures = 0
        while not self._joined():
            try:
                # It raises at once while the brokers are away, and blocks silently while a topic does not exist.
                await asyncio.wait_for(self._broker.start(), 30.0)
            except (KafkaError, OSError, TimeoutError) as error:
                failures += 1
                log.info(
                    "consumers.wait", group=self._group, waits_for="brokers and topics", error=type(error).__name__
                )
                with contextlib.suppress(Exception):
                    await self._broker.stop()
                await asyncio.sleep(backoff(failures))
        log.info("consumers.joined", group=self._group)

    async def _measure(self) -> None:
        if not (self._joined() and self._publisher.ready()):
            self._standing, self._blind_since = {}, None
            return
        try:
            self._standing = await self._look()
            self._blind_since = None
        except Exception:
            # What nobody could look at is no sign of a stall, but it must not last: see `_blind`.
            self._standing = {}
            self._blind_since = self._blind_since or time.monotonic()
            raise
        self._tell_lag(self._standing)

    async def _look(self) -> dict[Any, "Standing"]:
        standing: dict[Any, Standing] = {}
        for consumer in [subscriber.consumer for subscriber in self._subscribers]:
            # The high-water mark that the consumer knows is as old as its last fetch: ask the broker.
            ends = await asyncio.wait_for(consumer.end_offsets(consumer.assignment()), ANSWER_TIMEOUT)
            positions = {partition: _position(consumer, partition) for partition in ends}
            standing |= {
                partition: self._stands(partition, position, ends[partition])
                for partition, position in positions.items()
                if position is not None
            }
        return standing

    def _tell_lag(self, standing: Mapping[Any, "Standing"]) -> None:
        lags: dict[str, int] = {}
        for partition, at in standing.items():
            lags[partition.topic] = lags.get(partition.topic, 0) + max(at.end - at.position, 0)
        for topic, lag in lags.items():
            LAG.labels(self._group, topic.removeprefix(f"{self._province}.")).set(lag)

    def _stands(self, partition: Any, position: int, end: int) -> "Standing":
        """Since when the position stands where it is, and whether its partition has grown meanwhile."""
        before = self._standing.get(partition)
        # Backing off and paused are declared waits, not stalls.
        waiting = any(consumption.waiting for consumption in self._consumptions)
        # One that had taken everything did not stand: it had nothing to take.
        if before is None or before.position != position or before.position >= before.end or waiting:
            return Standing(position, end, time.monotonic(), grew=False)
        return Standing(position, end, before.since, grew=before.grew or end > before.end)

    def _blind(self) -> bool:
        """Whether a consumer gets no answer from brokers that answer the publisher: its client found no way back.

        Seen once after a broker was killed: only a new process helps.
        """
        return self._blind_since is not None and time.monotonic() - self._blind_since > BLIND_AFTER

    def _stalled(self) -> bool:
        now = time.monotonic()
        return any(at.grew and now - at.since > STALLED_AFTER for at in self._standing.values())


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a partition's position and end are, since when (monotonic seconds) the position has not moved."""

    position: int
    end: int
    since: float
    grew: bool


async def _parse(message: Batch, original: Any) -> KafkaMessage:
    """FastStream decodes headers and fails a whole batch for one that is not text: show it none, keep the records."""
    bare = tuple(_Bare(record) for record in message)
    parsed: KafkaMessage = await original(bare)
    parsed.raw_message = message
    return parsed


class _Bare:
    """A record as FastStream's parser needs to see it."""

    def __init__(self, record: Record) -> None:
        self.topic = record.topic
        self.partition = record.partition
        self.offset = record.offset
        self.timestamp = record.timestamp
        self.value = b""
        self.headers: tuple[()] = ()


async def _raw(message: KafkaMessage) -> Batch:
    """A typed batch fails whole for one bad record: take the records, each is read on its own."""
    records: Any = message.raw_message
    return tuple(records)


def _running(subscriber: Any) -> bool:
    consumer = subscriber.consumer
    tasks = [consumer._fetcher._fetch_task, consumer._coordinator._coordination_task, *subscriber.tasks]
    return not any(task.done() for task in tasks)


def _position(consumer: Any, partition: Any) -> int | None:
    state = consumer._subscription.subscription.assignment.state_value(partition)
    return state.position if state is not None and state.has_valid_position else None
