"""The collection `reports`: what was submitted, masked, with the events it causes and what came of it."""

import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from pymongo import UpdateOne

from services.intake.grouping import Groups
from services.intake.report import Report, Stored, receipt_hash
from services.intake.timeline import CaseMove
from shared.contracts.envelope import Data, Event, Publication
from shared.contracts.events import ReplyDelivered, ReportWithdrawn
from shared.contracts.topics import REPORTS
from shared.runtime.errors import TransientError
from shared.runtime.metrics import REPORTS_ACCEPTED, REPORTS_RESENT
from shared.runtime.mongo import Document, Mongo, insert_new, literal
from shared.runtime.outbox import Outbox

COLLECTION = "reports"
TRIES = 10
"""Lost races after which a change is given back as transient."""

Pipeline = list[Document]


class Submissions:
    """Stores reports in natural groups and finds them again by their receipt."""

    def __init__(self, mongo: Mongo, outbox: Outbox, source: str) -> None:
        self._reports = mongo.collection(COLLECTION)
        self._withdrawals = mongo.collection("withdrawals")
        self._clock = mongo.clock
        self._outbox = outbox
        self._source = source
        self._groups: Groups[Report, Stored] = Groups(self._store)
        mongo.index(COLLECTION, "reference", name="reference", unique=True)

    def now(self) -> datetime:
        """The time that a report is given. Raises `TransientError` while the database has not told it."""
        return self._clock.now()

    async def add(self, report: Report) -> Stored:
        """Durable on return, by a majority and journaled; raises what the driver raises when it may not be."""
        return await self._groups.add(report)

    async def _store(self, reports: Sequence[Report]) -> list[Stored]:
        results: dict[int, Stored] = {}
        waiting = dict(enumerate(reports))
        attempt = 0
        while waiting:
            numbers = list(waiting)
            documents = [self._document(waiting[number]) for number in numbers]
            there = {numbers[position] for position in await insert_new(self._reports, documents)}
            fresh = [
                (number, document) for number, document in zip(numbers, documents, strict=True) if number not in there
            ]
            self._outbox.written(document for _, document in fresh)
            results |= {number: Stored(document) for number, document in fresh}
            REPORTS_ACCEPTED.inc(len(fresh))
            earlier = await self._earlier([waiting[number].id for number in there])
            results |= {
                number: _compared(waiting[number], earlier) for number in there if waiting[number].id in earlier
            }
            # Not there by its id: its reference was taken by another report, so it goes on under its next one.
            attempt += 1
            waiting = {number: waiting[number].renamed(attempt) for number in there if number not in results}
        return [results[number] for number in range(len(reports))]

    def _document(self, report: Report) -> Document:
        return {
            "_id": report.id,
            **report.fields(),
            "sequence": 1,
            "timeline": [],
            "replies": [],
            "questions": [],
            "cases": {},
            **self._outbox.born([report.published(self._source)]),
        }

    async def _earlier(self, identities: Sequence[str]) -> dict[str, Document]:
        if not identities:
            return {}
        found = self._reports.find({"_id": {"$in": list(identities)}})
        return {document["_id"]: document async for document in found}

    async def find(self, report_id: str, receipt: str) -> Document | None:
        """The report that this receipt opens, or nothing: whether it exists is not told."""
        document = await self._reports.find_one({"_id": report_id}, {"outbox": 0, "relay": 0, "digest": 0})
        if document and hmac.compare_digest(document["receipt_hash"], receipt_hash(receipt)):
            return document
        return None

    async def withdraw(self, document: Document) -> None:
        """Erase the words, tell the others to. The withdrawal itself is kept, so that no replay brings them back."""
        at = self._clock.now()
        await self._withdrawals.update_one(
            {"_id": document["_id"]}, {"$setOnInsert": {"withdrawn_at": at}}, upsert=True
        )
        data = ReportWithdrawn(report_id=document["_id"], withdrawn_at=at)
        erased: Document = {"text": "", "place": None, "replies": [], "questions": [], "withdrawn_at": at}
        await self._say(document, data, [{"$set": literal(erased)}], lambda now: not now.get("withdrawn_at"))

    async def seen(self, document: Document, case_id: str) -> None:
        """The phone showed the replies of this case that stand in `document`: that is their delivery."""
        at = self._clock.now()
        shown = [reply["event_id"] for reply in document["replies"] if reply["case_id"] == case_id]
        data = ReplyDelivered(report_id=document["_id"], case_id=case_id, delivered_at=at)

        def unseen(now: Document) -> bool:
            return any(reply["event_id"] in shown and not reply.get("seen_at") for reply in now["replies"])

        await self._say(document, data, [_seen(shown, at)], unseen)

    async def _say(self, document: Document, data: Data, changes: Pipeline, due: Callable[[Document], bool]) -> None:
        """One update with its event, numbered after the last; again if something else was said meanwhile.

        Nothing where it is not `due` any more: whoever was faster said the same.
        """
        for _ in range(TRIES):
            if await self._said(document, data, changes):
                return
            now = await self._reports.find_one({"_id": document["_id"]})
            if now is None or not due(now):
                return
            document = now
        raise TransientError("the report keeps changing")

    async def _said(self, document: Document, data: Data, changes: Pipeline) -> bool:
        sequence = document["sequence"] + 1
        event: Event[Any] = Event.of(
            data, subject=document["_id"], sequence=sequence, time=self._clock.now(), source=self._source
        )
        update = self._outbox.appended([Publication(REPORTS, document["_id"], event)], {"sequence": sequence})
        unchanged = {"_id": document["_id"], "sequence": document["sequence"]}
        after = await self._reports.find_one_and_update(unchanged, [*update, *changes], return_document=True)
        if after:
            self._outbox.written([after])
        return after is not None

    async def note(self, moves: Sequence[CaseMove]) -> None:
        """Put moves of cases on the timelines of their reports; one that is there already changes nothing."""
        updates = [update for move in moves for update in _updates(move)]
        if updates:
            await self._reports.bulk_write(updates, ordered=False)


