"""One message to one duty over one channel: what the handlers plan, the store keeps and the sender sends."""

from dataclasses import dataclass
from typing import Self
from uuid import uuid5

from services.notification.messages import Facts
from shared.contracts.envelope import NAMESPACE


@dataclass(frozen=True, slots=True)
class Delivery:
    """Its id is derived, so that a repeated event plans the same delivery. Whom it reaches stands in the roster."""

    id: str
    case_id: str
    case_version: int
    """Of the event that planned it: only a later event can make it needless."""
    event_id: str
    body: str
    duty: str
    level: int
    channel: str
    facts: Facts
    attempts: int = 0
    """How often it was claimed for sending; the present claim counts."""

    @property
    def rank(self) -> int:
        """What leaves first: 0 a new matter with priority, 1 a reminder of one, 2 everything else."""
        if not (self.facts.grounds or self.facts.sealed):
            return 2
        return 0 if self.level == 0 else 1

    @classmethod
    def planned(
        cls,
        *,
        event_id: str,
        case_id: str,
        case_version: int,
        body: str,
        duty: str,
        level: int,
        channel: str,
        facts: Facts,
    ) -> Self:
        """A delivery that nobody has tried yet."""
        identity = str(uuid5(NAMESPACE, f"{event_id}/{duty}/{level}/{channel}"))
        return cls(identity, case_id, case_version, event_id, body, duty, level, channel, facts)
