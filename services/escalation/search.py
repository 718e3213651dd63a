"""What an officer looks for in the queues, and the filter that finds it."""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from services.escalation.case import CLOSED
from services.escalation.documents import EPOCH, Document, sought
from shared.contracts.vocabulary import CaseState, Ground, Topic

_OPEN = {"$nin": sorted(CLOSED)}


class Lateness(StrEnum):
    """Which clocks: those that have run out, or those that will before the day ends."""

    LATE = "late"
    TODAY = "today"


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page ended: the next begins behind it."""

    opened_at: datetime
    identity: str

    @classmethod
    def read(cls, words: str) -> Self:
        """Raises `ValueError` for anything that no page gave out."""
        try:
            at, identity = json.loads(base64.urlsafe_b64decode(words.encode()))
            # To UTC here already: an instant at the end of time cannot be told in another zone.
            return cls(datetime.fromisoformat(at).astimezone(UTC), str(UUID(identity)))
        except (binascii.Error, UnicodeError, TypeError, ValueError, AttributeError) as error:
            raise ValueError("not a cursor") from error
        except (OverflowError, RecursionError) as error:
            raise ValueError("not a cursor") from error

    def __str__(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.opened_at.isoformat(), self.identity]).encode()).decode()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks: an officer of a body."""

    body: str

    def filter(self) -> Document:
        """What there is for them; to the committee also the notices of sealed cases, which stand in its queue."""
        return {"$or": [{"queue": self.body}, {"told": self.body}]}


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of a page; None does not filter."""

    queue: str | None = None
    state: CaseState | None = None
    due: Lateness | None = None
    ground: Ground | None = None
    topic: Topic | None = None
    commune: str | None = None
    q: str | None = None
    after: Cursor | None = None

    def filter(self, now: datetime, midnight: datetime) -> Document:
        """For the store; `midnight` ends the local day."""
        plain: Document = {
            "queue": self.queue,
            "state": self.state.value if self.state else None,
            "grounds.ground": self.ground.value if self.ground else None,
            "topic": self.topic.value if self.topic else None,
            "commune": self.commune,
        }
        terms = [{name: value} for name, value in plain.items() if value is not None]
        return {"$and": [*terms, *self._due(now, midnight), *self._finds(), *self._behind(), {}]}

    def _due(self, now: datetime, midnight: datetime) -> list[Document]:
        if self.due is Lateness.LATE:
            return [{"due.next": {"$gt": EPOCH, "$lte": now}, "state": _OPEN}]
        if self.due is Lateness.TODAY:
            return [{"due.next": {"$gt": now, "$lte": midnight}, "state": _OPEN}]
        return []

    def _finds(self) -> list[Document]:
        words = sought(self.q or "")
        return [{"finds": {"$regex": f"^{re.escape(words)}"}}] if words else []

    def _behind(self) -> list[Document]:
        if self.after is None:
            return []
        at, identity = self.after.opened_at, self.after.identity
        return [{"opened_at": {"$lte": at}, "$or": [{"opened_at": {"$lt": at}}, {"_id": {"$lt": identity}}]}]


def end_of_day(midnight: datetime) -> datetime:
    """The end of the day that began at `midnight`; there is no summer time."""
    return midnight + timedelta(days=1)


def queue_counts(rows: Sequence[Document], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The counts of each queue in `names` (slug to name), by state and lateness."""
    return [_queue(slug, name, [row for row in rows if row["queue"] == slug]) for slug, name in names.items()]


def _queue(slug: str, name: str, rows: list[Document]) -> dict[str, Any]:
    by_state = {row["state"]: row["cases"] for row in rows}
    return {
        "queue": slug,
        "name": name,
        "open": sum(count for state, count in by_state.items() if state not in CLOSED),
        "unacknowledged": by_state.get(CaseState.NEW, 0),
        "late": sum(row["late"] for row in rows),
        "by_state": by_state,
    }
