"""The routes of a commune: send a report, send many, see what came of one, find a commune."""

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from pydantic import UUID4, BaseModel, ConfigDict

from services.intake.places import Commune, Suggestion
from services.intake.report import Report, Sender, Stored, Submission, masked_report
from services.intake.timeline import shown
from shared.contracts.events import Id, Place
from shared.contracts.text import MaskedText
from shared.runtime.body import LARGEST_BODY, limited_body, parsed, too_large
from shared.runtime.errors import is_transient
from shared.runtime.problems import FieldError, Problem, language_of, unavailable

LARGEST_BATCH = 500
"""Lines."""
TOMORROW = timedelta(days=1)
"""The province is ahead of UTC: its today may be tomorrow there."""
LARGEST_BATCH_BODY = 4 * 1024 * 1024
TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Reports(Protocol):
    """Where reports are kept."""

    def now(self) -> datetime:
        """The time that a report is given."""

    async def add(self, report: Report) -> Stored:
        """Durable on return."""

    async def find(self, report_id: str, receipt: str) -> dict[str, Any] | None:
        """What the receipt opens."""

    async def withdraw(self, document: dict[str, Any]) -> None:
        """Erase the words."""

    async def seen(self, document: dict[str, Any], case_id: str) -> None:
        """The reply was shown."""


class Senders(Protocol):
    """Who may send."""

    async def sender(self, key: str) -> Sender | None:
        """Whose key it is."""


class Places(Protocol):
    """The province's communes."""

    def get(self, code: str) -> Commune | None:
        """By code."""

    def resolve(self, words: str) -> tuple[Commune, ...]:
        """Those that the words may mean."""

    def search(self, query: str, limit: int = 10) -> list[Suggestion]:
        """Those that somebody who types this may want."""


class MaskedWords(Protocol):
    """What masking leaves."""

    @property
    def text(self) -> str:
        """The text with placeholders."""

    @property
    def counts(self) -> dict[str, int]:
        """How many of each kind."""


@dataclass
class Desk:
    """What the routes need, handed in by `app.py`."""

    reports: Reports
    senders: Senders
    places: Places
    mask: Callable[[str], MaskedWords]
    hotlines: frozenset[str]
    per_minute: int
    limiter: FixedWindowRateLimiter = field(default_factory=lambda: FixedWindowRateLimiter(MemoryStorage()))


class SeenBody(BaseModel):
    """The body of `POST /v1/reports/{id}/seen`."""

    model_config = ConfigDict(extra="forbid")

    case_id: Id


def router(desk: Desk) -> APIRouter:
    """The routes of intake."""
    routes = APIRouter(prefix="/v1")

    @routes.post("/reports", status_code=202)
    async def submit(request: Request) -> JSONResponse:
        sender = await _sender(desk, request)
        body = await limited_body(request)
        _within_rate(desk, sender)
        return JSONResponse(await _accept(desk, sender, body, _traceparent(request)), 202)

    @routes.post("/reports:batch")
    async def submit_many(request: Request) -> Response:
        sender = await _sender(desk, request)
        lines = (await limited_body(request, LARGEST_BATCH_BODY)).splitlines()
        if len(lines) > LARGEST_BATCH:
            words = (f"Tối đa {LARGEST_BATCH} dòng mỗi lần; hãy chia nhỏ.", f"At most {LARGEST_BATCH} lines; split it.")
            raise Problem("too-large", words)
        language = language_of(request.headers.get("accept-language"))

        async def one(line: bytes) -> dict[str, Any]:
            try:
                _within_rate(desk, sender)
                if len(line) > LARGEST_BODY:
                    raise too_large(LARGEST_BODY)
                accepted = await _accept(desk, sender, line, _traceparent(request))
            except Exception as error:
                problem = error if isinstance(error, Problem) else _or_raise(error)
                return {"id": _id_in(line), **problem.body(language)}
            return {**accepted, "location": accepted["status"], "status": 202}

        results = await asyncio.gather(*(one(line) for line in lines if line.strip()))
        return Response(b"".join(orjson.dumps(result) + b"\n" for result in results), media_type="application/x-ndjson")

    @routes.get("/reports/{report_id}")
    async def show(report_id: UUID4, report_receipt: str = Header("")) -> dict[str, Any]:
        return shown(await _opened(desk, str(report_id), report_receipt))

    @routes.post("/reports/{report_id}/withdraw", status_code=202)
    async def withdraw(report_id: UUID4, report_receipt: str = Header("")) -> dict[str, Any]:
        document = await _opened(desk, str(report_id), report_receipt)
        if not document.get("withdrawn_at"):
            await desk.reports.withdraw(document)
        return {"id": str(report_id), "state": "withdrawn"}

    @routes.post("/reports/{report_id}/seen", status_code=202)
    async def seen(report_id: UUID4, request: Request, report_receipt: str = Header("")) -> dict[str, Any]:
        document = await _opened(desk, str(report_id), report_receipt)
        case_id = parsed(SeenBody, await limited_body(request)).case_id
        unseen = [reply for reply in document["replies"] if not reply.get("seen_at")]
        if any(reply["case_id"] == case_id for reply in unseen):
            await desk.reports.seen(document, case_id)
        return {"id": str(report_id), "case_id": case_id}

    @routes.get("/communes")
    async def communes(q: str = Query("", max_length=100), limit: int = Query(110, ge=1, le=200)) -> dict[str, Any]:
        return {"items": [suggestion.as_dict() for suggestion in desk.places.search(q, limit)]}

    return routes


