"""From a case's event to what is planned, without any store."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notification.delivery import Delivery
from services.notification.handlers import handlers
from services.notification.roster import Roster
from shared.contracts.envelope import Data, Event
from shared.contracts.events import (
    CaseAcknowledged,
    CaseDeadlineMissed,
    CaseDismissed,
    CaseErased,
    CaseMerged,
    CaseOpened,
    CaseReplied,
    CaseResolved,
    CaseSealed,
    Due,
)
from shared.contracts.vocabulary import CaseState, Ground, Step, Topic
from shared.runtime.errors import PoisonError
from tests.notification.conftest import AT, CASE

ROSTER = Roster.model_validate(
    {
        body: {
            "duties": [
                {"name": f"{body} {level}", "contacts": [{"channel": channel, "to": "x"} for channel in channels]}
                for level, channels in enumerate((["webhook", "sms"], ["webhook"], ["webhook"]))
            ]
        }
        for body in ("steering-committee-35", "civil-defence", "inspectorate")
    }
)


class Kept:
    """Deliveries in memory, with the rules that the store's own tests prove."""

    def __init__(self) -> None:
        self.added: dict[str, Delivery] = {}
        self.cancelled: list[tuple[str, int]] = []
        self.forgotten: list[tuple[str, int]] = []
        self.woken = 0

    async def add(self, deliveries: Sequence[Delivery]) -> None:
        self.added |= {one.id: one for one in deliveries if one.id not in self.added}

    async def cancel(self, cases: Sequence[tuple[str, int]]) -> None:
        self.cancelled += cases

    async def forget(self, cases: Sequence[tuple[str, int]]) -> None:
        self.forgotten += cases

    def wake(self) -> None:
        self.woken += 1

    def duties(self) -> list[tuple[str, str]]:
        return sorted((one.duty, one.channel) for one in self.added.values())


def event(kind: type[Data], version: int = 1, **changes: Any) -> Event[Any]:
    fields: dict[str, Any] = {
        "case_id": CASE,
        "report_ids": ("0f9a1f8e-0000-4000-8000-000000000002",),
        "references": ("PA-7F3K-2M",),
        "queue": "steering-committee-35",
        "told": ("steering-committee-35", "civil-defence"),
        "sealed": False,
        "grounds": (Ground.DANGER_TO_LIFE,),
        "topic": Topic.ENVIRONMENT,
        "commune": "30463",
        "state": CaseState.NEW,
        "case_version": version,
        "due": Due(acknowledge=AT + timedelta(minutes=15)),
        "opened_at": AT,
    }
    data = kind(**{**fields, **changes})
    return Event[Any].of(data, subject=CASE, sequence=version, time=AT, source="/angiang/escalation")


def sealed(kind: type[Data], version: int = 1, **changes: Any) -> Event[Any]:
    return event(
        kind,
        version,
        queue="inspectorate",
        told=("inspectorate", "steering-committee-35"),
        sealed=True,
        grounds=(Ground.ABUSE_OF_OFFICE,),
        **changes,
    )


async def handle(*events: Event[Any], kept: Kept | None = None) -> Kept:
    kept = kept or Kept()
    registered = handlers(kept, ROSTER, "https://langnghe.example.vn/", kept.wake)
    for one in events:
        await registered[type(one.data)]([one])
    return kept


async def test_a_danger_tells_both_bodies_over_each_channel_of_the_first_duty() -> None:
    kept = await handle(event(CaseOpened))
    assert kept.duties() == [
        ("civil-defence 0", "sms"),
        ("civil-defence 0", "webhook"),
        ("steering-committee-35 0", "sms"),
        ("steering-committee-35 0", "webhook"),
    ]
    assert kept.woken == 1


async def test_an_ordinary_case_tells_its_own_body_once() -> None:
    kept = await handle(event(CaseOpened, grounds=(), told=()))
    assert kept.duties() == [("steering-committee-35 0", "sms"), ("steering-committee-35 0", "webhook")]


