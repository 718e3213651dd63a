"""Which events go on which topic. The register of `deploy/kafka` adds owners, permissions and retention."""

from shared.contracts.envelope import Data
from shared.contracts.events import (
    CASE_EVENTS,
    NotificationDelivered,
    NotificationFailed,
    ReplyDelivered,
    ReportAddedTo,
    ReportClassified,
    ReportDisputed,
    ReportSubmitted,
    ReportWithdrawn,
    TrendPublished,
)

REPORTS = "internal.reports.v1"
CLASSIFICATIONS = "internal.classifications.v1"
CASES = "internal.cases.v1"
DELIVERIES = "internal.deliveries.v1"
TRENDS = "public.trends.v1"
BODY_CASES = "body.{body}.cases.v1"
DEAD_LETTERS = "dead.{group}"

EVENTS_OF: dict[str, tuple[type[Data], ...]] = {
    REPORTS: (ReportSubmitted, ReportAddedTo, ReportWithdrawn, ReportDisputed, ReplyDelivered),
    CLASSIFICATIONS: (ReportClassified,),
    CASES: CASE_EVENTS,
    DELIVERIES: (NotificationDelivered, NotificationFailed),
    BODY_CASES: CASE_EVENTS,
    TRENDS: (TrendPublished,),
}
"""Topic, without the province's prefix, to the events on it."""


def body_cases(body: str) -> str:
    """The feed of one body: `body.steering-committee-35.cases.v1`."""
    return BODY_CASES.format(body=body)


def dead_letters(group: str) -> str:
    """Where what a consumer group could not process waits: `dead.escalation`."""
    return DEAD_LETTERS.format(group=group)


def on_broker(province: str, topic: str) -> str:
    """The topic's name on the broker: `angiang.internal.reports.v1`."""
    return f"{province}.{topic}"
