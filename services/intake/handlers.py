"""What happens to a report's cases goes on the report's own timeline, where its receipt shows it."""

from collections.abc import Sequence
from typing import Any, Protocol

from services.intake.timeline import CaseMove
from shared.contracts.envelope import Data, Event
from shared.contracts.events import CASE_EVENTS, CaseDeadlineMissed, CaseErased, CaseUndone
from shared.runtime.consumption import Handlers

UNTOLD: tuple[type[Data], ...] = (CaseDeadlineMissed, CaseErased, CaseUndone)
"""What the sender is not told: a missed deadline is the province's to mend, an erasure has nothing left to tell, and
what was undone within its ten seconds never reached anybody."""


class Timelines(Protocol):
    """Where the moves of a case are kept for the sender."""

    async def note(self, moves: Sequence[CaseMove]) -> None:
        """Keep each once."""


def handlers(timelines: Timelines) -> Handlers:
    """One function for every case event: the timeline tells them by their names."""

    async def on_case_moved(events: Sequence[Event[Any]]) -> None:
        await timelines.note([move for event in events for move in moves_of(event)])

    return {data: on_case_moved for data in CASE_EVENTS if data not in UNTOLD}


def moves_of(event: Event[Any]) -> list[CaseMove]:
    """The move as each of the case's reports sees it. Of a sealed case its sender sees the state, not the queue."""
    case = event.data
    shown = {
        "state": case.state.value,
        "queue": None if case.sealed else case.queue,
        "sealed": case.sealed,
        "act_by": case.due.act,
        "outcome": case.outcome.value if case.outcome else None,
    }
    return [
        CaseMove(
            report_id=report_id,
            event_id=str(event.id),
            sequence=event.sequence,
            what=case.event_name(),
            at=event.time,
            case_id=case.case_id,
            case=shown,
            reply=getattr(case, "reply", None),
            question=getattr(case, "question", None),
        )
        for report_id in case.report_ids
    ]
