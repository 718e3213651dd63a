"""What is accepted as a report, what a resend is, what a report is called."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.report import EVERYWHERE, Sender, Submission, masked_report, receipt_hash, reference
from shared.contracts.events import ReportSubmitted
from shared.contracts.text import LeakingTextError, MaskedText

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
RECEIPT = "q" * 43


def body(**changes: Any) -> dict[str, Any]:
    whole = {"id": str(uuid4()), "receipt": RECEIPT, "commune": "30337", "text": "Nước ngập tới sân nhà dân."}
    return {name: value for name, value in {**whole, **changes}.items() if value is not None}


def test_only_four_fields_are_needed_and_the_rest_has_mild_defaults() -> None:
    submission = Submission.model_validate(body())
    assert (submission.kind, submission.urgency, submission.private) == ("matter", "normal", "no")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": None}, "id"),
        ({"id": "7"}, "id"),
        ({"id": "00000000-0000-1000-8000-000000000000"}, "id"),
        ({"receipt": None}, "receipt"),
        ({"receipt": "short"}, "receipt"),
        ({"receipt": "có dấu" * 10}, "receipt"),
        ({"commune": None}, "commune"),
        ({"commune": "3033"}, "commune"),
        ({"text": None}, "text"),
        ({"text": "ngắn quá"}, "text"),
        ({"text": " " * 50}, "text"),
        ({"text": "a" * 2001}, "text"),
        ({"text": "a" * 9000}, "text"),
        ({"text": "Nước ngập\x00 tới sân nhà."}, "text"),
        ({"text": "Nước ngập\x1b[2J tới sân nhà."}, "text"),
        ({"text": "Nước ngập \u202enâd àhn nâs iớt"}, "text"),
        ({"text": "\u200b" * 40}, "text"),
        ({"place": "ấp\x07"}, "place"),
        ({"place": "x" * 201}, "place"),
        ({"kind": "complaint"}, "kind"),
        ({"urgency": "yesterday"}, "urgency"),
        ({"private": "maybe"}, "private"),
        ({"people_affected": "7"}, "people_affected"),
        ({"occurred_on": "2026-02-30"}, "occurred_on"),
        ({"author": "ai đó"}, "author"),
    ],
)
def test_what_is_wrong_is_refused_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Submission.model_validate(body(**changes))
    assert {error["loc"][0] for error in refused.value.errors()} == {field}


@pytest.mark.parametrize("length", [10, 2000])
def test_the_lengths_at_the_edges_are_accepted(length: int) -> None:
    assert len(Submission.model_validate(body(text="ă" * length)).text) == length


def test_decomposed_letters_count_as_one() -> None:
    assert Submission.model_validate(body(text="e\u0302\u0301" * 10)).text == "ế" * 10


def test_line_breaks_and_tabs_are_text() -> None:
    assert Submission.model_validate(body(text="dòng một\n\tdòng hai")).text == "dòng một\n\tdòng hai"


def test_a_resend_has_the_same_digest_however_it_is_written() -> None:
    whole = body(kind="matter")
    again = dict(reversed(body(id=whole["id"]).items()))
    assert Submission.model_validate(whole).digest() == Submission.model_validate(again).digest()


@pytest.mark.parametrize(
    "changes", [{"text": "Nước ngập tới sân nhà dân!"}, {"commune": "30307"}, {"receipt": "w" * 43}, {"place": "ấp 2"}]
)
def test_other_content_or_another_receipt_has_another_digest(changes: dict[str, Any]) -> None:
    whole = body()
    first, second = Submission.model_validate(whole), Submission.model_validate({**whole, **changes})
    assert first.digest() != second.digest()


@given(st.uuids(version=4), st.integers(0, 3))
def test_a_reference_is_easy_to_read_aloud_and_always_the_same(identity: UUID, attempt: int) -> None:
    name = reference(identity, attempt)
    assert re.fullmatch(r"PA-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}", name)
    assert name == reference(identity, attempt)


@given(st.uuids(version=4))
def test_a_taken_reference_has_a_next_one(identity: UUID) -> None:
    assert reference(identity, 0) != reference(identity, 1)


def test_a_report_keeps_no_receipt_and_no_raw_word() -> None:
    submission = Submission.model_validate(body(text="Gọi số 0912 345 678 giúp tôi với."))
    report = masked_report(
        submission,
        text=MaskedText("Gọi số [số điện thoại] giúp tôi với."),
        masked={"phone": 1},
        place=None,
        origin="commune:30337",
        at=AT,
    )
    kept = str(report.fields())
    assert RECEIPT not in kept
    assert "345" not in kept
    assert report.fields()["receipt_hash"] == receipt_hash(RECEIPT)
    assert isinstance(report.published("/angiang/intake").event.data, ReportSubmitted)


def test_text_that_was_not_masked_is_no_masked_text() -> None:
    with pytest.raises(LeakingTextError):
        MaskedText("Gọi số 0912 345 678 giúp tôi với.")


@pytest.mark.parametrize(
    ("communes", "commune", "may"),
    [({"30337"}, "30337", True), ({"30337"}, "30307", False), ({EVERYWHERE}, "30307", True)],
)
def test_a_key_sends_for_its_communes_alone(communes: set[str], commune: str, may: bool) -> None:
    assert Sender("k", "commune:30337", frozenset(communes)).may_send_for(commune) is may
