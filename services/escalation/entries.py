"""What a case is made of: its grounds and topics, its clocks, and what happened to it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator

from shared.contracts.text import MaskedText
from shared.contracts.vocabulary import ActorRole, Ground, Outcome, Step, Topic


def _stored(text: Any) -> Any:
    return MaskedText.stored(text) if isinstance(text, str) else text


Text = Annotated[MaskedText, BeforeValidator(_stored)]
"""Masked text that a document may give back: what is stored was checked when it was made."""


class Move(StrEnum):
    """What an officer can do to a case."""

    ACKNOWLEDGE = "acknowledge"
    REPLY = "reply"
    RESOLVE = "resolve"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of the masked text that a rule matched, which rule, and what it means to an officer."""

    quote: Text
    rule: str
    explanation: str


@dataclass(frozen=True, slots=True)
class CaseGround:
    """Why the case cannot wait. `unverified`: the sender says so, and no rule found it."""

    ground: Ground
    evidence: tuple[Evidence, ...] = ()
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class CaseTopic:
    """What the report speaks of, with the words that show it."""

    topic: Topic
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class CasePlace:
    """The sender's masked words for where it was, and the communes that they may mean."""

    words: Text
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class By:
    """Who makes a move: a role and the name of a duty, never a person's."""

    role: ActorRole
    duty: str


SYSTEM = By(ActorRole.SYSTEM, "hệ thống")
SENDER = By(ActorRole.SENDER, "người gửi")


@dataclass(frozen=True, slots=True)
class Clocks:
    """When the case must have been acknowledged and acted upon. A clock that was kept or stopped is None."""

    acknowledge: datetime | None = None
    act: datetime | None = None

    @property
    def next(self) -> datetime | None:
        """The first of them to run out, or to have run out."""
        return min((at for at in (self.acknowledge, self.act) if at), default=None)


@dataclass(frozen=True, slots=True)
class Alarm:
    """A step of the ladder: at this instant the people of `level` are told that a clock has run out."""

    step: Step
    level: int
    at: datetime
    rung: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, under the id of the event that says so."""

    id: str
    kind: str
    at: datetime
    role: ActorRole
    duty: str
    about: Mapping[str, str | int | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer on its way to the sender; its text is erased with the case."""

    id: str
    at: datetime
    role: ActorRole
    duty: str
    text: Text | None


@dataclass(frozen=True, slots=True)
class Pending:
    """A move that takes effect at `effective_at` unless it is undone before."""

    move: Move
    by: By
    at: datetime
    effective_at: datetime
    text: Text | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How telling a duty went, under the id of the event that says so."""

    id: str
    delivery_id: str
    result: str
    duty: str
    level: int
    channel: str
    attempts: int
    at: datetime
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a write with an Idempotency-Key was answered, so that its repeat is answered the same."""

    key: str
    digest: str
    version: int
    state: str
    due: Clocks
    pending: tuple[tuple[Move, datetime], ...] = ()