def _updates(move: CaseMove) -> list[UpdateOne]:
    entry = {"event_id": move.event_id, "case_id": move.case_id, "what": move.what, "at": move.at}
    pushed: Document = {"timeline": entry}
    words = {"event_id": move.event_id, "case_id": move.case_id, "at": move.at}
    if move.reply:
        pushed["replies"] = {**words, "text": move.reply}
    if move.question:
        pushed["questions"] = {**words, "text": move.question}
    once = {"_id": move.report_id, "timeline.event_id": {"$ne": move.event_id}, "withdrawn_at": None}
    # The latest state wins; an event that comes late still has its place on the timeline.
    field = f"cases.{move.case_id}"
    later = {
        "_id": move.report_id,
        "$or": [{f"{field}.sequence": {"$lt": move.sequence}}, {field: {"$exists": False}}],
    }
    return [
        UpdateOne(once, {"$push": pushed}),
        UpdateOne(later, {"$set": {field: {**move.case, "sequence": move.sequence}}}),
    ]


def _seen(event_ids: Sequence[str], at: datetime) -> Document:
    """A stage that marks these replies and leaves others, which may have come meanwhile, as they are."""
    due = {"$and": [{"$in": ["$$this.event_id", {"$literal": event_ids}]}, {"$not": ["$$this.seen_at"]}]}
    marked = {"$mergeObjects": ["$$this", {"$cond": [due, {"seen_at": at}, {}]}]}
    return {"$set": {"replies": {"$map": {"input": "$replies", "in": marked}}}}


def _compared(report: Report, earlier: dict[str, Document]) -> Stored:
    document = earlier[report.id]
    same = hmac.compare_digest(document["digest"], report.submission_digest)
    if same:
        REPORTS_RESENT.inc()
    return Stored(document, same)
