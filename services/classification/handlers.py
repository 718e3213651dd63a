"""A report that was submitted, or added to, is given its topics and grounds."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from shared.contracts.envelope import Event, Publication
from shared.contracts.events import (
    Evidence,
    GroundFinding,
    ReportAddedTo,
    ReportClassified,
    ReportFacts,
    ReportSubmitted,
    TopicFinding,
)
from shared.contracts.text import MaskedText
from shared.contracts.topics import CLASSIFICATIONS
from shared.contracts.vocabulary import Ground, Topic
from shared.runtime.consumption import Handlers
from shared.runtime.metrics import CLASSIFIED_AGE, REPORTS_CLASSIFIED


class Classification(Protocol):
    """What the rules found in one text: findings with `topic` or `ground`, each with `evidence`."""

    @property
    def topics(self) -> Sequence[Any]:
        """Best first; never empty."""

    @property
    def grounds(self) -> Sequence[Any]:
        """Those that hold; often none."""

    @property
    def rules_version(self) -> str:
        """Which rules decided."""


Classify = Callable[[str], Classification]


def handlers(classify: Classify, source: str, now: Callable[[], datetime]) -> Handlers:
    """One decision an event; nothing is stored, so a repeat decides the same again."""

    async def on_report_submitted(events: Sequence[Event[Any]]) -> Sequence[Publication]:
        decided = []
        for event in events:
            decided.append(_decided(event, classify(event.data.text), source, now()))
            # Text work is slow enough for a batch to hold up heartbeats: let others run after each report.
            await asyncio.sleep(0)
        return decided

    return {ReportSubmitted: on_report_submitted, ReportAddedTo: on_report_submitted}


def _decided(event: Event[Any], found: Classification, source: str, at: datetime) -> Publication:
    report = event.data
    REPORTS_CLASSIFIED.inc()
    CLASSIFIED_AGE.observe(max((at - report.submitted_at).total_seconds(), 0))
    data = ReportClassified(
        **{name: getattr(report, name) for name in ReportFacts.model_fields},
        topics=tuple(TopicFinding(topic=Topic(one.topic), evidence=_evidence(one)) for one in found.topics),
        grounds=tuple(GroundFinding(ground=Ground(one.ground), evidence=_evidence(one)) for one in found.grounds),
        rules_version=found.rules_version,
        classified_at=at,
    )
    # The sequence is the causing event's: a repeat of it decides under the same event id.
    said = Event[ReportClassified].of(
        data,
        subject=report.report_id,
        sequence=event.sequence,
        time=at,
        source=source,
        traceparent=event.traceparent,
    )
    return Publication(CLASSIFICATIONS, report.report_id, said)


def _evidence(finding: Any) -> tuple[Evidence, ...]:
    # A quotation of masked text is masked.
    return tuple(
        Evidence(quote=MaskedText.stored(one.quote), rule=one.rule, explanation=one.explanation)
        for one in finding.evidence
    )
