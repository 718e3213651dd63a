"""Errors over HTTP as RFC 9457 problems, in the caller's language: what is wrong, in which field, and what helps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from shared.contracts.words import TwoLanguageError, Words
from shared.runtime.errors import TRANSIENT, describe, is_transient, origin

log = structlog.get_logger()

Language = Literal["vi", "en"]
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "5"

TITLES: dict[str, tuple[int, Words]] = {
    "bad-request": (400, ("Yêu cầu không đọc được", "The request cannot be read")),
    "unauthorised": (401, ("Chưa xác thực", "Not authenticated")),
    "forbidden": (403, ("Không có quyền", "Not allowed")),
    "not-found": (404, ("Không tìm thấy", "Not found")),
    "method-not-allowed": (405, ("Phương thức không được hỗ trợ", "Method not allowed")),
    "conflict": (409, ("Mâu thuẫn với dữ liệu đã lưu", "Conflicts with what is stored")),
    "version-mismatch": (412, ("Vụ việc vừa thay đổi", "The case has just changed")),
    "too-large": (413, ("Nội dung quá lớn", "Too large")),
    "unsupported-media-type": (415, ("Định dạng không được hỗ trợ", "Unsupported media type")),
    "invalid": (422, ("Dữ liệu chưa đúng", "Invalid data")),
    "precondition-required": (428, ("Thiếu phiên bản vụ việc", "The case's version is required")),
    "too-many-requests": (429, ("Gửi quá nhanh", "Too many requests")),
    "internal": (500, ("Lỗi hệ thống", "Internal error")),
    "unavailable": (503, ("Tạm thời chưa nhận được", "Temporarily unavailable")),
}
"""The `type` of a problem, its status and its title."""

BY_STATUS = {status: slug for slug, (status, _) in TITLES.items()}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, and what would be right."""

    name: str
    words: Words


@dataclass
class Problem(Exception):
    """Raise it anywhere below a route; `slug` is a key of `TITLES`."""

    slug: str
    detail: Words
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return TITLES[self.slug][0]

    def body(self, language: Language) -> dict[str, Any]:
        """The members of the problem document."""
        at = 0 if language == "vi" else 1
        body: dict[str, Any] = {
            "type": f"urn:langnghe:problem:{self.slug}",
            "title": TITLES[self.slug][1][at],
            "status": self.status,
            "detail": self.detail[at],
        }
        if self.errors:
            body["errors"] = [{"field": error.name, "detail": error.words[at]} for error in self.errors]
        return body | dict(self.extra)


def unavailable() -> Problem:
    """The database is away: nothing was stored, try again."""
    return Problem(
        "unavailable",
        (
            "Lúc này chưa đọc và lưu được. Hãy giữ nguyên nội dung và thử lại sau vài giây.",
            "Nothing can be read or stored just now. Keep what you have and try again in a few seconds.",
        ),
        headers={"Retry-After": RETRY_AFTER},
    )


def language_of(accept_language: str | None) -> Language:
    """Vietnamese unless the caller prefers English (RFC 9110: the greatest weight, the first among equals)."""
    weights = {"vi": 0.0, "en": 0.0}
    for part in (accept_language or "").split(","):
        name, _, parameters = part.strip().lower().partition(";")
        language = name.split("-")[0]
        if language in weights:
            weights[language] = max(weights[language], _weight(parameters))
    return "en" if weights["en"] > weights["vi"] else "vi"


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def invalid(error: ValidationError | RequestValidationError) -> Problem:
    """Every field that pydantic refused, each with what would be right."""
    errors = [FieldError(_field(entry["loc"]), _words(entry)) for entry in error.errors()]
    names = ", ".join(dict.fromkeys(item.name for item in errors))
    return Problem("invalid", (f"Hãy sửa: {names}.", f"Please correct: {names}."), errors)


def _field(location: Sequence[Any]) -> str:
    path = [str(part) for part in location if part not in ("body", "query", "header", "path")]
    return ".".join(path) or "body"