async def _sender(desk: Desk, request: Request) -> Sender:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    sender = await desk.senders.sender(key.strip()) if scheme.lower() == "bearer" and key.strip() else None
    if sender is None:
        words = (
            "Cần khoá của xã hoặc tổ chức trong Authorization: Bearer …; khoá thiếu, sai, hết hạn hoặc đã thu hồi.",
            "Send the commune's key as Authorization: Bearer …; it is missing, wrong, expired or revoked.",
        )
        raise Problem("unauthorised", words, headers={"WWW-Authenticate": "Bearer"})
    return sender


def _within_rate(desk: Desk, sender: Sender) -> None:
    limit = RateLimitItemPerMinute(desk.per_minute)
    if not desk.limiter.hit(limit, sender.key_id):
        reset = desk.limiter.get_window_stats(limit, sender.key_id).reset_time
        seconds = max(1, round(reset - time.time()))
        words = (
            f"Khoá này đã gửi quá {desk.per_minute} phản ánh trong một phút; hãy gửi lại sau {seconds} giây.",
            f"This key sent over {desk.per_minute} reports in a minute; try again in {seconds} seconds.",
        )
        raise Problem("too-many-requests", words, headers={"Retry-After": str(seconds)})


async def _accept(desk: Desk, sender: Sender, body: bytes, traceparent: str) -> dict[str, Any]:
    """Check, mask, store, and only then answer."""
    submission = parsed(Submission, body)
    _acceptable(desk, sender, submission)
    stored = await desk.reports.add(_masked(desk, sender, submission, traceparent))
    if not stored.same:
        words = (
            "Mã này đã được dùng cho một phản ánh có nội dung khác; hãy tạo mã mới cho phản ánh mới.",
            "This id was used for a report with other content; mint a new id for a new report.",
        )
        raise Problem("conflict", words, [FieldError("id", words)])
    document = stored.document
    return {
        "id": document["_id"],
        "reference": document["reference"],
        "state": "received",
        "text": document["text"],
        "masked": document["masked"],
        "status": f"/v1/reports/{document['_id']}",
    }


def _acceptable(desk: Desk, sender: Sender, submission: Submission) -> None:
    """What the form alone does not tell: the commune is there, the day has come, the key may send for it."""
    if desk.places.get(submission.commune) is None:
        words = (
            f"Không có xã, phường, đặc khu mã {submission.commune}; tra mã ở /v1/communes?q=…",
            f"No commune has the code {submission.commune}; look it up at /v1/communes?q=…",
        )
        raise Problem("invalid", ("Hãy sửa: commune.", "Please correct: commune."), [FieldError("commune", words)])
    if submission.occurred_on and submission.occurred_on > desk.reports.now().date() + TOMORROW:
        words = ("Ngày xảy ra ở tương lai; hãy ghi ngày đã xảy ra.", "It lies in the future; give the day it happened.")
        raise Problem(
            "invalid", ("Hãy sửa: occurred_on.", "Please correct: occurred_on."), [FieldError("occurred_on", words)]
        )
    if not sender.may_send_for(submission.commune):
        words = (
            f"Khoá này không gửi được cho xã mã {submission.commune}; hãy dùng khoá của xã đó.",
            f"This key may not send for commune {submission.commune}; use that commune's key.",
        )
        raise Problem("forbidden", words, [FieldError("commune", words)])


def _masked(desk: Desk, sender: Sender, submission: Submission, traceparent: str) -> Report:
    """Personal data ends here: what goes on is what masking leaves."""
    words = desk.mask(submission.text)
    counts, place = dict(words.counts), None
    if submission.place:
        where = desk.mask(submission.place)
        codes = tuple(commune.code for commune in desk.places.resolve(where.text))
        place = Place(words=MaskedText(where.text, desk.hotlines), candidates=codes)
        for kind, count in where.counts.items():
            counts[kind] = counts.get(kind, 0) + count
    return masked_report(
        submission,
        text=MaskedText(words.text, desk.hotlines),
        masked=counts,
        place=place,
        origin=sender.origin,
        at=desk.reports.now(),
        traceparent=traceparent,
    )


async def _opened(desk: Desk, report_id: str, receipt: str) -> dict[str, Any]:
    document = await desk.reports.find(report_id, receipt) if receipt else None
    if document is None:
        words = (
            "Không có phản ánh nào mở được bằng mã nhận này (gửi trong Report-Receipt).",
            "No report opens with this receipt (send it as Report-Receipt).",
        )
        raise Problem("not-found", words)
    return document


def _or_raise(error: Exception) -> Problem:
    if is_transient(error):
        return unavailable()
    raise error


def _id_in(line: bytes) -> str | None:
    """The id of a refused line, if it can be told, so that the sender knows which one it was."""
    try:
        found = orjson.loads(line).get("id")
    except (ValueError, AttributeError):
        return None
    return found if isinstance(found, str) and len(found) <= 36 else None


def _traceparent(request: Request) -> str:
    """The caller's trace, or a new one."""
    given = request.headers.get("traceparent", "")
    return given if TRACEPARENT.fullmatch(given) else f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
