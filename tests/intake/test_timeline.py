"""What the holder of a receipt sees, and what a case event means for it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.handlers import UNTOLD, handlers, moves_of
from services.intake.timeline import PROGRESS, WORDS, CaseMove, shown
from shared.contracts.envelope import Event
from shared.contracts.events import CASE_EVENTS, CaseDeadlineMissed, CaseOpened, CaseReplied
from shared.contracts.text import MaskedText
from shared.contracts.vocabulary import CaseState, Ground, Topic

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
CASE, FIRST, SECOND = (f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))


def document(states: list[str], **more: Any) -> dict[str, Any]:
    cases = {f"c{number}": {"state": state, "sequence": 1} for number, state in enumerate(states)}
    whole = {"_id": FIRST, "reference": "PA-0000-00", "kind": "matter", "commune": "30337", "text": "…", "masked": {}}
    lists: dict[str, Any] = {"timeline": [], "replies": [], "questions": [], "submitted_at": AT}
    return {**whole, **lists, "cases": cases, **more}


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([], "received"),
        (["new"], "queued"),
        (["acknowledged"], "acknowledged"),
        (["replied", "new"], "queued"),
        (["resolved", "replied"], "replied"),
        (["resolved", "resolved"], "resolved"),
    ],
)
def test_a_report_stands_where_its_slowest_case_stands(states: list[str], state: str) -> None:
    assert shown(document(states))["state"] == state


def test_a_withdrawn_report_says_so() -> None:
    assert shown(document(["new"], withdrawn_at=AT))["state"] == "withdrawn"


def test_every_state_and_every_told_event_has_its_words() -> None:
    assert set(PROGRESS) == set(CaseState)
    assert {data.event_name() for data in CASE_EVENTS if data not in UNTOLD} <= set(WORDS)


def event(data: Any) -> Event[Any]:
    return Event.of(data, subject=CASE, sequence=2, time=AT, source="/angiang/escalation")


def facts(**changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "case_id": CASE,
        "report_ids": (FIRST, SECOND),
        "queue": "health",
        "sealed": False,
        "grounds": (Ground.PUBLIC_HEALTH,),
        "topic": Topic.HEALTH,
        "state": CaseState.REPLIED,
        "case_version": 2,
        "opened_at": AT,
    }
    return {**whole, **changes}


def test_a_move_is_told_to_each_of_the_cases_reports() -> None:
    moves = moves_of(event(CaseReplied(**facts(), reply=MaskedText("Đã phun thuốc."))))
    assert [move.report_id for move in moves] == [FIRST, SECOND]
    assert {(move.what, move.reply, move.case["queue"]) for move in moves} == {
        ("case-replied", "Đã phun thuốc.", "health")
    }


def test_of_a_sealed_case_the_sender_sees_the_state_and_not_the_queue() -> None:
    [move, _] = moves_of(event(CaseOpened(**facts(sealed=True, queue="inspectorate"))))
    assert (move.case["queue"], move.case["sealed"], move.case["state"]) == (None, True, "replied")


async def test_handlers_read_every_case_event_that_is_told() -> None:
    noted: list[CaseMove] = []

    class Timelines:
        async def note(self, moves: Any) -> None:
            noted.extend(moves)

    reading = handlers(Timelines())
    assert set(reading) == set(CASE_EVENTS) - set(UNTOLD)
    assert CaseDeadlineMissed not in reading
    await reading[CaseOpened]([event(CaseOpened(**facts()))])
    assert len(noted) == 2
