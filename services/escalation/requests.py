"""What officers send: the query of a page, the bodies of moves, and the headers that guard them."""

import re
from typing import Annotated, Any, Literal, Self

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from services.escalation.search import Cursor, Lateness, Wanted
from shared.contracts.vocabulary import CaseState, CommuneCode, Ground, Topic
from shared.contracts.words import TwoLanguageError, Words
from shared.runtime.body import Body, limited_body, parsed
from shared.runtime.problems import FieldError, Problem

LARGEST_PAGE = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,9})"|([0-9]{1,9})')
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PageQuery(_Closed):
    """The query of `GET /v1/cases`."""

    queue: str | None = None
    state: CaseState | None = None
    due: Lateness | None = None
    ground: Ground | None = None
    topic: Topic | None = None
    commune: CommuneCode | None = None
    q: Annotated[str, Field(max_length=100)] | None = None
    cursor: str | None = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE)] = 50

    @field_validator("cursor")
    @classmethod
    def _from_a_page(cls, words: str | None) -> str | None:
        try:
            return words and str(Cursor.read(words))
        except ValueError:
            raise TwoLanguageError(
                "Không phải con trỏ của trang trước; hãy bỏ đi để xem từ đầu.",
                "Not the cursor of an earlier page; leave it out to begin again.",
            ) from None

    def wanted(self) -> Wanted:
        """As the store takes it."""
        after = Cursor.read(self.cursor) if self.cursor else None
        return Wanted(self.queue, self.state, self.due, self.ground, self.topic, self.commune, self.q, after)


class Nothing(_Closed):
    """The body of a move that needs no words: empty, or `{}`."""


class ReplyBody(_Closed):
    """The body of `POST …/reply`: what the sender will read."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=2000)]

    @field_validator("text")
    @classmethod
    def _readable(cls, text: str) -> str:
        if _CONTROL.search(text.replace("\r\n", "\n")):
            raise TwoLanguageError(
                "Có ký tự điều khiển; hãy gõ lại chỉ bằng chữ.", "Holds control characters; use plain text."
            )
        return text.replace("\r\n", "\n")


class ResolveBody(_Closed):
    """The body of `POST …/resolve`: what became of the case. That it was withdrawn, only its sender says."""

    outcome: Literal["done", "answered", "planned", "not_competent", "unfounded"]


class Guard(BaseModel):
    """The version that the officer saw, and the key under which a repeat of this write is known."""

    model_config = ConfigDict(frozen=True)

    version: int
    key: str | None = None

    @classmethod
    def of(cls, request: Request) -> Self:
        """Read `If-Match` and `Idempotency-Key`. Raises the problems 428 and 422."""
        given, key = request.headers.get("if-match"), request.headers.get("idempotency-key")
        if given is None:
            raise Problem(
                "precondition-required",
                (
                    "Gửi kèm If-Match là phiên bản vụ việc bạn đang xem (ETag của GET /v1/cases/{id}).",
                    "Send If-Match with the version that you saw (the ETag of GET /v1/cases/{id}).",
                ),
            )
        match = _ETAG.fullmatch(given.strip())
        if match is None:
            raise _refused("If-Match", ('Phải là phiên bản, ví dụ "3".', 'Must be a version such as "3".'))
        if key is not None and not _KEY.fullmatch(key):
            raise _refused("Idempotency-Key", ("Từ 1 đến 200 ký tự ASCII.", "1 to 200 ASCII characters."))
        return cls(version=int(match[1] or match[2]), key=key)


async def read_body(request: Request, model: type[Body]) -> Body:
    """The body as `model`; an empty one is `{}`. Raises the problems 413 and 422."""
    return parsed(model, await limited_body(request) or b"{}")


def unknown_queue(queue: str, known: Any) -> Problem:
    """422: no body has this slug."""
    names = ", ".join(known)
    return _refused(
        "queue", (f"Không có hàng đợi '{queue}'; chỉ có: {names}.", f"No queue '{queue}'; one of: {names}.")
    )


def other_request() -> Problem:
    """422: a key stands for one request alone."""
    words = (
        "Khoá này đã dùng cho một yêu cầu khác; hãy tạo khoá mới.",
        "This key was used for another request; mint a new one.",
    )
    return _refused("Idempotency-Key", words)


def _refused(name: str, words: Words) -> Problem:
    return Problem("invalid", (f"Hãy sửa: {name}.", f"Please correct: {name}."), [FieldError(name, words)])
