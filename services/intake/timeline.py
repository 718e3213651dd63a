"""What the holder of a receipt sees of a report: where it stands, what was asked, what was answered. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

PROGRESS = ("new", "reopened", "acknowledged", "assigned", "replied", "resolved", "dismissed", "merged")
"""A report stands where its slowest case stands."""

WORDS = {
    "report-submitted": "Đã nhận phản ánh",
    "case-opened": "Đã vào hàng đợi của cơ quan phụ trách",
    "case-acknowledged": "Đã tiếp nhận",
    "case-assigned": "Đã giao cho cơ quan có thẩm quyền",
    "case-returned": "Đang chuyển cơ quan khác",
    "case-reclassified": "Đã xếp lại lĩnh vực",
    "case-sealed": "Được giữ kín",
    "case-asked": "Có câu hỏi cho bạn",
    "case-replied": "Đã có trả lời",
    "case-extended": "Được gia hạn",
    "case-resolved": "Hoàn tất",
    "case-dismissed": "Không xử lý, có nêu lý do",
    "case-merged": "Được gộp với phản ánh cùng việc",
    "case-unmerged": "Được tách lại",
    "case-reopened": "Được mở lại",
}


@dataclass(frozen=True, slots=True)
class CaseMove:
    """What a case event means to one report. `reply` and `question` are words for the sender."""

    report_id: str
    event_id: str
    sequence: int
    what: str
    at: datetime
    case_id: str
    case: dict[str, Any]
    reply: str | None = None
    question: str | None = None


def shown(document: dict[str, Any]) -> dict[str, Any]:
    """The report as its receipt opens it."""
    replies = [_words(reply) | {"seen": bool(reply.get("seen_at"))} for reply in _in_time(document["replies"])]
    received = {"what": "report-submitted", "words": WORDS["report-submitted"], "at": document["submitted_at"]}
    return {
        "id": document["_id"],
        "reference": document["reference"],
        "state": _state(document),
        "kind": document["kind"],
        "commune": document["commune"],
        "text": document["text"],
        "masked": document["masked"],
        "submitted_at": document["submitted_at"],
        "timeline": [received, *map(_entry, _in_time(document["timeline"]))],
        "cases": [_case(case_id, case) for case_id, case in sorted(document["cases"].items())],
        "questions": [_words(question) for question in _in_time(document["questions"])],
        "replies": replies,
        "reply": replies[-1]["text"] if replies else None,
    }


def _state(document: dict[str, Any]) -> str:
    if document.get("withdrawn_at"):
        return "withdrawn"
    states = [case["state"] for case in document["cases"].values()]
    slowest = min(states, key=PROGRESS.index, default="received")
    return "queued" if slowest == "new" else slowest


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    words = WORDS.get(entry["what"], entry["what"])
    return {"what": entry["what"], "words": words, "at": entry["at"], "case_id": entry["case_id"]}


def _case(case_id: str, case: dict[str, Any]) -> dict[str, Any]:
    return {"case_id": case_id} | {name: value for name, value in case.items() if name != "sequence"}


def _words(entry: dict[str, Any]) -> dict[str, Any]:
    return {"case_id": entry["case_id"], "text": entry["text"], "at": entry["at"]}


def _in_time(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(entries, key=lambda entry: entry["at"])
