"""The collection `cases`: every queue, with its clocks and the events that its cases cause."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from pymongo import ReturnDocument, UpdateOne

from services.escalation import case as moves
from services.escalation.case import Case, Change, Happening
from services.escalation.documents import EPOCH, Document, changed, notice_document, to_case, to_document
from services.escalation.entries import Delivery
from services.escalation.notices import Notice
from services.escalation.search import Reader, Wanted, end_of_day
from services.escalation.working_time import Calendar
from shared.contracts.envelope import Publication
from shared.contracts.events import CaseAcknowledged, CaseDeadlineMissed, CaseReplied
from shared.contracts.vocabulary import CaseState, Step
from shared.runtime.errors import TransientError, describe, is_transient
from shared.runtime.metrics import (
    ACKNOWLEDGED_AGE,
    CASES_ACKNOWLEDGED,
    CASES_ANSWERED,
    CASES_OPENED,
    DEADLINES_MISSED,
    QUEUED_AGE,
)
from shared.runtime.mongo import Mongo, insert_new
from shared.runtime.outbox import Outbox

log = structlog.get_logger()

COLLECTION = "cases"
CLAIMED_AT_ONCE = 200
PUT_OFF = timedelta(minutes=1)
"""After which a case that could not be advanced is tried again."""
TRIES = 10
"""Lost races after which a change is given back as transient."""

_NEWEST_FIRST = [("opened_at", -1), ("_id", -1)]
_PRIVATE = {"outbox": 0, "relay": 0, "finds": 0}
_LISTED = [
    *("notice", "references", "queue", "lead", "told", "sealed", "grounds", "topic", "commune", "unverified"),
    *("state", "version", "due", "opened_at"),
]


class Feeds(Protocol):
    """What is told of a change."""

    def publications(self, change: Change) -> list[Publication]:
        """What goes on the topics."""

    def notice_of(self, change: Change) -> Notice | None:
        """What the committee may know of a sealed case."""

    def told_of_notice(self, notice: Notice, at: datetime) -> Publication:
        """The notice's own event."""


