"""MongoDB through motor: one client, majority and journaled, with the primary's clock."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from shared.runtime.errors import TransientError, describe
from shared.runtime.loops import Loop
from shared.runtime.metrics import MONGO_UP

log = structlog.get_logger()

Collection = AsyncIOMotorCollection
Database = AsyncIOMotorDatabase
Document = dict[str, Any]

DUPLICATE_KEY = 11000
SAMPLES = 30
"""Answers of the primary about the time that are kept: a minute's worth."""
AWAY_AFTER = 2.0
"""Seconds without a primary after which a caller is told that MongoDB is away."""


class Clock:
    """The time of MongoDB's primary, advanced by this machine's monotonic clock: services' own clocks may be wrong."""

    def __init__(self) -> None:
        self._samples: deque[tuple[timedelta, datetime, float]] = deque(maxlen=SAMPLES)
        self._latest: datetime | None = None

    def now(self) -> datetime:
        """The present, UTC; never earlier than before. Raises `TransientError` before the primary's first answer."""
        if not self._samples:
            raise TransientError("the primary has not told the time yet")
        _, at, since = min(self._samples, key=lambda sample: (sample[0], -sample[2]))
        present = at + timedelta(seconds=time.monotonic() - since)
        self._latest = max(present, self._latest or present)
        return self._latest

    def told(self, at: datetime, took: timedelta) -> None:
        """The primary said `at` in an answer that `took` so long: the quickest of the latest answers is believed."""
        self._samples.append((took, at + took / 2, time.monotonic()))


class Mongo:
    """One database of one service."""

    name = "mongodb"

    def __init__(self, url: str, database: str) -> None:
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url,
            tz_aware=True,
            w="majority",
            journal=True,
            wTimeoutMS=10_000,
            readConcernLevel="majority",
            serverSelectionTimeoutMS=int(AWAY_AFTER * 1000),
            connectTimeoutMS=2_000,
            socketTimeoutMS=20_000,
            heartbeatFrequencyMS=2_000,
            maxPoolSize=64,
            appname=f"langnghe-{database}",
        )
        self.database: Database[Document] = self._client[database]
        self.clock = Clock()
        self._indexes: list[tuple[str, Any, dict[str, Any]]] = []
        self._prepared = False
        self._up = False
        self._failure: str | None = None
        self._watch = Loop("mongodb.watch", self._look, every=2.0)

    def collection(self, name: str) -> Collection[Document]:
        """A collection of this service's database."""
        return self.database[name]

    def index(self, collection: str, keys: Any, **options: Any) -> None:
        """Declare an index; it is made before the service is ready."""
        self._indexes.append((collection, keys, options))

    async def start(self) -> None:
        """Watch the primary; the first answer sets the clock and makes the indexes."""
        await self._watch.start()

    async def stop(self) -> None:
        """Close every connection."""
        await self._watch.stop()
        self._client.close()

    def ready(self) -> bool:
        """Whether the primary answered the last time it was asked."""
        return self._up and self._prepared

    def alive(self) -> bool:
        """The driver reconnects by itself; only a dead watch needs a restart."""
        return self._watch.alive()

    async def _look(self) -> None:
        try:
            asked = time.monotonic()
            # A command does not take the client's options by itself: without them the time has no zone.
            asking = self.database.command("hello", codec_options=self.database.codec_options)
            hello = await asyncio.wait_for(asking, timeout=AWAY_AFTER + 1)
            took = timedelta(seconds=time.monotonic() - asked)
            if not hello.get("isWritablePrimary"):
                raise TransientError("no primary")
            self.clock.told(hello["localTime"], took)
            if not self._prepared:
                await self._prepare()
            self._note(None)
        except (PyMongoError, TransientError, TimeoutError) as error:
            self._note(describe(error))

    async def _prepare(self) -> None:
        for collection, keys, options in self._indexes:
            await self.collection(collection).create_index(keys, **options)
        self._prepared = True

    def _note(self, failure: str | None) -> None:
        """Say what is waited for when it changes: also at the start, where a wrong password looks like nothing."""
        was_up, before = self._up, self._failure
        self._up, self._failure = failure is None, failure
        MONGO_UP.set(self._up)
        if failure and failure != before:
            log.warning("mongodb.away", waits_for="a primary that answers and indexes that fit", error=failure)
        elif failure is None and not was_up:
            log.info("mongodb.back")


def duplicates(error: BulkWriteError) -> list[int]:
    """The positions of the documents that were there before, when nothing else went wrong.

    Raises `TransientError` when the write may not be durable, and `error` itself for any other failure of a document:
    a duplicate key says "stored" only where the write concern was met.
    """
    if error.details.get("writeConcernErrors"):
        raise TransientError("stored, but not by a majority") from error
    failures = error.details["writeErrors"]
    if any(failure["code"] != DUPLICATE_KEY for failure in failures):
        raise error
    return [failure["index"] for failure in failures]


async def insert_new(collection: Collection[Document], documents: list[Document]) -> list[int]:
    """Insert those that are not there yet, by `_id` and unique indexes; return the positions of those that are."""
    if not documents:
        return []
    try:
        await collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        return duplicates(error)
    return []


def literal(fields: Mapping[str, Any]) -> Document:
    """`fields` for the `$set` of an aggregation pipeline, where a text beginning with `$` would be read as a path."""
    return {name: {"$literal": value} for name, value in fields.items()}
