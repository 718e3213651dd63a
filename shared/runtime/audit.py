"""Who read and did what: rows that are only ever appended, each sealing the one before it. References, never text."""

import asyncio
import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import uuid4

from shared.runtime.mongo import Collection, Document, Mongo

GENESIS = "0" * 64


class Audit:
    """The audit log of one writer (one process): rows are numbered and hash-chained."""

    def __init__(self, mongo: Mongo, collection: str = "audit") -> None:
        self._collection: Collection[Document] = mongo.collection(collection)
        self._clock = mongo.clock
        self._writer = uuid4().hex
        self._sequence = 0
        self._head = GENESIS
        self._unsure = False
        self._one_at_a_time = asyncio.Lock()
        mongo.index(collection, [("at", -1)], name="at")

    async def record(
        self, *, duty: str, role: str, action: str, subjects: list[str], reason: str | None = None
    ) -> None:
        """Append a row before what it tells of is done or shown; if it cannot be written, that must not happen.

        `subjects` are references or ids. Raises what the driver raises.
        """
        async with self._one_at_a_time:
            await self._settle()
            row = {
                "writer": self._writer,
                "sequence": self._sequence + 1,
                "at": self._clock.now().replace(microsecond=0),
                "duty": duty,
                "role": role,
                "action": action,
                "subjects": subjects,
                "reason": reason,
                "before": self._head,
            }
            seal = sealed(row)
            self._unsure = True
            await self._collection.insert_one({"_id": self._next, **row, "hash": seal})
            self._sequence, self._head, self._unsure = self._sequence + 1, seal, False

    @property
    def _next(self) -> str:
        return f"{self._writer}/{self._sequence + 1}"

    async def _settle(self) -> None:
        """A row whose writing was interrupted may be there all the same: the chain goes on from what is."""
        if self._unsure and (found := await self._collection.find_one({"_id": self._next}, {"hash": 1})):
            self._sequence, self._head = self._sequence + 1, found["hash"]
        self._unsure = False


def sealed(row: dict[str, Any]) -> str:
    """SHA-256 over the row, which holds the hash of the row before it."""
    plain = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