class Cases:
    """Stores cases; every change is one update, conditional on the version, that carries its events."""

    def __init__(
        self, mongo: Mongo, outbox: Outbox, feeds: Feeds, calendar: Calendar, now: Callable[[], datetime]
    ) -> None:
        """`now` is business time: the database's, unless a test steps it on. Leases keep real time."""
        self._cases = mongo.collection(COLLECTION)
        self._withdrawals = mongo.collection("withdrawals")
        self._now = now
        self._outbox = outbox
        self._feeds = feeds
        self._calendar = calendar
        for step in Step:
            DEADLINES_MISSED.labels(step)
        for reader in ("queue", "told"):
            mongo.index(COLLECTION, [(reader, 1), *_NEWEST_FIRST], name=reader)
        mongo.index(COLLECTION, [("queue", 1), ("state", 1), ("due.next", 1)], name="lateness")
        mongo.index(COLLECTION, "finds", name="finds")
        mongo.index(COLLECTION, "report_ids", name="reports")
        mongo.index(COLLECTION, "notice_owed", name="owed", partialFilterExpression={"notice_owed": True})
        mongo.index(COLLECTION, "wakes_at", name="wakes", partialFilterExpression={"wakes_at": {"$gt": EPOCH}})

    def now(self) -> datetime:
        """Business time. Raises `TransientError` while the database has not told it."""
        return self._now()

    # Opening and erasing.

    async def open_all(self, cases: Sequence[Case]) -> None:
        """Put cases in their queues; those that are there already stay as they are."""
        changes = [moves.opened(case) for case in cases]
        documents = [self._born(to_document(change.case), self._feeds.publications(change)) for change in changes]
        notices = [notice for change in changes if (notice := self._notice_born(change))]
        # Notices first: the committee must never miss one because its case was the last thing written.
        await self._insert(notices)
        new = await self._insert(documents)
        self._count_opened(new)
        await self._erase_withdrawn([report_id for case in cases for report_id in case.report_ids])

    async def _insert(self, documents: list[Document]) -> list[Document]:
        there = set(await insert_new(self._cases, documents))
        new = [document for position, document in enumerate(documents) if position not in there]
        self._outbox.written(new)
        return new

    def _born(self, document: Document, publications: Iterable[Publication]) -> Document:
        return {**document, **self._outbox.born(publications)}

    def _notice_born(self, change: Change) -> Document | None:
        if notice := self._feeds.notice_of(change):
            return self._born(notice_document(notice), [self._feeds.told_of_notice(notice, notice.opened_on)])
        return None

    def _count_opened(self, documents: Sequence[Document]) -> None:
        now = self.now()
        CASES_OPENED.inc(len(documents))
        for document in documents:
            QUEUED_AGE.observe(max((now - document["submitted_at"]).total_seconds(), 0))

    async def withdraw(self, report_id: str, withdrawn_at: datetime) -> None:
        """Note it first, so that no replay brings the words back, then erase them."""
        await self._withdrawals.update_one(
            {"_id": report_id}, {"$setOnInsert": {"withdrawn_at": withdrawn_at}}, upsert=True
        )
        await self._erase([report_id])

    async def _erase_withdrawn(self, report_ids: Sequence[str]) -> None:
        found = self._withdrawals.find({"_id": {"$in": list(report_ids)}}, {"_id": 1})
        if withdrawn := [document["_id"] async for document in found]:
            await self._erase(withdrawn)

    async def _erase(self, report_ids: Sequence[str]) -> None:
        found = self._cases.find({"report_ids": {"$in": list(report_ids)}, "erased_at": None}, {"_id": 1})
        for identity in [document["_id"] async for document in found]:
            await self._change(identity, lambda case: moves.withdraw(case, self.now()))

    # Changing.

    async def write(self, before: Case, change: Change) -> Case | None:
        """Store a change of the case as it was read; nothing when somebody was faster."""
        closes = change.case.sealed and change.case.closed and not before.closed
        # Owed until the notice says it too: told before, it would be told of a closing that an undo can still prevent.
        owed = {"notice_owed": True} if closes else {}
        update = self._outbox.appended(self._feeds.publications(change), changed(before, change.case) | owed)
        unchanged = {"_id": before.id, "version": before.version}
        document = await self._cases.find_one_and_update(unchanged, update, return_document=ReturnDocument.AFTER)
        if document is None:
            return None
        self._outbox.written([document])
        _count(change)
        if closes:
            await self._close_notice(change)
        return to_case(document)

    async def _close_notice(self, change: Change) -> None:
        """The committee learns that a sealed case closed. What interrupts it is made good by `wake`."""
        if notice := self._feeds.notice_of(change):
            said = self._feeds.told_of_notice(notice, self.now())
            changes = {"state": notice.state.value, "version": notice.version}
            document = await self._cases.find_one_and_update(
                {"_id": notice.id, "state": CaseState.NEW.value},
                self._outbox.appended([said], changes),
                return_document=ReturnDocument.AFTER,
            )
            self._outbox.written([document] if document else [])
        await self._cases.update_one({"_id": change.case.id}, {"$unset": {"notice_owed": ""}})

    async def _change(self, identity: str, decide: Callable[[Case], Change]) -> Case | None:
        """Change the case as it is, again if somebody is faster; nothing where there is nothing to say."""
        for _ in range(TRIES):
            before = await self.find(identity)
            change = decide(before) if before else None
            if before is None or change is None or not change.happened:
                return before
            if after := await self.write(before, change):
                return after
        raise TransientError("the case keeps changing")

    # Clocks and deliveries.

    async def wake(self) -> int:
        """Advance cases whose time has come; how many of them could be."""
        now = self.now()
        found = self._cases.find({"wakes_at": {"$gt": EPOCH, "$lte": now}}, _PRIVATE)
        due = await found.sort("wakes_at").limit(CLAIMED_AT_ONCE).to_list(CLAIMED_AT_ONCE)
        advanced = sum([await self._advance(document, now) for document in due])
        async for document in self._cases.find({"notice_owed": True}, _PRIVATE):
            await self._close_notice(Change(to_case(document)))
        return advanced

    async def _advance(self, document: Document, now: datetime) -> bool:
        """False when somebody was faster, and when this case alone cannot be advanced: it must not hold up others."""
        try:
            before = to_case(document)
            return await self.write(before, moves.advance(before, now)) is not None
        except Exception as error:
            if is_transient(error):
                raise
            log.error("case.stuck", case_id=document["_id"], error=describe(error))
            # Behind the others: as many of these as are claimed at once would otherwise stop every clock.
            unchanged = {"_id": document["_id"], "wakes_at": document["wakes_at"]}
            await self._cases.update_one(unchanged, {"$set": {"wakes_at": now + PUT_OFF}})
            return False

    async def note_deliveries(self, deliveries: Sequence[tuple[str, Delivery]]) -> None:
        """Keep how telling a duty went, once, beside its case's id."""
        updates = [
            UpdateOne(
                {"_id": identity, "deliveries.id": {"$ne": delivery.id}},
                {"$push": {"deliveries": {name: getattr(delivery, name) for name in Delivery.__slots__}}},
            )
            for identity, delivery in deliveries
        ]
        await self._cases.bulk_write(updates, ordered=False)

    async def hasten(self, identity: str, failed_level: int) -> None:
        """Nobody of this level could be told: the next one is, at once."""
        case = await self._change(identity, lambda case: moves.hasten(case, failed_level, self.now()))
        if case and case.due.next and all(alarm.rung for alarm in case.alarms):
            log.error("case.nobody_told", case_id=identity, level=failed_level)

    # Reading.

    async def find(self, identity: str) -> Case | None:
        """The case; a notice is none."""
        document = await self._cases.find_one({"_id": identity, "notice": None}, _PRIVATE)
        return to_case(document) if document else None

    async def page(self, reader: Reader, wanted: Wanted, limit: int) -> list[Document]:
        """What the reader may see of what is wanted, newest first: documents of cases and notices."""
        now = self.now()
        filters = [reader.filter(), wanted.filter(now, end_of_day(self._calendar.midnight(now)))]
        return await self._cases.find({"$and": filters}, _LISTED).sort(_NEWEST_FIRST).limit(limit).to_list(limit)

    async def counts(self, reader: Reader) -> list[Document]:
        """How many cases the reader may see in each queue: rows of `queue`, `state`, `cases`, `late`."""
        late = {"$and": [{"$gt": ["$due.next", EPOCH]}, {"$lte": ["$due.next", self.now()]}]}
        stages: list[Document] = [
            {"$match": {"$and": [reader.filter(), {"notice": None}]}},
            {
                "$group": {
                    "_id": {"queue": "$queue", "state": "$state"},
                    "cases": {"$sum": 1},
                    "late": {"$sum": {"$cond": [late, 1, 0]}},
                }
            },
        ]
        rows = await self._cases.aggregate(stages).to_list(None)
        return [{**row["_id"], "cases": row["cases"], "late": row["late"]} for row in rows]


def _count(change: Change) -> None:
    for happening in change.happened:
        if happening.event is CaseAcknowledged:
            CASES_ACKNOWLEDGED.inc()
            ACKNOWLEDGED_AGE.observe(max((happening.at - happening.case.opened_at).total_seconds(), 0))
        elif happening.event is CaseReplied:
            CASES_ANSWERED.inc()
        elif happening.event is CaseDeadlineMissed and _ran_out(happening):
            DEADLINES_MISSED.labels(happening.details["step"]).inc()


def _ran_out(happening: Happening) -> bool:
    """A step that was brought forward because nobody could be told is no missed deadline."""
    deadline = getattr(happening.case.due, happening.details["step"])
    return deadline is not None and deadline <= happening.at
