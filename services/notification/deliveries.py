"""The collection `deliveries`: what is to be told, what was, and what could not be, with the events of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Any

from pymongo import ReturnDocument

from services.notification.delivery import Delivery
from services.notification.messages import Facts
from shared.contracts.envelope import Data, Event, Publication
from shared.contracts.events import NotificationDelivered, NotificationFacts, NotificationFailed
from shared.contracts.topics import DELIVERIES
from shared.contracts.vocabulary import Ground, Step, Topic
from shared.runtime.mongo import Document, Mongo, insert_new
from shared.runtime.outbox import Outbox

COLLECTION = "deliveries"
LEASE = timedelta(seconds=30)
"""How long a claim holds: three times what a send may take."""

WITHDRAWN = {"$ne": [{"$ifNull": ["$withdrawn_at", None]}, None]}


class Deliveries:
    """Keeps deliveries. `next_at` is when one is due again: pending, its next try; sending, the end of its claim."""

    def __init__(self, mongo: Mongo, outbox: Outbox, source: str) -> None:
        self._collection = mongo.collection(COLLECTION)
        self._clock = mongo.clock
        self._outbox = outbox
        self._source = source
        due = {"next_at": {"$exists": True}}
        first = [("channel", 1), ("rank", 1), ("next_at", 1)]
        mongo.index(COLLECTION, first, name="due_by_rank", partialFilterExpression=due)
        mongo.index(COLLECTION, "case_id", name="case")

    async def add(self, deliveries: Sequence[Delivery]) -> None:
        """Keep those that are not there yet: a repeated event changes nothing."""
        now = self._clock.now()
        state = {"state": "pending", "next_at": now, "created_at": now, "outbox": []}
        await insert_new(
            self._collection, [_document(delivery) | state | {"rank": delivery.rank} for delivery in deliveries]
        )

    async def cancel(self, cases: Sequence[tuple[str, int]]) -> None:
        """Of what was planned before these versions of the cases, send nothing more and try nothing again."""
        await self._withdraw(cases, [])

    async def forget(self, cases: Sequence[tuple[str, int]]) -> None:
        """Cancel, and erase what the messages would have said."""
        await self._withdraw(cases, [{"$unset": "facts"}])

    async def claim(self, channel: str, limit: int) -> list[Delivery]:
        """Take up to `limit` due deliveries of a channel; no other sender has them until the lease ends."""
        due = self._collection.find({"channel": channel, "next_at": {"$lte": self._clock.now()}})
        found = await due.sort([("rank", 1), ("next_at", 1)]).limit(limit).to_list(limit)
        results = await asyncio.gather(*(self._claim(document) for document in found), return_exceptions=True)
        # One that cannot be claimed must not keep those that were from being sent: nobody else may for a lease.
        claimed = [result for result in results if isinstance(result, dict)]
        failed = [result for result in results if isinstance(result, BaseException)]
        if failed and not claimed:
            raise failed[0]
        return [_delivery(document) for document in claimed if document["state"] == "sending"]

    async def delivered(self, delivery: Delivery) -> bool:
        """The provider took it. False when another sender has claimed it since: that one says so."""
        now = self._clock.now()
        said = NotificationDelivered(**_facts_of(delivery), delivered_at=now)
        return await self._finish(delivery, "delivered", said, {"delivered_at": now})

    async def failed(self, delivery: Delivery, reason: str) -> bool:
        """It will not be tried again; `reason` is a short word and names nobody."""
        now = self._clock.now()
        said = NotificationFailed(**_facts_of(delivery), failed_at=now, reason=reason)
        return await self._finish(delivery, "failed", said, {"failed_at": now, "reason": reason})

    async def retry(self, delivery: Delivery, after: timedelta, reason: str) -> bool:
        """Try again `after` a while, unless it was cancelled meanwhile."""
        changes = {"state": "pending", "next_at": self._clock.now() + after, "reason": reason}
        pipeline = [*self._outbox.appended([], changes), _cancelled_where(WITHDRAWN)]
        result = await self._collection.update_one(_held(delivery), pipeline)
        return bool(result.modified_count)

    async def _withdraw(self, cases: Sequence[tuple[str, int]], erasure: list[Document]) -> None:
        earlier = [{"case_id": case_id, "case_version": {"$lt": version}} for case_id, version in cases]
        withdrawn = {"$set": {"withdrawn_at": self._clock.now()}}
        waits = {"$eq": ["$state", "pending"]}
        await self._collection.update_many({"$or": earlier}, [withdrawn, _cancelled_where(waits), *erasure])

    async def _claim(self, seen: Document) -> Document | None:
        # The condition is what was seen: of two senders that saw the same, one finds it unchanged.
        unchanged = {"_id": seen["_id"], "state": seen["state"], "attempts": seen["attempts"]}
        changes = {"state": "sending", "attempts": seen["attempts"] + 1, "next_at": self._clock.now() + LEASE}
        pipeline = [*self._outbox.appended([], changes), _cancelled_where(WITHDRAWN)]
        claimed: Document | None = await self._collection.find_one_and_update(
            unchanged, pipeline, return_document=ReturnDocument.AFTER
        )
        return claimed

    async def _finish(self, delivery: Delivery, state: str, said: Data, changes: Document) -> bool:
        publication = self._publication(delivery, said)
        pipeline = self._outbox.appended([publication], {"state": state, **changes})
        document = await self._collection.find_one_and_update(
            _held(delivery), [*pipeline, {"$unset": "next_at"}], return_document=ReturnDocument.AFTER
        )
        if document is None:
            return False
        self._outbox.written([document])
        return True

    def _publication(self, delivery: Delivery, said: Data) -> Publication:
        # A delivery ends once, so its sequence is 1; the case id as key keeps one case's deliveries in order.
        event = Event[type(said)].of(  # type: ignore[misc]
            said, subject=delivery.id, sequence=1, time=self._clock.now(), source=self._source
        )
        return Publication(DELIVERIES, delivery.case_id, event)


def _held(delivery: Delivery) -> Document:
    """Matches while this claim is the latest: a sender that comes too late changes nothing."""
    return {"_id": delivery.id, "state": "sending", "attempts": delivery.attempts}


def _cancelled_where(condition: Document) -> Document:
    state = {"$cond": [condition, "cancelled", "$state"]}
    return {"$set": {"state": state, "next_at": {"$cond": [condition, "$$REMOVE", "$next_at"]}}}


def _facts_of(delivery: Delivery) -> dict[str, Any]:
    own = set(NotificationFacts.model_fields) - {"delivery_id"}
    return {"delivery_id": delivery.id} | {name: getattr(delivery, name) for name in own}


def _document(delivery: Delivery) -> Document:
    own = {field.name: getattr(delivery, field.name) for field in fields(delivery) if field.name not in ("id", "facts")}
    return {"_id": delivery.id, **own, "facts": asdict(delivery.facts)}


def _delivery(document: Document) -> Delivery:
    own = {field.name: document[field.name] for field in fields(Delivery) if field.name not in ("id", "facts")}
    return Delivery(id=document["_id"], facts=_facts(document["facts"]), **own)


def _facts(stored: Document) -> Facts:
    read = {
        "grounds": tuple(Ground(ground) for ground in stored["grounds"]),
        "topic": stored["topic"] and Topic(stored["topic"]),
        "missed": stored["missed"] and Step(stored["missed"]),
    }
    return Facts(**{**stored, **read})
