"""The routes of officers: the queues, a case, and the moves that take it to its answer."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Query, Request, Response

from services.escalation import answers, case
from services.escalation.case import Case, Change, NotAllowedError
from services.escalation.entries import Answered, By, Move
from services.escalation.officers import Officer
from services.escalation.refusals import forbidden_move, no_cases, not_allowed, not_found, stale, unauthorised
from services.escalation.requests import (
    Guard,
    Nothing,
    PageQuery,
    ReplyBody,
    ResolveBody,
    other_request,
    read_body,
    unknown_queue,
)
from services.escalation.search import Cursor, Reader, Wanted, queue_counts
from services.escalation.working_time import Calendar
from shared.contracts.text import MaskedText
from shared.contracts.vocabulary import Outcome

Decide = Callable[[Case, By, datetime], Change]


class Cases(Protocol):
    """Where cases are kept."""

    def now(self) -> datetime:
        """The time of a move."""

    async def find(self, identity: str) -> Case | None:
        """A case; a notice is none."""

    async def page(self, reader: Reader, wanted: Wanted, limit: int) -> Sequence[dict[str, Any]]:
        """Documents of cases and notices, newest first."""

    async def counts(self, reader: Reader) -> Sequence[dict[str, Any]]:
        """Rows of queue, state, cases, late."""

    async def write(self, before: Case, change: Change) -> Case | None:
        """Store a change; nothing when somebody was faster."""


class Officers(Protocol):
    """Who may come in."""

    def officer(self, key: str) -> Officer | None:
        """Whose key it is."""


class Audit(Protocol):
    """Where it is noted who reads and does what."""

    async def record(self, *, duty: str, role: str, action: str, subjects: list[str]) -> None:
        """Durable on return; what it tells of has not happened before."""


@dataclass(frozen=True)
class Desk:
    """What the routes need, handed in by `app.py`. `bodies` maps slugs to names."""

    cases: Cases
    officers: Officers
    audit: Audit
    bodies: Mapping[str, str]
    calendar: Calendar
    mask: Callable[[str], MaskedText]

    def shown(self, answer: dict[str, Any]) -> dict[str, Any]:
        """With times on the province's clocks."""
        shown: dict[str, Any] = answers.local(answer, self.calendar.zone)
        return shown


def router(desk: Desk) -> APIRouter:
    """The routes of escalation. Each needs an officer's key."""
    routes = APIRouter(prefix="/v1")

    async def officer(request: Request) -> Officer:
        return _signed_in(desk, request)

    Signed = Annotated[Officer, Depends(officer)]

    @routes.get("/cases")
    async def page(officer: Signed, query: Annotated[PageQuery, Query()]) -> dict[str, Any]:
        if query.queue is not None and query.queue not in desk.bodies:
            raise unknown_queue(query.queue, desk.bodies)
        found = await desk.cases.page(_reader(officer), query.wanted(), query.limit + 1)
        items = list(map(answers.item, found[: query.limit]))
        more = len(found) > query.limit
        last = str(Cursor(items[-1]["opened_at"], items[-1]["case_id"])) if more else None
        return desk.shown({"items": items, "next": last})

    @routes.get("/queues")
    async def queues(officer: Signed) -> dict[str, Any]:
        reader = _reader(officer)
        own = {reader.body: desk.bodies[reader.body]}
        return {"queues": queue_counts(await desk.cases.counts(reader), own)}

    @routes.get("/cases/{case_id}")
    async def show(officer: Signed, case_id: str, response: Response) -> dict[str, Any]:
        found = await _seen(desk, officer, case_id)
        await _audited(desk, officer, "case.read", found)
        response.headers["ETag"] = f'"{found.version}"'
        return desk.shown(answers.whole(found))

    @routes.post("/cases/{case_id}/acknowledge")
    async def acknowledge(officer: Signed, case_id: str, request: Request, response: Response) -> dict[str, Any]:
        await read_body(request, Nothing)
        writing = _Writing(desk, officer, case_id, Move.ACKNOWLEDGE, Guard.of(request))
        return await writing.answer(case.acknowledge, response)

    @routes.post("/cases/{case_id}/reply")
    async def reply(officer: Signed, case_id: str, request: Request, response: Response) -> dict[str, Any]:
        text = desk.mask((await read_body(request, ReplyBody)).text)
        writing = _Writing(desk, officer, case_id, Move.REPLY, Guard.of(request), text)
        return await writing.answer(lambda found, by, at: case.reply(found, by, text, at), response)

    @routes.post("/cases/{case_id}/resolve")
    async def resolve(officer: Signed, case_id: str, request: Request, response: Response) -> dict[str, Any]:
        outcome = Outcome((await read_body(request, ResolveBody)).outcome)
        writing = _Writing(desk, officer, case_id, Move.RESOLVE, Guard.of(request), outcome)
        return await writing.answer(lambda found, by, at: case.resolve(found, by, outcome, at), response)

    @routes.post("/cases/{case_id}/undo")
    async def undo(officer: Signed, case_id: str, request: Request, response: Response) -> dict[str, Any]:
        await read_body(request, Nothing)
        writing = _Writing(desk, officer, case_id, Move.UNDO, Guard.of(request))
        return await writing.answer(case.undo, response)

    return routes


