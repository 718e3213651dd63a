"""A case on its way to an answer: the moves that each state allows, its clocks, and what each change tells others."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.escalation.entries import (
    SENDER,
    SYSTEM,
    Alarm,
    Answered,
    By,
    CaseGround,
    CasePlace,
    CaseTopic,
    Clocks,
    Delivery,
    Entry,
    Move,
    Pending,
    Reply,
    Text,
)
from shared.contracts.envelope import Data, event_id
from shared.contracts.events import (
    CaseAcknowledged,
    CaseDeadlineMissed,
    CaseDismissed,
    CaseErased,
    CaseOpened,
    CaseReplied,
    CaseResolved,
    CaseUndone,
)
from shared.contracts.text import MaskedText
from shared.contracts.vocabulary import CaseState, Kind, Outcome, Step, Topic, Urgency

UNDO_WINDOW = timedelta(seconds=10)
"""How long a reply and a resolution wait, so that a slip can be taken back before anybody sees it."""

REMEMBERED = 20
"""Writes whose answers are kept for a repeat of the same Idempotency-Key."""

MOVES: Mapping[CaseState, tuple[Move, ...]] = {
    CaseState.NEW: (Move.ACKNOWLEDGE,),
    CaseState.ACKNOWLEDGED: (Move.REPLY,),
    CaseState.REPLIED: (Move.REPLY, Move.RESOLVE),
}
"""What an officer can do in each state; in the others, nothing."""

CLOSED = frozenset({CaseState.RESOLVED, CaseState.DISMISSED, CaseState.MERGED})

NO_CLOCKS = Clocks()

_LEADS_TO = {Move.REPLY: CaseState.REPLIED, Move.RESOLVE: CaseState.RESOLVED}


class NotAllowedError(Exception):
    """The case's state does not allow this move; `allowed` are those that it does."""

    def __init__(self, move: Move, state: CaseState, allowed: tuple[Move, ...]) -> None:
        super().__init__(f"{move} is not allowed while {state}; allowed: {', '.join(allowed) or 'none'}")
        self.move, self.state, self.allowed = move, state, allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One matter in one body's queue. `version` counts writes, `sequence` the events that were said of it."""

    id: str
    report_ids: tuple[str, ...]
    references: tuple[str, ...]
    queue: str
    lead: str
    told: tuple[str, ...]
    sealed: bool
    grounds: tuple[CaseGround, ...] = ()
    topic: Topic | None = None
    topics: tuple[CaseTopic, ...] = ()
    commune: str | None = None
    place: CasePlace | None = None
    text: Text | None = None
    masked: Mapping[str, int] = field(default_factory=dict)
    kind: Kind = Kind.MATTER
    urgency_claimed: Urgency = Urgency.NORMAL
    people_affected: str | None = None
    occurred_on: str | None = None
    submitted_at: datetime
    opened_at: datetime
    rules_version: str
    traceparent: str | None = None
    state: CaseState = CaseState.NEW
    outcome: Outcome | None = None
    version: int = 1
    sequence: int = 0
    due: Clocks = NO_CLOCKS
    alarms: tuple[Alarm, ...] = ()
    pending: tuple[Pending, ...] = ()
    history: tuple[Entry, ...] = ()
    replies: tuple[Reply, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    answered: tuple[Answered, ...] = ()
    erased_at: datetime | None = None

    @property
    def unverified(self) -> bool:
        """Whether some of its grounds stand on the sender's word alone."""
        return any(ground.unverified for ground in self.grounds)

    @property
    def closed(self) -> bool:
        """Whether nothing more is to be done."""
        return self.state in CLOSED

    @property
    def wakes_at(self) -> datetime | None:
        """When it changes by itself. What waits for its ten seconds holds the alarms: it may stop them."""
        if self.pending:
            return self.pending[0].effective_at
        return min((alarm.at for alarm in self.alarms if not alarm.rung), default=None)

    @property
    def coming_state(self) -> CaseState:
        """The state once everything pending has taken effect."""
        return _LEADS_TO[self.pending[-1].move] if self.pending else self.state

    def allowed(self, at: datetime) -> tuple[Move, ...]:
        """The moves that an officer can make now, judged on the state that is coming."""
        undo = (Move.UNDO,) if self.pending and self.pending[-1].effective_at > at else ()
        return (*MOVES.get(self.coming_state, ()), *undo)

    def last_act(self) -> Entry | Pending:
        """The latest that happened to it, made or pending."""
        acts: list[Entry | Pending] = [*self.history, *self.pending]
        return max(acts, key=lambda act: act.at)


@dataclass(frozen=True, slots=True)
class Happening:
    """One event: the case as it was right after it, when, by whom, and the event's own fields."""

    event: type[Data]
    case: Case
    at: datetime
    by: By
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A case after one write, and what is to be told of it."""

    case: Case
    happened: tuple[Happening, ...] = ()

    def then(
        self, event: type[Data], at: datetime, by: By, details: Mapping[str, Any] | None = None, **changes: Any
    ) -> "Change":
        """Go on: change the case, number the event, keep it in the history without its words."""
        about = {key: _plain(value) for key, value in (details or {}).items() if not isinstance(value, MaskedText)}
        sequence = self.case.sequence + 1
        identity = str(event_id(self.case.id, event.event_type(), sequence))
        kind = event.event_name().removeprefix("case-")
        entry = Entry(identity, kind, at, by.role, by.duty, about)
        case = replace(self.case, sequence=sequence, history=(*self.case.history, entry), **changes)
        return Change(case, (*self.happened, Happening(event, case, at, by, details or {})))


def opened(case: Case) -> Change:
    """A case that policy made is in its queue from now on."""
    return Change(case).then(CaseOpened, case.opened_at, SYSTEM)


def acknowledge(case: Case, by: By, at: datetime) -> Change:
    """An officer takes notice: the first clock stops."""
    _require(Move.ACKNOWLEDGE, case, at)
    clocks = replace(case.due, acknowledge=None)
    alarms = tuple(alarm for alarm in case.alarms if alarm.step is not Step.ACKNOWLEDGE)
    return _written(case).then(CaseAcknowledged, at, by, state=CaseState.ACKNOWLEDGED, due=clocks, alarms=alarms)


def reply(case: Case, by: By, text: MaskedText, at: datetime) -> Change:
    """Answer the sender, in ten seconds."""
    _require(Move.REPLY, case, at)
    return _waits(case, Pending(Move.REPLY, by, at, at + UNDO_WINDOW, text=text))


def resolve(case: Case, by: By, outcome: Outcome, at: datetime) -> Change:
    """Close the case with what became of it, in ten seconds; a reply has been given, or waits before it."""
    _require(Move.RESOLVE, case, at)
    return _waits(case, Pending(Move.RESOLVE, by, at, at + UNDO_WINDOW, outcome=outcome))


def undo(case: Case, by: By, at: datetime) -> Change:
    """Take back the latest move that still waits."""
    _require(Move.UNDO, case, at)
    details = {"undone": case.pending[-1].move.value}
    return _written(case).then(CaseUndone, at, by, details, pending=case.pending[:-1])


def advance(case: Case, at: datetime) -> Change:
    """What time alone brings: pending moves take effect in their order, then alarms ring; only the highest pages."""
    change = _written(case)
    while change.case.pending and change.case.pending[0].effective_at <= at:
        change = _effect(change, change.case.pending[0], at)
    if change.case.pending:
        return change
    due = sorted((alarm for alarm in change.case.alarms if not alarm.rung and alarm.at <= at), key=lambda a: a.at)
    highest = max(due, key=lambda alarm: (alarm.level, alarm.at), default=None)
    for alarm in due:
        change = _ring(change, alarm, at, page=alarm is highest)
    return change


def hasten(case: Case, failed_level: int, at: datetime) -> Change:
    """Nobody of `failed_level` could be told: the ladder's next step is due at once. Doing it twice changes nothing."""
    change = _written(case)
    running = _running_ladder(case, failed_level)
    following = [alarm for alarm in case.alarms if alarm.step is running and alarm.level == failed_level + 1]
    for alarm in following:
        if not alarm.rung:
            change = _ring(change, alarm, at, page=True)
    return change


def withdraw(case: Case, at: datetime) -> Change:
    """The sender took the report back: every word goes, and an open case closes."""
    change = _written(case)
    if case.erased_at:
        return change
    if not case.closed:
        closed: dict[str, Any] = {"state": CaseState.DISMISSED, "outcome": Outcome.WITHDRAWN, **_stopped()}
        change = change.then(CaseDismissed, at, SENDER, pending=(), **closed)
    wordless: dict[str, Any] = {
        "text": None,
        "place": None,
        "grounds": tuple(replace(ground, evidence=()) for ground in case.grounds),
        "topics": tuple(replace(topic, evidence=()) for topic in case.topics),
        "replies": tuple(replace(reply, text=None) for reply in case.replies),
    }
    return change.then(CaseErased, at, SENDER, erased_at=at, **wordless)


def remembering(change: Change, answered: Answered) -> Change:
    """Keep what this write was answered, among the latest."""
    case = replace(change.case, answered=(*change.case.answered, answered)[-REMEMBERED:])
    return replace(change, case=case)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, StrEnum) else value


