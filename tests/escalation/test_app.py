"""The wiring: what the service serves, what its roles start, and the settings that it refuses."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from services.escalation.app import app
from services.escalation.clocks import clocks
from services.escalation.officers import OfficersError
from shared.contracts.topics import CASES, CLASSIFICATIONS, DELIVERIES, EVENTS_OF, REPORTS
from shared.runtime.settings import Role, Settings

MONGO = "mongodb://127.0.0.1:1/?directConnection=true"


def settings(**changes: Any) -> Settings:
    return Settings(**{"env": "local", "mongo_url": MONGO, "seal_key": "k" * 32, **changes})


def paths(service: FastAPI) -> set[str]:
    return set(service.openapi()["paths"])


async def test_it_serves_its_routes_where_its_role_is_http() -> None:
    moves = {f"/v1/cases/{{case_id}}/{move}" for move in ("acknowledge", "reply", "resolve", "undo")}
    expected = {"/v1/cases", "/v1/cases/{case_id}", "/v1/queues", *moves}
    probes = {"/health/live", "/health/ready", "/metrics"}
    assert paths(app(settings())) == expected | probes
    assert paths(app(settings(roles=frozenset({Role.EVENTS})))) == probes


async def test_a_key_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="LANGNGHE_SEAL_KEY"):
        app(settings(seal_key="short"))


async def test_seeded_officers_are_refused_on_a_server(tmp_path: Path) -> None:
    with pytest.raises(OfficersError):
        app(settings(env="server", officers_file=tmp_path / "officers.yaml"))


def test_it_publishes_and_consumes_what_its_card_says() -> None:
    import services.escalation as service

    card = service.__doc__ or ""
    for topic in (CLASSIFICATIONS, REPORTS, DELIVERIES, CASES):
        assert topic in card
        assert EVENTS_OF[topic]


async def test_the_clocks_go_on_at_once_while_anybody_is_due() -> None:
    class Sleepers:
        left = 3
        looks = 0

        async def wake(self) -> int:
            self.looks += 1
            self.left = max(self.left - 1, 0)
            return self.left

    sleepers = Sleepers()
    await clocks(sleepers)._step()
    assert sleepers.looks == 3
