"""The audit log's chain holds, also over a row of which nobody can say whether it was written."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from shared.runtime.audit import GENESIS, Audit, sealed
from shared.runtime.mongo import Mongo


@pytest.fixture
async def mongo(mongo_url: str, mongo_database: str) -> AsyncIterator[Mongo]:
    mongo = Mongo(mongo_url, mongo_database)
    await mongo.start()
    async with asyncio.timeout(90):
        while not mongo.ready():
            await asyncio.sleep(0.02)
    yield mongo
    await mongo.stop()


class Torn:
    """The collection behind a connection that breaks at its first insert, before or after the row is stored."""

    def __init__(self, collection: Any, *, stored: bool) -> None:
        self._collection = collection
        self._stored = stored
        self._broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    async def insert_one(self, row: dict[str, Any]) -> None:
        if self._stored or self._broken:
            await self._collection.insert_one(row)
        if not self._broken:
            self._broken = True
            raise AutoReconnect("the answer was lost")


async def read(audit: Audit, subject: str) -> None:
    await audit.record(duty="Trực ban", role="duty_officer", action="case.read", subjects=[subject])


@pytest.mark.parametrize(("stored", "subjects"), [(True, ["a", "b", "c"]), (False, ["b", "c"])])
async def test_the_chain_goes_on_over_a_row_that_may_be_there(mongo: Mongo, stored: bool, subjects: list[str]) -> None:
    audit = Audit(mongo)
    audit._collection = Torn(audit._collection, stored=stored)  # type: ignore[assignment]
    with pytest.raises(AutoReconnect):
        await read(audit, "a")
    await read(audit, "b")
    await read(audit, "c")
    rows = await mongo.collection("audit").find().sort("sequence").to_list(None)
    assert [row["subjects"] for row in rows] == [[subject] for subject in subjects]
    assert [row["sequence"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["before"] for row in rows] == [GENESIS, *(row["hash"] for row in rows[:-1])]
    for row in rows:
        assert row["hash"] == sealed({name: value for name, value in row.items() if name not in ("_id", "hash")})