def _require(move: Move, case: Case, at: datetime) -> None:
    allowed = case.allowed(at)
    if move not in allowed:
        raise NotAllowedError(move, case.coming_state, allowed)


def _written(case: Case) -> Change:
    return Change(replace(case, version=case.version + 1))


def _waits(case: Case, pending: Pending) -> Change:
    change = _written(case)
    return Change(replace(change.case, pending=(*case.pending, pending)))


def _effect(change: Change, pending: Pending, at: datetime) -> Change:
    rest = {"pending": change.case.pending[1:], **_stopped()}
    if pending.move is Move.RESOLVE:
        details: dict[str, Any] = {"outcome": pending.outcome}
        return change.then(
            CaseResolved, at, pending.by, details, state=CaseState.RESOLVED, outcome=pending.outcome, **rest
        )
    sequence = change.case.sequence + 1
    identity = str(event_id(change.case.id, CaseReplied.event_type(), sequence))
    said = Reply(identity, at, pending.by.role, pending.by.duty, pending.text)
    replies = (*change.case.replies, said)
    details = {"reply": pending.text}
    return change.then(CaseReplied, at, pending.by, details, state=CaseState.REPLIED, replies=replies, **rest)


def _ring(change: Change, alarm: Alarm, at: datetime, *, page: bool) -> Change:
    alarms = tuple(replace(other, rung=True) if other == alarm else other for other in change.case.alarms)
    details = {"step": alarm.step, "level": alarm.level, "page": page}
    return change.then(CaseDeadlineMissed, at, SYSTEM, details, alarms=alarms)


def _running_ladder(case: Case, failed_level: int) -> Step | None:
    """Which clock's people were being told: the first while it runs; the second once its own step has rung."""
    if case.due.acknowledge:
        return Step.ACKNOWLEDGE
    acting = {alarm.level for alarm in case.alarms if alarm.step is Step.ACT and alarm.rung}
    return Step.ACT if failed_level in acting else None


def _stopped() -> dict[str, Any]:
    return {"due": NO_CLOCKS, "alarms": ()}
