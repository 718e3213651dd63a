"""A report's way, told from what the three databases keep, without a word of what it says."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.local.trace import UnknownReferenceError, journey, stages

SENT = datetime(2026, 11, 20, 2, 15, tzinfo=UTC)
BODIES = {"steering-committee-35": "Ban Chỉ đạo 35 tỉnh"}


def report(**masked: int) -> dict[str, Any]:
    return {"_id": "r", "submitted_at": SENT, "masked": masked}


def case(**changes: Any) -> dict[str, Any]:
    opened = SENT + timedelta(seconds=0.2)
    evidence = [{"quote": "cuốn trôi", "rule": "x", "explanation": "y"}]
    plain = {
        "_id": "c",
        "queue": "steering-committee-35",
        "sealed": False,
        "topic": "environment",
        "grounds": [{"ground": "danger_to_life", "evidence": evidence}],
        "opened_at": opened,
        "due": {"acknowledge": opened + timedelta(minutes=15)},
    }
    return plain | changes


def delivery(**changes: Any) -> dict[str, Any]:
    at = SENT + timedelta(seconds=0.4)
    return {"case_id": "c", "level": 0, "duty": "Trực ban BCĐ 35", "delivered_at": at} | changes


def told(*arguments: Any) -> list[tuple[str, str]]:
    return [(stage.what, stage.detail) for stage in stages(*arguments, BODIES)]


def test_the_five_steps_of_a_danger() -> None:
    assert told(report(phone=1), [case()], [delivery()]) == [
        ("gửi", "đã nhận, đã có mã tra cứu"),
        ("che", "1 [số điện thoại], trước khi lưu"),
        ("cần ưu tiên", 'nguy hiểm đến tính mạng, vì "cuốn trôi"'),
        ("hàng đợi", "Ban Chỉ đạo 35 tỉnh, còn 15 phút"),
        ("đã báo người trực", "Trực ban BCĐ 35"),
    ]


def test_an_ordinary_case_is_called_so() -> None:
    ordinary = case(grounds=[], topic="roads", due={"acknowledge": SENT + timedelta(days=2, seconds=0.2)})
    assert told(report(), [ordinary], [])[2:] == [
        ("việc thường", "giao thông"),
        ("hàng đợi", "Ban Chỉ đạo 35 tỉnh, còn 2 ngày"),
    ]


def test_the_senders_word_is_marked_as_such() -> None:
    claimed = case(grounds=[{"ground": "danger_to_life", "evidence": [], "unverified": True}])
    assert ("cần ưu tiên", "nguy hiểm đến tính mạng, người gửi báo, chưa xác minh") in told(report(), [claimed], [])


def test_of_a_sealed_case_nothing_is_told_but_that_there_is_one() -> None:
    sealed = case(sealed=True, queue="inspectorate", grounds=[{"ground": "abuse_of_office", "evidence": []}])
    found = told(report(), [sealed], [delivery()])
    assert found[2:] == [("giữ kín", "có một vụ việc chỉ cơ quan phụ trách xem được")]


def test_a_message_on_its_way_is_not_told_as_delivered() -> None:
    waiting = {"case_id": "c", "level": 0, "duty": "x", "state": "pending"}
    assert "đã báo người trực" not in dict(told(report(), [case()], [waiting]))


def test_who_is_told_together_is_one_step_and_the_next_level_another() -> None:
    late = SENT + timedelta(minutes=15)
    command = delivery(duty="Trực ban Phòng thủ dân sự", delivered_at=SENT + timedelta(seconds=0.5))
    found = stages(report(), [case()], [command, delivery(), delivery(level=1, duty="Phó", delivered_at=late)], BODIES)
    assert [(stage.detail, stage.at) for stage in found if stage.what == "đã báo người trực"] == [
        ("Trực ban BCĐ 35, Trực ban Phòng thủ dân sự", SENT + timedelta(seconds=0.5)),
        ("Phó", late),
    ]


def test_an_unknown_reference_is_named(mongo_url: str) -> None:
    with pytest.raises(UnknownReferenceError, match="PA-0000-00"):
        journey(mongo_url, "PA-0000-00", BODIES)
