"""A case's event becomes messages to whoever is on duty, or makes those still waiting needless."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import structlog

from services.notification.delivery import Delivery
from services.notification.messages import Facts
from shared.contracts.envelope import Event
from shared.contracts.events import (
    CaseAcknowledged,
    CaseDeadlineMissed,
    CaseDismissed,
    CaseErased,
    CaseFacts,
    CaseMerged,
    CaseOpened,
    CaseReplied,
    CaseResolved,
    CaseSealed,
)
from shared.runtime.consumption import Handlers
from shared.runtime.errors import PoisonError
from shared.runtime.metrics import NOTIFICATIONS

log = structlog.get_logger()


CaseAt = tuple[str, int]
"""A case's id and its version at an event. A repeat of the event must not undo what later ones planned."""


class Deliveries(Protocol):
    """Where planned deliveries are kept."""

    async def add(self, deliveries: Sequence[Delivery]) -> None:
        """Keep those that are not there yet; durable on return."""

    async def cancel(self, cases: Sequence[CaseAt]) -> None:
        """Send nothing more of what was planned for these cases before these versions of theirs."""

    async def forget(self, cases: Sequence[CaseAt]) -> None:
        """Cancel, and erase what the messages would have said."""


class Duty(Protocol):
    """A rung of a ladder."""

    @property
    def name(self) -> str:
        """As everybody else knows it."""

    @property
    def channels(self) -> tuple[str, ...]:
        """How it is reached."""


class Roster(Protocol):
    """Who is on duty."""

    @property
    def bodies(self) -> frozenset[str]:
        """The bodies with a ladder."""

    def on_duty(self, body: str, level: int) -> Duty | None:
        """The duty at a level, or nothing above the ladder."""


def handlers(deliveries: Deliveries, roster: Roster, public_url: str, wake: Callable[[], None]) -> Handlers:
    """Handlers only insert and cancel; the sender, which `wake` calls, sends."""

    async def tell(levels: Sequence[tuple[Event[Any], int]]) -> None:
        await deliveries.add([one for event, level in levels for one in planned(event, level, roster, public_url)])
        wake()
        # Only now: whoever can be told of a danger is told, also where another body is unknown.
        _refuse_unknown([event for event, _ in levels], roster)

    async def on_case_opened(events: Sequence[Event[CaseOpened]]) -> None:
        await tell([(event, 0) for event in events])

    async def on_case_deadline_missed(events: Sequence[Event[CaseDeadlineMissed]]) -> None:
        # After an outage every missed step is recorded, and only the highest pages.
        await tell([(event, event.data.level) for event in events if event.data.page])

    async def on_case_acknowledged(events: Sequence[Event[Any]]) -> None:
        await deliveries.cancel(_cases(events))

    async def on_case_sealed(events: Sequence[Event[CaseSealed]]) -> None:
        # Whoever was told of the open case is told nothing more; its own body learns of the sealed one.
        await deliveries.forget(_cases(events))
        await tell([(event, 0) for event in events])

    async def on_case_erased(events: Sequence[Event[CaseErased]]) -> None:
        await deliveries.forget(_cases(events))

    # Answered or closed in whatever way, nobody needs to be paged for it any more.
    settled = (CaseAcknowledged, CaseReplied, CaseResolved, CaseDismissed, CaseMerged)
    return {
        CaseOpened: on_case_opened,
        CaseDeadlineMissed: on_case_deadline_missed,
        CaseSealed: on_case_sealed,
        CaseErased: on_case_erased,
        **dict.fromkeys(settled, on_case_acknowledged),
    }


def planned(event: Event[Any], level: int, roster: Roster, public_url: str) -> Iterator[Delivery]:
    """One delivery for each channel of the duty at `level`, in every body told; above a ladder's last rung none."""
    case: CaseFacts = event.data
    for body in _told(case):
        if body not in roster.bodies:
            continue
        duty = roster.on_duty(body, level)
        if duty is None:
            # An operator is alerted; nobody is paged again.
            NOTIFICATIONS.labels("ladder_ended").inc()
            log.error("ladder.ended", case_id=case.case_id, level=level)
            continue
        for channel in duty.channels:
            yield Delivery.planned(
                event_id=str(event.id),
                case_id=case.case_id,
                case_version=case.case_version,
                body=body,
                duty=duty.name,
                level=level,
                channel=channel,
                facts=facts_of(event, public_url),
            )


def facts_of(event: Event[Any], public_url: str) -> Facts:
    """What a message about this event may say. A sealed case gives its clock and its link, nothing else."""
    case: CaseFacts = event.data
    link = case.link or f"{public_url.rstrip('/')}/v1/cases/{case.case_id}"
    missed = case.step if isinstance(case, CaseDeadlineMissed) else None
    if case.sealed:
        return Facts(event.time, link, sealed=True, due=case.due.acknowledge, missed=missed)
    return Facts(
        event.time,
        link,
        reference=case.references[0] if case.references else None,
        grounds=case.grounds,
        topic=case.topic,
        commune=case.commune,
        unverified=case.unverified,
        due=case.due.acknowledge,
        missed=missed,
    )


def _told(case: CaseFacts) -> tuple[str, ...]:
    """A sealed case is its own body's alone; of any other, those told together."""
    return (case.queue,) if case.sealed else tuple(dict.fromkeys((case.queue, *case.told)))


def _refuse_unknown(events: Sequence[Event[Any]], roster: Roster) -> None:
    """Raises `PoisonError` for a body without a roster: the event waits among the dead letters for a replay."""
    unknown = {body for event in events for body in _told(event.data)} - roster.bodies
    if unknown:
        raise PoisonError("unknown_body", f"{', '.join(sorted(unknown))}: add it to roster.yaml and replay")


def _cases(events: Sequence[Event[Any]]) -> list[CaseAt]:
    return [(event.data.case_id, event.data.case_version) for event in events]
