"""Store first, publish second: a document carries its own events until the relay has published them."""

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol
from uuid import uuid4

import structlog
from pymongo import UpdateOne

from shared.contracts.envelope import LARGEST_EVENT, Publication
from shared.runtime.errors import describe, is_transient
from shared.runtime.loops import Loop, backoff
from shared.runtime.metrics import OUTBOX_AGE, OUTBOX_DEPTH, OUTBOX_SENT
from shared.runtime.mongo import Collection, Document, Mongo, literal

log = structlog.get_logger()

LEASE = timedelta(seconds=30)
GROUP = 200
"""Documents that one worker relays at a time."""
WORKERS = 2
MOST_HELD = 5000
"""Documents in hand; what is written beyond them waits in the database, not in memory."""
PROBES = 20
"""Documents that ask whether the broker is back: more than one, as one topic may be missing for good."""
TRY_AGAIN = timedelta(seconds=10)
"""After which a document is tried again whose event alone could not be published."""


class Bus(Protocol):
    """Where the relay publishes: resolves when the broker has the record, raises within ten seconds otherwise."""

    async def send(self, topic: str, key: str, value: bytes, timestamp_ms: int) -> None:
        """Publish one record."""


class OversizedEventError(ValueError):
    """An event that no broker would take is refused before it is stored."""


@dataclass(slots=True)
class _Held:
    """A document whose lease this process holds. `again` says that more was appended while it was in hand."""

    again: bool = False