def _words(entry: Mapping[str, Any]) -> Words:
    context = entry.get("ctx") or {}
    expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
    known: dict[str, Words] = {
        "missing": ("Bắt buộc phải có.", "Required."),
        "extra_forbidden": ("Không có trường này; hãy bỏ đi.", "No such field; leave it out."),
        "string_too_short": (
            f"Quá ngắn: ít nhất {context.get('min_length')} ký tự.",
            f"Too short: at least {context.get('min_length')} characters.",
        ),
        "string_too_long": (
            f"Quá dài: nhiều nhất {context.get('max_length')} ký tự.",
            f"Too long: at most {context.get('max_length')} characters.",
        ),
        "enum": (f"Chỉ nhận: {expected}.", f"One of: {expected}."),
        "literal_error": (f"Chỉ nhận: {expected}.", f"One of: {expected}."),
        "string_type": ("Phải là chữ.", "Must be text."),
        "json_invalid": ("Không phải JSON hợp lệ.", "Not valid JSON."),
        "model_type": ("Phải là một đối tượng JSON.", "Must be a JSON object."),
        "model_attributes_type": ("Phải là một đối tượng JSON.", "Must be a JSON object."),
        "dict_type": ("Phải là một đối tượng JSON.", "Must be a JSON object."),
    }
    if entry["type"] in known:
        return known[entry["type"]]
    if isinstance(failure := context.get("error"), TwoLanguageError):
        return failure.words
    if entry["type"].startswith("uuid"):
        return (
            "Phải là UUID, ví dụ 3f2b8c1e-7a44-4d0e-9b1f-2c6d5e8a9f10 (phiên bản 4).",
            "Must be a UUID such as 3f2b8c1e-7a44-4d0e-9b1f-2c6d5e8a9f10 (version 4).",
        )
    if entry["type"] in ("greater_than_equal", "less_than_equal", "int_parsing", "int_type"):
        bounds = {"greater_than_equal": ("từ", "at least", "ge"), "less_than_equal": ("nhiều nhất", "at most", "le")}
        vietnamese, english, limit = bounds.get(entry["type"], ("", "", ""))
        amount = f" {context.get(limit)}" if limit else ""
        return (
            f"Phải là số nguyên {vietnamese}{amount}".strip() + ".",
            f"Must be a whole number {english}{amount}".strip() + ".",
        )
    if entry["type"] == "string_pattern_mismatch":
        return (
            f"Chưa đúng dạng; phải khớp {context.get('pattern')}.",
            f"Wrong form; it must match {context.get('pattern')}.",
        )
    if entry["type"].startswith("date"):
        return ("Phải là ngày có thật, dạng 2026-11-20.", "Must be a real date such as 2026-11-20.")
    return (
        "Giá trị không hợp lệ; xem lại kiểu và dạng của trường này.",
        "Not valid; check this field's type and form.",
    )


def respond(request: Request, problem: Problem) -> JSONResponse:
    """The problem as a response in the caller's language."""
    language = language_of(request.headers.get("accept-language"))
    headers = {"Content-Language": language, **problem.headers}
    return JSONResponse(problem.body(language), problem.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Answer every failure below `app` with a problem."""

    async def on_problem(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)
        return respond(request, error)

    async def on_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return respond(request, invalid(error))

    async def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        slug = BY_STATUS.get(error.status_code, "bad-request")
        words = TITLES[slug][1]
        return respond(request, Problem(slug, words, headers=error.headers or {}))

    async def on_error(request: Request, error: Exception) -> JSONResponse:
        if is_transient(error):
            return respond(request, unavailable())
        # No traceback: it ends with the error's own words, and the driver's quote what was being written.
        log.error("http.failed", route=_route(request), error=describe(error), at=origin(error))
        words = ("Có lỗi phía máy chủ; đã ghi lại để xử lý.", "Something failed on our side; it was recorded.")
        return respond(request, Problem("internal", words))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    for transient in TRANSIENT:
        app.add_exception_handler(transient, on_error)
    app.add_exception_handler(Exception, on_error)


def _route(request: Request) -> str:
    return getattr(request.scope.get("route"), "path", "unknown")
