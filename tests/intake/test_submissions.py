"""The store of reports on a real mongod: durable once, whatever is sent again, found by its receipt alone."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.intake import report as naming
from services.intake.report import Report
from services.intake.submissions import COLLECTION, Submissions
from services.intake.timeline import CaseMove
from shared.contracts.envelope import Event
from shared.contracts.events import ReportSubmitted, ReportWithdrawn
from shared.runtime.mongo import Mongo

Make = Callable[..., Report]


async def test_what_is_added_is_there_with_the_event_it_causes(
    submissions: Submissions, mongo: Mongo, a_report: Make
) -> None:
    report = a_report()
    stored = await submissions.add(report)
    document = await mongo.collection(COLLECTION).find_one({"_id": report.id})
    assert stored.same
    assert document["reference"] == stored.document["reference"]
    event = Event[ReportSubmitted].read(document["outbox"][0]["value"])
    assert (event.sequence, event.data.text, event.data.masked) == (1, "Nước ngập tới sân nhà dân.", {"phone": 1})


async def test_the_same_again_is_one_report_and_other_content_is_refused(
    submissions: Submissions, mongo: Mongo, a_report: Make
) -> None:
    identity, receipt = str(uuid4()), "r" * 43
    same = {"id": identity, "receipt": receipt}
    results = await asyncio.gather(*(submissions.add(a_report(**same)) for _ in range(50)))
    other = await submissions.add(a_report(**same, text="Một chuyện khác hẳn với chuyện trước."))
    assert all(result.same for result in results)
    assert not other.same
    assert await mongo.collection(COLLECTION).count_documents({}) == 1


async def test_many_at_once_are_all_there(submissions: Submissions, mongo: Mongo, a_report: Make) -> None:
    reports = [a_report() for _ in range(500)]
    await asyncio.gather(*map(submissions.add, reports))
    assert await mongo.collection(COLLECTION).count_documents({}) == 500


async def test_a_reference_that_is_taken_gives_way_to_the_next(
    submissions: Submissions, mongo: Mongo, a_report: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(naming, "reference", lambda _identity, attempt=0: f"PA-0000-{attempt:02d}")
    results = await asyncio.gather(*(submissions.add(a_report()) for _ in range(4)))
    assert sorted(result.document["reference"] for result in results) == [f"PA-0000-{n:02d}" for n in range(4)]


async def test_only_the_receipt_opens_a_report(submissions: Submissions, a_report: Make) -> None:
    report = a_report(receipt="r" * 43)
    await submissions.add(report)
    assert await submissions.find(report.id, "r" * 43)
    assert await submissions.find(report.id, "s" * 43) is None
    assert await submissions.find(str(uuid4()), "r" * 43) is None


def move(report_id: str, sequence: int, what: str, state: str, **words: Any) -> CaseMove:
    return CaseMove(
        report_id=report_id,
        event_id=f"{report_id}/{sequence}",
        sequence=sequence,
        what=what,
        at=datetime(2026, 11, 20, 9, tzinfo=UTC) + timedelta(minutes=sequence),
        case_id="c1",
        case={"state": state},
        **words,
    )


async def test_moves_are_kept_once_and_the_latest_state_stands(submissions: Submissions, a_report: Make) -> None:
    report = a_report(receipt="r" * 43)
    await submissions.add(report)
    opened = move(report.id, 1, "case-opened", "new")
    replied = move(report.id, 3, "case-replied", "replied", reply="Đã sửa.")
    acknowledged = move(report.id, 2, "case-acknowledged", "acknowledged")
    await submissions.note([opened, replied])
    await submissions.note([acknowledged, replied])  # late, and again
    document = await submissions.find(report.id, "r" * 43)
    assert document
    assert document["cases"]["c1"]["state"] == "replied"
    assert sorted(entry["what"] for entry in document["timeline"]) == [
        "case-acknowledged",
        "case-opened",
        "case-replied",
    ]
    assert [reply["text"] for reply in document["replies"]] == ["Đã sửa."]


async def test_a_withdrawal_erases_the_words_and_says_so(
    submissions: Submissions, mongo: Mongo, a_report: Make
) -> None:
    report = a_report(receipt="r" * 43)
    await submissions.add(report)
    await submissions.note([move(report.id, 1, "case-replied", "replied", reply="Đã sửa.")])
    document = await submissions.find(report.id, "r" * 43)
    assert document
    await asyncio.gather(submissions.withdraw(document), submissions.withdraw(document))
    await submissions.note([move(report.id, 2, "case-replied", "replied", reply="Trả lời đến muộn.")])
    after = await mongo.collection(COLLECTION).find_one({"_id": report.id})
    assert (after["text"], after["replies"]) == ("", [])
    assert await mongo.collection("withdrawals").count_documents({"_id": report.id}) == 1
    said = [Event[ReportWithdrawn].read(entry["value"]) for entry in after["outbox"][1:]]
    assert [(event.type, event.sequence) for event in said] == [("vn.langnghe.report-withdrawn.v1", 2)]


CASE = "00000000-0000-4000-8000-00000000000c"


def reply(report_id: str, sequence: int, text: str) -> CaseMove:
    return replace(move(report_id, sequence, "case-replied", "replied", reply=text), case_id=CASE)


async def test_a_withdrawal_is_not_lost_beside_another_word_of_the_phone(
    submissions: Submissions, mongo: Mongo, a_report: Make
) -> None:
    report = a_report(receipt="r" * 43)
    await submissions.add(report)
    await submissions.note([reply(report.id, 1, "Đã sửa.")])
    document = await submissions.find(report.id, "r" * 43)
    assert document
    await asyncio.gather(*(submissions.seen(document, CASE) for _ in range(3)), submissions.withdraw(document))
    after = await mongo.collection(COLLECTION).find_one({"_id": report.id})
    assert (after["text"], after["replies"]) == ("", [])
    said = [(json.loads(entry["value"])["type"], json.loads(entry["value"])["sequence"]) for entry in after["outbox"]]
    assert [sequence for _, sequence in said] == list(range(1, len(said) + 1))
    assert [kind for kind, _ in said].count("vn.langnghe.report-withdrawn.v1") == 1
    assert [kind for kind, _ in said].count("vn.langnghe.reply-delivered.v1") <= 1


async def test_a_reply_that_comes_while_another_is_shown_is_kept_and_unseen(
    submissions: Submissions, mongo: Mongo, a_report: Make
) -> None:
    report = a_report(receipt="r" * 43)
    await submissions.add(report)
    await submissions.note([reply(report.id, 1, "Một.")])
    document = await submissions.find(report.id, "r" * 43)
    await submissions.note([reply(report.id, 2, "Hai.")])
    assert document
    await submissions.seen(document, CASE)
    after = await mongo.collection(COLLECTION).find_one({"_id": report.id})
    assert [(kept["text"], "seen_at" in kept) for kept in after["replies"]] == [("Một.", True), ("Hai.", False)]
