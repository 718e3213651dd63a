"""The state machine: what each state allows, what waits ten seconds, and what must hold after any moves at any time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.escalation import case as moves
from services.escalation.case import UNDO_WINDOW, Case, Change, NotAllowedError
from services.escalation.documents import changed, to_case, to_document
from services.escalation.entries import By, Move
from services.escalation.policy import Policy
from shared.contracts.events import (
    CaseAcknowledged,
    CaseDeadlineMissed,
    CaseDismissed,
    CaseErased,
    CaseReplied,
    CaseResolved,
    CaseUndone,
)
from shared.contracts.text import MaskedText
from shared.contracts.vocabulary import ActorRole, CaseState, Ground, Outcome, Step

OFFICER = By(ActorRole.DUTY_OFFICER, "Trực ban BCĐ 35")
ANSWER = MaskedText("Đội cứu hộ đã tới, bà con đã an toàn.")
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def make(move: Move, case: Case, at: datetime) -> Change:
    if move is Move.ACKNOWLEDGE:
        return moves.acknowledge(case, OFFICER, at)
    if move is Move.REPLY:
        return moves.reply(case, OFFICER, ANSWER, at)
    if move is Move.RESOLVE:
        return moves.resolve(case, OFFICER, Outcome.DONE, at)
    return moves.undo(case, OFFICER, at)


def events(change: Change) -> list[Any]:
    return [happening.event for happening in change.happened]


@pytest.fixture
def stages(danger: Case, now: datetime) -> dict[str, Case]:
    """The case at each stage of its way, all at `now`."""
    acknowledged = moves.acknowledge(danger, OFFICER, now).case
    replying = moves.reply(acknowledged, OFFICER, ANSWER, now).case
    replied = moves.advance(replying, now + UNDO_WINDOW).case
    resolving = moves.resolve(replied, OFFICER, Outcome.DONE, now).case
    return {
        "new": danger,
        "acknowledged": acknowledged,
        "replying": replying,
        "replied": replied,
        "both waiting": moves.resolve(replying, OFFICER, Outcome.DONE, now).case,
        "resolving": resolving,
        "resolved": moves.advance(resolving, now + UNDO_WINDOW).case,
        "withdrawn": moves.withdraw(danger, now).case,
    }


ALLOWED = {
    "new": {Move.ACKNOWLEDGE},
    "acknowledged": {Move.REPLY},
    "replying": {Move.REPLY, Move.RESOLVE, Move.UNDO},
    "replied": {Move.REPLY, Move.RESOLVE},
    "both waiting": {Move.UNDO},
    "resolving": {Move.UNDO},
    "resolved": set(),
    "withdrawn": set(),
}


@pytest.mark.parametrize("stage", ALLOWED)
@pytest.mark.parametrize("move", Move)
def test_what_each_stage_allows(stages: dict[str, Case], now: datetime, stage: str, move: Move) -> None:
    case = stages[stage]
    assert set(case.allowed(now)) == ALLOWED[stage]
    if move in ALLOWED[stage]:
        assert make(move, case, now).case.version == case.version + 1
    else:
        with pytest.raises(NotAllowedError) as refused:
            make(move, case, now)
        assert set(refused.value.allowed) == ALLOWED[stage]


def test_acknowledging_stops_the_first_clock_alone(danger: Case, now: datetime) -> None:
    change = moves.acknowledge(danger, OFFICER, now)
    assert events(change) == [CaseAcknowledged]
    assert (change.case.due.acknowledge, change.case.due.act) == (None, danger.due.act)
    assert change.case.due.next == change.case.wakes_at == danger.due.act
    entry = change.case.history[-1]
    assert (entry.kind, entry.role, entry.duty, entry.at) == ("acknowledged", OFFICER.role, OFFICER.duty, now)


def test_a_reply_waits_ten_seconds_and_then_stops_every_clock(stages: dict[str, Case], now: datetime) -> None:
    change = moves.reply(stages["acknowledged"], OFFICER, ANSWER, now)
    assert (events(change), change.case.state, change.case.replies) == ([], CaseState.ACKNOWLEDGED, ())
    assert change.case.wakes_at == now + UNDO_WINDOW
    early = moves.advance(change.case, now + UNDO_WINDOW - SECOND)
    assert events(early) == []
    effect = moves.advance(change.case, now + UNDO_WINDOW)
    assert events(effect) == [CaseReplied]
    assert effect.happened[0].details["reply"] == ANSWER
    assert [reply.text for reply in effect.case.replies] == [ANSWER]
    assert effect.case.replies[0].id == effect.case.history[-1].id
    assert (effect.case.state, effect.case.due.next, effect.case.wakes_at) == (CaseState.REPLIED, None, None)
    assert ANSWER not in repr(effect.case.history)


def test_reply_and_resolution_wait_together_and_take_effect_in_order(stages: dict[str, Case], now: datetime) -> None:
    effect = moves.advance(stages["both waiting"], now + UNDO_WINDOW)
    assert events(effect) == [CaseReplied, CaseResolved]
    assert [happening.case.state for happening in effect.happened] == [CaseState.REPLIED, CaseState.RESOLVED]
    assert [happening.case.sequence for happening in effect.happened] == [3, 4]
    assert (effect.case.outcome, effect.case.pending) == (Outcome.DONE, ())


def test_undo_takes_back_the_latest_first(stages: dict[str, Case], now: datetime) -> None:
    first = moves.undo(stages["both waiting"], OFFICER, now + SECOND)
    assert events(first) == [CaseUndone]
    assert first.happened[0].details == {"undone": "resolve"}
    second = moves.undo(first.case, OFFICER, now + 2 * SECOND)
    assert second.case.pending == ()
    assert second.case.wakes_at == stages["acknowledged"].wakes_at
    assert Move.UNDO not in second.case.allowed(now + 2 * SECOND)


def test_after_ten_seconds_nothing_is_undone(stages: dict[str, Case], now: datetime) -> None:
    with pytest.raises(NotAllowedError):
        moves.undo(stages["replying"], OFFICER, now + UNDO_WINDOW)


def test_a_deadline_within_the_ten_seconds_of_a_reply_is_kept(stages: dict[str, Case], now: datetime) -> None:
    acknowledged = stages["acknowledged"]
    assert acknowledged.due.act
    sent = acknowledged.due.act - SECOND
    waiting = moves.reply(acknowledged, OFFICER, ANSWER, sent).case
    assert events(moves.advance(waiting, sent + 5 * SECOND)) == []
    assert events(moves.advance(waiting, sent + UNDO_WINDOW)) == [CaseReplied]
    undone = moves.undo(waiting, OFFICER, sent + SECOND).case
    assert events(moves.advance(undone, sent + 5 * SECOND)) == [CaseDeadlineMissed]


def test_each_missed_step_is_told_once_and_the_highest_pages(danger: Case, now: datetime) -> None:
    first = moves.advance(danger, now + 15 * MINUTE)
    assert [happening.details for happening in first.happened] == [{"step": Step.ACKNOWLEDGE, "level": 1, "page": True}]
    assert first.case.due == danger.due
    assert first.case.wakes_at == now + 30 * MINUTE
    after_outage = moves.advance(first.case, now + 70 * MINUTE)
    told = [(one.details["step"], one.details["level"], one.details["page"]) for one in after_outage.happened]
    assert told == [(Step.ACKNOWLEDGE, 2, False), (Step.ACKNOWLEDGE, 3, True), (Step.ACT, 1, False)]
    assert events(moves.advance(after_outage.case, now + 70 * MINUTE)) == []


def test_after_the_last_step_it_rests(danger: Case, now: datetime) -> None:
    late = moves.advance(danger, now + timedelta(days=2))
    assert len(late.happened) == 6
    assert sum(happening.details["page"] for happening in late.happened) == 1
    assert late.case.wakes_at is None
    assert late.case.due.next == danger.due.acknowledge


def test_acknowledgement_cancels_the_rest_of_its_ladder(danger: Case, now: datetime) -> None:
    late = moves.advance(danger, now + 15 * MINUTE).case
    acknowledged = moves.acknowledge(late, OFFICER, now + 16 * MINUTE).case
    assert events(moves.advance(acknowledged, now + 59 * MINUTE)) == []
    assert events(moves.advance(acknowledged, now + 60 * MINUTE)) == [CaseDeadlineMissed]


def test_a_failed_page_brings_the_next_step_forward_once(danger: Case, now: datetime) -> None:
    hastened = moves.hasten(danger, 0, now)
    assert [happening.details for happening in hastened.happened] == [
        {"step": Step.ACKNOWLEDGE, "level": 1, "page": True}
    ]
    assert events(moves.hasten(hastened.case, 0, now)) == []
    assert events(moves.advance(hastened.case, now + 15 * MINUTE)) == []
    assert [one.details["level"] for one in moves.hasten(hastened.case, 1, now).happened] == [2]


def test_a_failed_page_about_what_was_taken_up_brings_nothing(stages: dict[str, Case], now: datetime) -> None:
    assert events(moves.hasten(stages["acknowledged"], 0, now)) == []
    assert events(moves.hasten(stages["resolved"], 0, now)) == []
    late = moves.advance(stages["acknowledged"], now + 60 * MINUTE).case
    assert [one.details for one in moves.hasten(late, 1, now).happened] == [
        {"step": Step.ACT, "level": 2, "page": True}
    ]


@pytest.mark.parametrize("stage", ["new", "acknowledged", "replying", "replied", "both waiting", "resolving"])
def test_a_withdrawal_erases_every_word_and_closes(stages: dict[str, Case], now: datetime, stage: str) -> None:
    change = moves.withdraw(stages[stage], now)
    assert events(change) == [CaseDismissed, CaseErased]
    assert (change.case.state, change.case.outcome) == (CaseState.DISMISSED, Outcome.WITHDRAWN)
    assert change.case.wakes_at is None
    said = repr(change.case)
    for word in ("ấp Phú Mỹ", "bờ kênh", "chứng cứ", ANSWER):
        assert word not in said
    assert events(moves.withdraw(change.case, now)) == []


def test_a_withdrawal_of_what_was_resolved_erases_alone(stages: dict[str, Case], now: datetime) -> None:
    change = moves.withdraw(stages["resolved"], now)
    assert (events(change), change.case.state) == ([CaseErased], CaseState.RESOLVED)


acts = st.lists(st.tuples(st.sampled_from([*Move, "advance", "hasten", "withdraw"]), st.integers(0, 1500)), max_size=25)


@settings(deadline=None)
@given(acts=acts)
def test_whatever_is_done_whenever(
    acts: list[tuple[Any, int]], policy: Policy, classified: Callable[..., Any], now: datetime
) -> None:
    case = moves.opened(policy.cases_for(classified([Ground.DANGER_TO_LIFE]), now)[0]).case
    at, sequences = now, [1]
    for act, seconds in acts:
        at += timedelta(seconds=seconds)
        if isinstance(act, Move) and act not in case.allowed(at):
            with pytest.raises(NotAllowedError):
                make(act, case, at)
            continue
        change = _done(act, case, at)
        sequences += [happening.case.sequence for happening in change.happened]
        assert change.case.version == case.version + 1
        assert {entry.id for entry in case.history} <= {entry.id for entry in change.case.history}
        case = change.case
        _holds(case)
        assert to_case(to_document(case)) == case
    assert sequences == list(range(1, len(sequences) + 1))
    assert len({entry.id for entry in case.history}) == len(case.history) == len(sequences)


def _done(act: Any, case: Case, at: datetime) -> Change:
    if act == "advance":
        return moves.advance(case, at)
    if act == "hasten":
        return moves.hasten(case, 0, at)
    return moves.withdraw(case, at) if act == "withdraw" else make(act, case, at)


def _holds(case: Case) -> None:
    if case.closed:
        assert case.wakes_at is None
        assert case.due.next is None
        assert case.outcome
    if case.state is CaseState.RESOLVED:
        assert case.replies
    if case.state is not CaseState.NEW:
        assert case.due.acknowledge is None
    assert sorted(waits.effective_at for waits in case.pending) == [waits.effective_at for waits in case.pending]


def test_a_document_holds_what_the_store_looks_for(danger: Case) -> None:
    document = to_document(danger)
    assert document["_id"] == danger.id
    assert document["due"]["next"] == document["wakes_at"] == danger.due.acknowledge
    assert "phu my" in document["finds"]
    assert "7f3k 01" in document["finds"]
    assert not any("kenh" in start for start in document["finds"])
    assert TypeAdapter(dict[str, Any]).dump_json(document)


def test_a_write_sets_only_what_changed(danger: Case, now: datetime) -> None:
    change = moves.acknowledge(danger, OFFICER, now)
    assert set(changed(danger, change.case)) == {"state", "version", "sequence", "due", "alarms", "history", "wakes_at"}