@dataclass(frozen=True)
class _Writing:
    """One officer's move on one case, under the version that they saw. `content` is what they say with it."""

    desk: Desk
    officer: Officer
    case_id: str
    move: Move
    guard: Guard
    content: str = ""

    async def answer(self, decide: Decide, response: Response) -> dict[str, Any]:
        """Make the move, or give the answer that it was given before. Raises 404, 403, 409, 412 and 422."""
        before = await _seen(self.desk, self.officer, self.case_id)
        if earlier := self._earlier(before):
            return self._repeated(before, earlier, response)
        change = self._decided(before, decide)
        await _audited(self.desk, self.officer, f"case.{self.move}", before)
        if after := await self.desk.cases.write(before, self._remembered(change)):
            response.headers["ETag"] = f'"{after.version}"'
            return self.desk.shown(answers.moved(after))
        now = await _seen(self.desk, self.officer, self.case_id)
        # The same write may have been sent twice at once: the slower one is answered like the faster.
        if earlier := self._earlier(now):
            return self._repeated(now, earlier, response)
        raise stale(now, self.desk.calendar.zone)

    def _decided(self, before: Case, decide: Decide) -> Change:
        if not self.officer.may(self.move, before) or self.officer.by is None:
            raise forbidden_move(self.move, self.desk.bodies[before.queue])
        if before.version != self.guard.version:
            raise stale(before, self.desk.calendar.zone)
        try:
            return decide(before, self.officer.by, self.desk.cases.now())
        except NotAllowedError as error:
            raise not_allowed(error) from None

    def _earlier(self, found: Case) -> Answered | None:
        return next((one for one in found.answered if one.key == self.guard.key), None)

    def _repeated(self, found: Case, earlier: Answered, response: Response) -> dict[str, Any]:
        if earlier.digest != self._digest():
            raise other_request()
        response.headers["ETag"] = f'"{earlier.version}"'
        return self.desk.shown(answers.repeated(found, earlier))

    def _remembered(self, change: Change) -> Change:
        if self.guard.key is None:
            return change
        return case.remembering(change, answers.answered(change.case, self.guard.key, self._digest()))

    def _digest(self) -> str:
        """Over masked words: of the unmasked ones a digest would let a phone number be guessed."""
        request = [self.officer.body, self.officer.duty, self.move, self.content]
        return hashlib.sha256(json.dumps(request).encode()).hexdigest()


def _signed_in(desk: Desk, request: Request) -> Officer:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    officer = desk.officers.officer(key.strip()) if scheme.lower() == "bearer" else None
    if officer is None:
        raise unauthorised()
    if officer.body is None:
        raise no_cases()
    return officer


def _reader(officer: Officer) -> Reader:
    assert officer.body is not None
    return Reader(officer.body)


async def _seen(desk: Desk, officer: Officer, case_id: str) -> Case:
    found = await desk.cases.find(case_id)
    if found is None or not officer.sees(found):
        raise not_found()
    return found


async def _audited(desk: Desk, officer: Officer, action: str, found: Case) -> None:
    await desk.audit.record(duty=officer.duty, role=officer.role, action=action, subjects=[found.id, *found.references])
