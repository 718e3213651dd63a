"""Follows one report by its reference: what happened to it, when, and nothing of what it says."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import MongoClient

from shared.contracts.vocabulary import GROUND_WORDS, TOPIC_WORDS, Ground, Topic
from shared.text.masking.kinds import PLACEHOLDERS, Kind

Document = dict[str, Any]
AWARE: CodecOptions[Document] = CodecOptions(tz_aware=True)


class UnknownReferenceError(Exception):
    """No report has this reference."""


@dataclass(frozen=True)
class Stage:
    """One step of a report's way."""

    at: datetime
    what: str
    detail: str


@dataclass(frozen=True)
class Journey:
    """A report's way, in order of cause."""

    reference: str
    stages: tuple[Stage, ...]


def journey(mongo_url: str, reference: str, bodies: Mapping[str, str]) -> Journey:
    """Read a report's way from the three databases; `bodies` are names by slug. Raises `UnknownReferenceError`."""
    with MongoClient[Document](mongo_url, serverSelectionTimeoutMS=5_000) as client:
        reports = client["intake"].get_collection("reports", AWARE)
        report = reports.find_one({"reference": reference}, {"submitted_at": 1, "masked": 1})
        if report is None:
            raise UnknownReferenceError(f"Không có phản ánh {reference} (no such report); mã có dạng PA-7F3K-2M")
        # Never the text: an operator follows the way of a report, not what it says.
        cases = list(
            client["escalation"].get_collection("cases", AWARE).find({"report_ids": report["_id"]}, {"text": 0})
        )
        ids = [case["_id"] for case in cases]
        deliveries = list(client["notification"].get_collection("deliveries", AWARE).find({"case_id": {"$in": ids}}))
    return Journey(reference, tuple(stages(report, cases, deliveries, bodies)))


def stages(
    report: Document, cases: Collection[Document], deliveries: Iterable[Document], bodies: Mapping[str, str]
) -> list[Stage]:
    """The steps of a report, in order of cause; of a sealed case only that there is one.

    Each step's time is its own service's, so two that follow at once may differ by the clocks' few milliseconds.
    """
    sent = report["submitted_at"]
    found = [Stage(sent, "gửi", "đã nhận, đã có mã tra cứu"), Stage(sent, "che", _masked(report["masked"]))]
    sealed = {case["_id"] for case in cases if case["sealed"]}
    for case in cases:
        found += [_sealed(case)] if case["_id"] in sealed else [_decided(case), _queued(case, bodies)]
    found += _told([one for one in deliveries if one["case_id"] not in sealed and one.get("delivered_at")])
    return found


def _masked(counts: dict[str, int]) -> str:
    found = ", ".join(f"{count} {PLACEHOLDERS[Kind(kind)]}" for kind, count in counts.items())
    return f"{found}, trước khi lưu" if found else "không có dữ liệu cá nhân"


def _decided(case: Document) -> Stage:
    if not case["grounds"]:
        return Stage(
            case["opened_at"], "việc thường", TOPIC_WORDS[Topic(case["topic"])].lower() if case["topic"] else ""
        )
    grounds = "; ".join(_ground(ground) for ground in case["grounds"])
    return Stage(case["opened_at"], "cần ưu tiên", grounds)


def _ground(ground: Document) -> str:
    words = GROUND_WORDS[Ground(ground["ground"])]
    quotes = ", ".join(f'"{evidence["quote"]}"' for evidence in ground["evidence"])
    return f"{words}, vì {quotes}" if quotes else f"{words}, người gửi báo, chưa xác minh"


def _queued(case: Document, bodies: Mapping[str, str]) -> Stage:
    due = (case.get("due") or {}).get("acknowledge")
    left = f", còn {_span(due - case['opened_at'])}" if due else ""
    return Stage(case["opened_at"], "hàng đợi", f"{bodies.get(case['queue'], case['queue'])}{left}")


def _sealed(case: Document) -> Stage:
    return Stage(case["opened_at"], "giữ kín", "có một vụ việc chỉ cơ quan phụ trách xem được")


def _told(delivered: Iterable[Document]) -> list[Stage]:
    """One step for all who were told together, at the time of the last of them."""
    together: dict[tuple[str, int], list[Document]] = {}
    for one in sorted(delivered, key=lambda one: one["delivered_at"]):
        together.setdefault((one["case_id"], one["level"]), []).append(one)
    return [Stage(group[-1]["delivered_at"], "đã báo người trực", _duties(group)) for group in together.values()]


def _duties(group: Iterable[Document]) -> str:
    return ", ".join(dict.fromkeys(one["duty"] for one in group))


def _span(length: timedelta) -> str:
    minutes = round(length.total_seconds() / 60)
    if minutes < 120:
        return f"{minutes} phút"
    return f"{minutes // 60} giờ" if minutes < 48 * 60 else f"{minutes // (24 * 60)} ngày"
