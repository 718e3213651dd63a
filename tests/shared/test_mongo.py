"""The database's clock, its writes that absorb repeats, and what it says while it is away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from pymongo.errors import BulkWriteError

from shared.runtime import mongo as runtime
from shared.runtime.errors import TransientError
from shared.runtime.mongo import Clock, Mongo, duplicates, insert_new

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """This machine's monotonic time, as the test sets it."""
    present = [100.0]
    monkeypatch.setattr(runtime.time, "monotonic", lambda: present[0])
    return present


def test_a_clock_that_was_told_nothing_knows_nothing() -> None:
    with pytest.raises(TransientError):
        Clock().now()


def test_time_goes_on_by_the_monotonic_clock(monotonic: list[float]) -> None:
    clock = Clock()
    clock.told(AT, timedelta(0))
    monotonic[0] += 90
    assert clock.now() == AT + 90 * SECOND


def test_a_slow_answer_does_not_set_the_clock_ahead_for_good(monotonic: list[float]) -> None:
    clock = Clock()
    clock.told(AT, 4 * SECOND)
    ahead = clock.now()
    clock.told(AT, timedelta(milliseconds=1))
    assert ahead == AT + 2 * SECOND
    assert clock.now() == ahead  # it waits rather than going back
    monotonic[0] += 10
    assert abs(clock.now() - (AT + 10 * SECOND)) < timedelta(milliseconds=1)


def test_the_quickest_answer_is_believed(monotonic: list[float]) -> None:
    clock = Clock()
    clock.told(AT, timedelta(milliseconds=1))
    monotonic[0] += 2
    clock.told(AT + 5 * SECOND, 4 * SECOND)
    assert abs(clock.now() - (AT + 2 * SECOND)) < timedelta(milliseconds=1)


@pytest.fixture
async def mongo(mongo_url: str, mongo_database: str) -> AsyncIterator[Mongo]:
    mongo = Mongo(mongo_url, mongo_database)
    mongo.index("things", "name", name="name", unique=True)
    await mongo.start()
    async with asyncio.timeout(90):
        while not mongo.ready():
            await asyncio.sleep(0.02)
    yield mongo
    await mongo.stop()


async def test_the_clock_is_the_primarys(mongo: Mongo) -> None:
    assert abs(mongo.clock.now() - datetime.now(UTC)) < 5 * SECOND
    assert mongo.clock.now().tzinfo is not None


async def test_what_is_there_already_is_told_and_the_rest_is_stored(mongo: Mongo) -> None:
    things = mongo.collection("things")
    assert await insert_new(things, [{"_id": 1, "name": "a"}, {"_id": 2, "name": "b"}]) == []
    again = [{"_id": 1, "name": "x"}, {"_id": 3, "name": "c"}, {"_id": 4, "name": "b"}]
    assert await insert_new(things, again) == [0, 2]
    assert await things.count_documents({}) == 3
    assert await insert_new(things, []) == []


def test_a_duplicate_counts_as_stored_only_where_the_write_concern_was_met() -> None:
    duplicate = {"index": 0, "code": 11000}
    assert duplicates(BulkWriteError({"writeErrors": [duplicate], "writeConcernErrors": []})) == [0]
    with pytest.raises(TransientError):
        duplicates(BulkWriteError({"writeErrors": [duplicate], "writeConcernErrors": [{"code": 64}]}))
    with pytest.raises(BulkWriteError):
        duplicates(BulkWriteError({"writeErrors": [duplicate, {"index": 1, "code": 121}], "writeConcernErrors": []}))


async def test_writes_are_majority_and_journaled(mongo: Mongo) -> None:
    concern = mongo.collection("things").write_concern.document
    assert (concern["w"], concern["j"]) == ("majority", True)
    assert mongo.collection("things").read_concern.level == "majority"


async def test_a_database_that_is_away_is_not_ready_and_alive() -> None:
    mongo = Mongo("mongodb://127.0.0.1:1/?directConnection=true", "nowhere")
    await mongo.start()
    assert (mongo.ready(), mongo.alive()) == (False, True)
    await mongo.stop()
