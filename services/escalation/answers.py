"""A case as officers get it over HTTP: an item of a queue, the whole case, and the words for who was faster."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.escalation.case import Case
from services.escalation.documents import Document, to_document
from services.escalation.entries import Answered, Entry, Move, Pending
from shared.contracts.vocabulary import ActorRole
from shared.contracts.words import Words

ROLE_WORDS: Mapping[ActorRole, Words] = {
    ActorRole.SENDER: ("Người gửi", "The sender"),
    ActorRole.DUTY_OFFICER: ("Cán bộ trực", "The duty officer"),
    ActorRole.CASE_OFFICER: ("Cán bộ xử lý", "The case officer"),
    ActorRole.SYSTEM: ("Hệ thống", "The system"),
}

ACT_WORDS: Mapping[str, Words] = {
    "opened": ("mở vụ việc", "opened it"),
    "acknowledged": ("tiếp nhận", "acknowledged it"),
    "reply": ("trả lời", "replied"),
    "replied": ("trả lời", "replied"),
    "resolve": ("hoàn tất", "resolved it"),
    "resolved": ("hoàn tất", "resolved it"),
    "dismissed": ("đóng vụ việc", "closed it"),
    "undone": ("hoàn tác", "undid a move"),
    "erased": ("xoá nội dung", "erased it"),
    "deadline-missed": ("ghi nhận quá hạn", "noted a missed deadline"),
}

_DETAIL = (
    *("report_ids", "kind", "text", "place", "masked", "people_affected", "occurred_on", "urgency_claimed"),
    *("submitted_at", "rules_version", "topics", "outcome", "erased_at", "history", "replies", "deliveries"),
)


def item(document: Document) -> dict[str, Any]:
    """A row of a queue, from the stored document of a case or a notice."""
    due = document.get("due") or {}
    return {
        "case_id": document["_id"],
        "references": document.get("references", []),
        "queue": document["queue"],
        "lead": document.get("lead"),
        "told": document.get("told", []),
        "sealed": document["sealed"],
        "notice": document.get("notice", False),
        "grounds": [{"evidence": [], "unverified": False, **ground} for ground in document["grounds"]],
        "topic": document.get("topic"),
        "commune": document.get("commune"),
        "unverified": document.get("unverified", False),
        "state": document["state"],
        "version": document["version"],
        "due": {name: due.get(name) for name in ("acknowledge", "act", "next")},
        "opened_at": document["opened_at"],
    }


def whole(case: Case) -> dict[str, Any]:
    """Everything that an entitled officer may read of a case."""
    document = to_document(case)
    waiting = pending((waits.move, waits.effective_at) for waits in case.pending)
    return {**item(document), **{name: document[name] for name in _DETAIL}, **waiting}


def moved(case: Case) -> dict[str, Any]:
    """The answer of a move."""
    waiting = pending((waits.move, waits.effective_at) for waits in case.pending)
    return {**item(to_document(case)), **waiting}


def repeated(case: Case, earlier: Answered) -> dict[str, Any]:
    """The answer that this write was given the first time."""
    clocks = earlier.due
    due = {"acknowledge": clocks.acknowledge, "act": clocks.act, "next": clocks.next}
    then = {"state": earlier.state, "version": earlier.version, "due": due}
    return {**item(to_document(case)), **then, **pending(earlier.pending)}


def answered(case: Case, key: str, digest: str) -> Answered:
    """What `moved` says, as far as it can change."""
    waiting = tuple((waits.move, waits.effective_at) for waits in case.pending)
    return Answered(key, digest, case.version, case.state.value, case.due, waiting)


def pending(waiting: Iterable[tuple[Move, datetime]]) -> dict[str, Any]:
    """What takes effect soon, and when."""
    return {"pending": [{"move": move, "effective_at": at} for move, at in waiting]}


def local(value: Any, zone: ZoneInfo) -> Any:
    """An answer with its times on the province's clocks."""
    if isinstance(value, datetime):
        return value.astimezone(zone)
    if isinstance(value, Mapping):
        return {name: local(part, zone) for name, part in value.items()}
    return [local(part, zone) for part in value] if isinstance(value, list | tuple) else value


def who_was_faster(case: Case, zone: ZoneInfo) -> tuple[Words, dict[str, Any]]:
    """Who changed the case last, by role and duty, when and how: as a sentence and as fields."""
    role, duty, what, at = _act(case.last_act())
    clock = at.astimezone(zone).strftime("%H:%M")
    vietnamese = f"{ROLE_WORDS[role][0]} ({duty}) vừa {ACT_WORDS[what][0]} lúc {clock}. Hãy tải lại vụ việc."
    english = f"{ROLE_WORDS[role][1]} ({duty}) {ACT_WORDS[what][1]} at {clock}. Load the case again."
    fields = {
        "acted": {"role": role, "duty": duty, "what": what, "at": at.astimezone(zone).isoformat()},
        "version": case.version,
    }
    return (vietnamese, english), fields


def _act(act: Entry | Pending) -> tuple[ActorRole, str, str, datetime]:
    if isinstance(act, Pending):
        return act.by.role, act.by.duty, act.move.value, act.at
    return act.role, act.duty, act.kind, act.at
