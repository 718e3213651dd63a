"""Why an officer's request is refused, in words that say what helps."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from services.escalation.answers import who_was_faster
from services.escalation.case import Case, NotAllowedError
from services.escalation.entries import Move
from shared.contracts.vocabulary import CaseState
from shared.contracts.words import Words
from shared.runtime.problems import Problem

MOVE_WORDS: Mapping[Move, str] = {
    Move.ACKNOWLEDGE: "tiếp nhận",
    Move.REPLY: "trả lời",
    Move.RESOLVE: "hoàn tất",
    Move.UNDO: "hoàn tác",
}

STATE_WORDS: Mapping[CaseState, str] = {
    CaseState.NEW: "mới",
    CaseState.ACKNOWLEDGED: "đã tiếp nhận",
    CaseState.ASSIGNED: "đã giao",
    CaseState.REPLIED: "đã trả lời",
    CaseState.RESOLVED: "đã hoàn tất",
    CaseState.DISMISSED: "đã đóng, không xử lý",
    CaseState.MERGED: "đã gộp",
    CaseState.REOPENED: "đã mở lại",
}


def unauthorised() -> Problem:
    """401"""
    words: Words = (
        "Cần khoá của cán bộ trong Authorization: Bearer …; khoá thiếu hoặc không đúng.",
        "Send an officer's key as Authorization: Bearer …; it is missing or wrong.",
    )
    return Problem("unauthorised", words, headers={"WWW-Authenticate": "Bearer"})


def no_cases() -> Problem:
    """403 for auditors and administrators."""
    words: Words = (
        "Vai trò này không xem vụ việc; hãy dùng tài khoản cán bộ trực hoặc cán bộ xử lý.",
        "This role does not see cases; use a duty officer's or a case officer's account.",
    )
    return Problem("forbidden", words)


def forbidden_move(move: Move, queue: str) -> Problem:
    """403 for who sees the case but does not answer it."""
    words: Words = (
        f"Chỉ {queue} được {MOVE_WORDS[move]} vụ việc này.",
        f"Only {queue} may {move.value} this case.",
    )
    return Problem("forbidden", words)


def not_found() -> Problem:
    """404, the same for a case that is not there and one that is not theirs."""
    words: Words = (
        "Không có vụ việc này, hoặc nó không thuộc hàng đợi của bạn.",
        "There is no such case, or it is not in a queue of yours.",
    )
    return Problem("not-found", words)


def not_allowed(error: NotAllowedError) -> Problem:
    """409, with what the state allows."""
    allowed = ", ".join(MOVE_WORDS[move] for move in error.allowed) or "không còn bước nào"
    words: Words = (
        f"Vụ việc {STATE_WORDS[error.state]}: không {MOVE_WORDS[error.move]} được. Có thể: {allowed}.",
        f"The case is {error.state.value}: {error.move.value} is not allowed. "
        f"Allowed: {', '.join(error.allowed) or 'nothing'}.",
    )
    return Problem("conflict", words, extra={"allowed": [move.value for move in error.allowed]})


def stale(case: Case, zone: ZoneInfo) -> Problem:
    """412, with who was faster, when, and the version that the case has now."""
    words, fields = who_was_faster(case, zone)
    return Problem("version-mismatch", words, headers={"ETag": f'"{case.version}"'}, extra=fields)