class Outbox:
    """Appends events to the documents of one collection and relays them.

    The process that writes takes the document's lease and publishes at once (the fast path); what it could not
    publish, a sweeper takes over when the lease has run out. Only the first event of a document is under way at a
    time, so that the events of one key leave in order.
    """

    def __init__(self, mongo: Mongo, collection: str, bus: Bus, sweep_every: float = 1.0) -> None:
        self.name = f"outbox.{collection}"
        self._collection: Collection[Document] = mongo.collection(collection)
        self._clock = mongo.clock
        self._bus = bus
        self._holder = uuid4().hex
        self._label = collection
        self._held: dict[Any, _Held] = {}
        self._queue: asyncio.Queue[tuple[Any, Document]] = asyncio.Queue()
        self._workers: list[asyncio.Task[None]] = []
        self._failures = 0
        self._sweeper = Loop(f"{self.name}.sweep", self._sweep, every=sweep_every)
        self._meter = Loop(f"{self.name}.meter", self._measure, every=5.0)
        mongo.index(collection, "relay.until", name="relay", partialFilterExpression={"relay.until": {"$exists": True}})

    # Writing: what a store puts into its insert or update.

    def born(self, publications: Iterable[Publication]) -> Document:
        """The fields of a new document that carries `publications`."""
        entries = self._entries(publications)
        return {"outbox": entries, "relay": self._first_lease()} if entries else {"outbox": []}

    def appended(self, publications: Iterable[Publication], changes: Document) -> list[Document]:
        """The update, as an aggregation pipeline, that sets `changes` (literal values) and appends `publications`."""
        stage: Document = literal(changes)
        if entries := self._entries(publications):
            stage |= self._append(entries)
        return [{"$set": stage}]

    def _append(self, entries: list[Document]) -> Document:
        free = {"$lte": [{"$ifNull": ["$relay.until", self._clock.now()]}, self._clock.now()]}
        return {
            "outbox": {"$concatArrays": [{"$ifNull": ["$outbox", []]}, {"$literal": entries}]},
            "relay": {"$cond": [free, {"$literal": self._first_lease()}, "$relay"]},
        }

    def written(self, documents: Iterable[Document]) -> None:
        """Publish at once what was just written, where this process took the lease. Give whole documents.

        A lease that was born expired is the sweeper's, also where the broker has come back meanwhile.
        """
        now = self._clock.now()
        for document in documents:
            relay = document.get("relay") or {}
            if relay.get("holder") == self._holder and relay["until"] > now and document["outbox"]:
                self._take(document["_id"], document["outbox"][0])

    def _entries(self, publications: Iterable[Publication]) -> list[Document]:
        return [{**_entry(publication), "since": self._clock.now()} for publication in publications]

    def _first_lease(self) -> Document:
        # While the broker is known to be away, or hands are full, nobody tries at once: the lease is born expired,
        # for the sweeper.
        swept = self._failures or len(self._held) >= MOST_HELD
        return self._lease(timedelta(0) if swept else LEASE)

    def _lease(self, for_now: timedelta = LEASE) -> Document:
        return {"holder": self._holder, "until": self._clock.now() + for_now}

    # Relaying.

    async def start(self) -> None:
        """Start the workers of the fast path and the sweeper."""
        self._workers = [asyncio.create_task(self._work(), name=self.name) for _ in range(WORKERS)]
        await self._sweeper.start()
        await self._meter.start()

    async def stop(self) -> None:
        """Stop; what is not published stays in its document and its lease runs out."""
        await self._meter.stop()
        await self._sweeper.stop()
        for worker in self._workers:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker

    def ready(self) -> bool:
        """A relay that waits for the broker is no reason to refuse work: the documents carry their events."""
        return True

    def alive(self) -> bool:
        """Whether workers and sweeper still run."""
        return self._sweeper.alive() and all(not worker.done() for worker in self._workers)

    def _take(self, identity: Any, entry: Document) -> None:
        if identity in self._held:
            self._held[identity].again = True
            return
        self._held[identity] = _Held()
        self._queue.put_nowait((identity, entry))

    async def _work(self) -> None:
        while True:
            group = [await self._queue.get()]
            while len(group) < GROUP and not self._queue.empty():
                group.append(self._queue.get_nowait())
            try:
                await self._relay(group)
            except Exception as error:
                log.warning("outbox.failed", outbox=self.name, error=describe(error), transient=is_transient(error))
                self._release(identity for identity, _ in group)

    async def _relay(self, group: Sequence[tuple[Any, Document]]) -> None:
        """Send the first event of each, remove what was sent, and go on with those that have more."""
        results = await asyncio.gather(*(self._send(entry) for _, entry in group), return_exceptions=True)
        sent = [pair for pair, result in zip(group, results, strict=True) if result is None]
        failed = [pair for pair, result in zip(group, results, strict=True) if result is not None]
        # Where some could be sent, the broker is there and only the others' topic or partition is not.
        self._failures = 0 if sent else self._failures + 1
        if failed:
            # Behind a broker that is away whoever queues would only wait too: back to the sweeper with them all.
            waiting = [] if sent else [self._queue.get_nowait() for _ in range(self._queue.qsize())]
            given_up = [identity for identity, _ in (*failed, *waiting)]
            await self._give_up(given_up, TRY_AGAIN if sent else timedelta(0))
        if sent:
            OUTBOX_SENT.labels(self._label).inc(len(sent))
            await self._remove(sent)

    async def _send(self, entry: Document) -> None:
        timestamp_ms = int(entry["at"].timestamp() * 1000)
        await self._bus.send(entry["topic"], entry["key"], entry["value"], timestamp_ms)

    async def _remove(self, sent: Sequence[tuple[Any, Document]]) -> None:
        updates = [
            UpdateOne(
                {"_id": identity, "relay.holder": self._holder, "outbox.0.id": entry["id"]}, _removal(self._lease())
            )
            for identity, entry in sent
        ]
        await self._collection.bulk_write(updates, ordered=False)
        identities = [identity for identity, _ in sent]
        rest = await self._mine(identities)
        # Appended after the look above, but before the release: the writer took the lease and left it in our hand.
        again = [identity for identity in identities if (held := self._held.get(identity)) and held.again]
        self._release(identities)
        if missed := [identity for identity in again if identity not in rest]:
            rest |= await self._mine(missed)
        for identity, entry in rest.items():
            self._take(identity, entry)

    async def _mine(self, identities: Sequence[Any]) -> dict[Any, Document]:
        found = self._collection.find(
            {"_id": {"$in": list(identities)}, "relay.holder": self._holder}, {"outbox": {"$slice": 1}}
        )
        return {document["_id"]: document["outbox"][0] async for document in found if document["outbox"]}

    async def _give_up(self, identities: Sequence[Any], for_now: timedelta) -> None:
        log.warning("outbox.waits", outbox=self.name, documents=len(identities), waits_for="a broker that answers")
        self._release(identities)
        await self._collection.update_many(
            {"_id": {"$in": list(identities)}, "relay.holder": self._holder},
            {"$set": {"relay.until": self._clock.now() + for_now}},
        )

    def _release(self, identities: Iterable[Any]) -> None:
        for identity in identities:
            self._held.pop(identity, None)

    async def _sweep(self) -> None:
        """Take over what nobody publishes. While the broker is away, a few documents ask whether it is back."""
        if self._failures:
            await asyncio.sleep(backoff(self._failures))
        limit = PROBES if self._failures else GROUP * WORKERS
        while claimed := await self._claim(limit):
            for identity, entry in claimed.items():
                self._take(identity, entry)
            await self._done(claimed)
            if self._failures:
                return
            limit = GROUP * WORKERS

    async def _done(self, claimed: Iterable[Any]) -> None:
        while any(identity in self._held for identity in claimed):  # noqa: ASYNC110 (released in groups)
            await asyncio.sleep(0.02)

    async def _claim(self, limit: int) -> dict[Any, Document]:
        now = self._clock.now()
        expired = await (
            self._collection.find({"relay.until": {"$lte": now}}, {"relay": 1}).sort("relay.until").limit(limit)
        ).to_list(limit)
        wanted = [document for document in expired if document["_id"] not in self._held]
        if not wanted:
            return {}
        lease = self._lease()
        await self._collection.bulk_write(
            [
                UpdateOne({"_id": document["_id"], "relay": document["relay"]}, {"$set": {"relay": lease}})
                for document in wanted
            ],
            ordered=False,
        )
        return await self._mine([document["_id"] for document in wanted])

    async def _measure(self) -> None:
        waiting = {"relay.until": {"$exists": True}}
        OUTBOX_DEPTH.labels(self._label).set(await self._collection.count_documents(waiting))
        oldest = (
            await self._collection.find(waiting, {"outbox": {"$slice": 1}}).sort("outbox.0.since").limit(1).to_list(1)
        )
        entries = oldest[0]["outbox"] if oldest else []
        age = (self._clock.now() - entries[0]["since"]).total_seconds() if entries else 0
        OUTBOX_AGE.labels(self._label).set(max(age, 0))


def _entry(publication: Publication) -> Document:
    value = publication.event.to_json()
    if len(value) > LARGEST_EVENT:
        raise OversizedEventError(f"{publication.event.type}: {len(value)} bytes, at most {LARGEST_EVENT}")
    return {
        "id": f"{publication.topic}/{publication.event.id}",
        "topic": publication.topic,
        "key": publication.key,
        "at": publication.event.time,
        "value": value,
    }


def _removal(lease: Document) -> list[Document]:
    """Remove the first event; keep the lease while more remain."""
    rest = {"$slice": ["$outbox", 1, {"$max": [1, {"$size": "$outbox"}]}]}
    more = {"$gt": [{"$size": "$outbox"}, 1]}
    return [{"$set": {"outbox": rest, "relay": {"$cond": [more, {"$literal": lease}, "$$REMOVE"]}}}]