async def test_a_repeat_plans_the_same_deliveries() -> None:
    once = await handle(event(CaseOpened))
    twice = await handle(event(CaseOpened), event(CaseOpened))
    assert once.added == twice.added


async def test_a_missed_deadline_tells_its_level() -> None:
    kept = await handle(event(CaseDeadlineMissed, 2, step=Step.ACKNOWLEDGE, level=1))
    assert kept.duties() == [("civil-defence 1", "webhook"), ("steering-committee-35 1", "webhook")]
    assert {one.facts.missed for one in kept.added.values()} == {Step.ACKNOWLEDGE}


@pytest.mark.parametrize("changes", [{"level": 1, "page": False}, {"level": 3}])
async def test_what_does_not_page_and_what_is_above_the_ladder_tells_nobody(changes: dict[str, Any]) -> None:
    assert (await handle(event(CaseDeadlineMissed, 2, step=Step.ACT, **changes))).added == {}


@pytest.mark.parametrize("kind", [CaseAcknowledged, CaseReplied, CaseResolved, CaseDismissed, CaseMerged])
async def test_what_needs_nobody_any_more_cancels_what_came_before(kind: type[Data]) -> None:
    kept = await handle(event(kind, 3))
    assert (kept.cancelled, kept.added) == ([(CASE, 3)], {})


async def test_an_erased_case_is_forgotten() -> None:
    assert (await handle(event(CaseErased, 4))).forgotten == [(CASE, 4)]


async def test_a_sealed_case_tells_its_own_body_alone() -> None:
    kept = await handle(sealed(CaseOpened))
    assert kept.duties() == [("inspectorate 0", "sms"), ("inspectorate 0", "webhook")]


async def test_of_a_sealed_case_nothing_is_kept_but_clock_and_link() -> None:
    missed = sealed(CaseDeadlineMissed, 2, step=Step.ACKNOWLEDGE, level=1)
    kept = await handle(sealed(CaseOpened), missed)
    assert len(kept.added) == 3
    facts = json.dumps([asdict(one.facts) for one in kept.added.values()], default=str)
    assert not any(told in facts for told in ("PA-7F3K-2M", "30463", "abuse_of_office", "environment"))
    assert f"https://langnghe.example.vn/v1/cases/{CASE}" in facts


async def test_a_case_that_is_sealed_is_forgotten_first_and_its_own_body_told() -> None:
    kept = await handle(sealed(CaseSealed, 5))
    assert kept.forgotten == [(CASE, 5)]
    assert kept.duties() == [("inspectorate 0", "sms"), ("inspectorate 0", "webhook")]
    assert {one.case_version for one in kept.added.values()} == {5}


async def test_the_link_of_the_case_is_preferred() -> None:
    kept = await handle(event(CaseOpened, link="https://ban-chi-dao.example.vn/vu-viec/1"))
    assert {one.facts.link for one in kept.added.values()} == {"https://ban-chi-dao.example.vn/vu-viec/1"}


async def test_an_unknown_body_is_poison_after_the_known_ones_were_told() -> None:
    kept = Kept()
    with pytest.raises(PoisonError, match="steering-committee-36"):
        await handle(event(CaseOpened, queue="steering-committee-36", told=("civil-defence",)), kept=kept)
    assert {one.body for one in kept.added.values()} == {"civil-defence"}


def test_handlers_and_pure_files_import_no_store_and_no_driver() -> None:
    folder = Path(handlers.__code__.co_filename).parent
    for name, forbidden in {
        "handlers.py": ("services.notification.deliveries", "motor", "pymongo"),
        "messages.py": ("shared.runtime", "motor", "faststream", "prometheus", "fastapi"),
        "roster.py": ("shared.runtime", "motor", "faststream", "prometheus", "fastapi"),
        "sender.py": ("services.notification.deliveries", "motor", "pymongo"),
    }.items():
        imports = [line for line in (folder / name).read_text("utf-8").splitlines() if line.startswith(("from", "imp"))]
        assert imports
        assert not [line for line in imports for part in forbidden if f" {part}" in line], name
