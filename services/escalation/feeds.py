"""What is told of a case to whom: everything within, references with rounded times to bodies, a bare notice beyond."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.escalation.case import CLOSED, Change, Happening
from services.escalation.notices import Notice, NoticeIds
from services.escalation.working_time import Calendar
from shared.contracts.envelope import Data, Event, Publication
from shared.contracts.events import CaseDismissed, CaseOpened, CaseResolved, Due
from shared.contracts.topics import CASES, body_cases
from shared.contracts.vocabulary import STEERING_COMMITTEE_35, CaseState

HOUR = timedelta(hours=1)
WORDS = ("reply", "question", "reason")
"""Fields of events that hold somebody's words; no feed carries them."""

Floor = Callable[[datetime], datetime]
_CLOSING: dict[CaseState, type[Data]] = {CaseState.RESOLVED: CaseResolved}


@dataclass(frozen=True, slots=True)
class Rounding:
    """Times for a feed: `begin` gives the beginning of the hour or day that holds an instant, `unit` its length."""

    begin: Floor
    unit: timedelta

    def down(self, at: datetime) -> datetime:
        """For what has happened."""
        return self.begin(at)

    def up(self, at: datetime | None) -> datetime | None:
        """For what is due."""
        if at is None or self.begin(at) == at:
            return at
        return self.begin(self.begin(at) + self.unit + self.unit / 2)


@dataclass(frozen=True, slots=True)
class Feeds:
    """Makes the publications of a change. `source` is this service, `address` where officers read cases."""

    source: str
    address: str
    calendar: Calendar
    notice_ids: NoticeIds

    def publications(self, change: Change) -> list[Publication]:
        """What goes on the topics with a change, in order."""
        return [publication for happening in change.happened for publication in self._told(happening)]

    def _told(self, happening: Happening) -> Iterable[Publication]:
        case = happening.case
        yield self._within(happening)
        for body in dict.fromkeys((case.queue, *case.told)):
            yield self._to_body(happening, body)

    def _within(self, happening: Happening) -> Publication:
        data = happening.event.model_validate({**self._facts(happening), **happening.details})
        return self._publication(CASES, data, happening, happening.at, happening.case.traceparent)

    def _to_body(self, happening: Happening, body: str) -> Publication:
        rounding = Rounding(self.calendar.midnight, timedelta(days=1)) if happening.case.sealed else _HOURLY
        facts = self._facts(happening)
        due: Due = facts["due"]
        rounded = Due(**{name: rounding.up(at) for name, at in due})
        details = {name: value for name, value in happening.details.items() if name not in WORDS}
        times = {"due": rounded, "opened_at": rounding.down(facts["opened_at"])}
        data = happening.event.model_validate({**facts, **details, **times})
        return self._publication(body_cases(body), data, happening, rounding.down(happening.at))

    def _facts(self, happening: Happening) -> dict[str, Any]:
        case = happening.case
        return {
            "case_id": case.id,
            "report_ids": case.report_ids,
            "references": case.references,
            "queue": case.queue,
            "lead": case.lead,
            "told": case.told,
            "sealed": case.sealed,
            "grounds": tuple(ground.ground for ground in case.grounds),
            "topic": case.topic,
            "commune": case.commune,
            "unverified": case.unverified,
            "state": case.state,
            "case_version": case.version,
            "due": Due(acknowledge=case.due.acknowledge, act=case.due.act, next=case.due.next),
            "opened_at": case.opened_at,
            "actor": happening.by.role,
            "outcome": case.outcome,
            "link": f"{self.address}/v1/cases/{case.id}",
        }

    def _publication(
        self, topic: str, data: Data, happening: Happening, time: datetime, traceparent: str | None = None
    ) -> Publication:
        case = happening.case
        event: Event[Any] = Event.of(
            data, subject=case.id, sequence=case.sequence, time=time, source=self.source, traceparent=traceparent
        )
        return Publication(topic, case.id, event)

    def notice_of(self, change: Change) -> Notice | None:
        """What the committee may know of a sealed case."""
        case = change.case
        if not case.sealed:
            return None
        state = case.state if case.state in CLOSED else CaseState.NEW
        grounds = tuple(ground.ground for ground in case.grounds)
        return Notice(self.notice_ids.of(case.id), grounds, self.calendar.midnight(case.opened_at), state)

    def told_of_notice(self, notice: Notice, at: datetime) -> Publication:
        """The notice's event in the committee's feed: that there is one, or that it was closed; the day alone."""
        kind = CaseOpened if notice.state is CaseState.NEW else _CLOSING.get(notice.state, CaseDismissed)
        data = kind.model_validate(
            {
                "case_id": notice.id,
                "queue": STEERING_COMMITTEE_35,
                "sealed": True,
                "grounds": notice.grounds,
                "state": notice.state,
                "case_version": notice.version,
                "opened_at": notice.opened_on,
            }
        )
        event: Event[Any] = Event.of(
            data, subject=notice.id, sequence=notice.version, time=self.calendar.midnight(at), source=self.source
        )
        return Publication(body_cases(STEERING_COMMITTEE_35), notice.id, event)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


_HOURLY = Rounding(_hour, HOUR)
