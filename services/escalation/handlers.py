"""A classified report becomes a case in the queue of whoever must answer it; withdrawals and deliveries find it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from services.escalation.case import Case
from services.escalation.entries import Delivery
from shared.contracts.envelope import Event
from shared.contracts.events import NotificationDelivered, NotificationFailed, ReportClassified, ReportWithdrawn
from shared.runtime.consumption import Handlers


class Cases(Protocol):
    """Where cases are kept."""

    def now(self) -> datetime:
        """The time at which a case opens."""

    async def open_all(self, cases: Sequence[Case]) -> None:
        """Put cases in their queues, once."""

    async def withdraw(self, report_id: str, withdrawn_at: datetime) -> None:
        """Erase a report's words and close its cases."""

    async def note_deliveries(self, deliveries: Sequence[tuple[str, Delivery]]) -> None:
        """Keep how telling a duty went, beside its case's id, once."""

    async def hasten(self, identity: str, failed_level: int) -> None:
        """Bring the ladder's next step forward, once."""


class Policy(Protocol):
    """Who must answer what."""

    def cases_for(self, event: Event[ReportClassified], now: datetime) -> list[Case]:
        """The cases of a report."""


def on_classifications(cases: Cases, policy: Policy) -> Handlers:
    """For `internal.classifications.v1`."""

    async def on_report_classified(events: Sequence[Event[ReportClassified]]) -> None:
        # Opening twice is harmless: a case's id is its report's and its lead's.
        now = cases.now()
        await cases.open_all([case for event in events for case in policy.cases_for(event, now)])

    return {ReportClassified: on_report_classified}


def on_reports(cases: Cases) -> Handlers:
    """For `internal.reports.v1`."""

    async def on_report_withdrawn(events: Sequence[Event[ReportWithdrawn]]) -> None:
        for event in events:
            await cases.withdraw(event.data.report_id, event.data.withdrawn_at)

    return {ReportWithdrawn: on_report_withdrawn}


def on_deliveries(cases: Cases) -> Handlers:
    """For `internal.deliveries.v1`."""

    async def on_notification_delivered(events: Sequence[Event[NotificationDelivered]]) -> None:
        await cases.note_deliveries(
            [_noted(event, "delivered", event.data.delivered_at) for event in events],
        )

    async def on_notification_failed(events: Sequence[Event[NotificationFailed]]) -> None:
        await cases.note_deliveries(
            [_noted(event, "failed", event.data.failed_at, event.data.reason) for event in events]
        )
        for event in events:
            await cases.hasten(event.data.case_id, event.data.level)

    return {NotificationDelivered: on_notification_delivered, NotificationFailed: on_notification_failed}


def _noted(
    event: Event[NotificationDelivered] | Event[NotificationFailed],
    result: str,
    at: datetime,
    reason: str | None = None,
) -> tuple[str, Delivery]:
    said = event.data
    delivery = Delivery(
        id=str(event.id),
        delivery_id=said.delivery_id,
        result=result,
        duty=said.duty,
        level=said.level,
        channel=said.channel,
        attempts=said.attempts,
        at=at,
        reason=reason,
    )
    return said.case_id, delivery
