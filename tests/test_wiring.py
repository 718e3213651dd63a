"""What must agree does: register, code, settings, metrics, routes. A guard for everything that is said twice."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from prometheus_client.metrics import MetricWrapperBase

from deploy.kafka import topics
from shared.contracts.topics import EVENTS_OF
from shared.runtime import metrics
from shared.runtime.kafka import Consumers
from shared.runtime.settings import Settings

ROOT = Path(__file__).parents[1]
SERVICES = ("intake", "classification", "escalation", "notification")
DRIVERS = {"motor", "pymongo"}
STORES = {
    "shared/runtime/mongo.py",
    "shared/runtime/outbox.py",
    "shared/runtime/errors.py",
    "services/intake/submissions.py",
    "services/intake/keys.py",
    "services/escalation/cases.py",
    "services/notification/deliveries.py",
}
PUBLIC = {
    ("intake", "/v1/communes"): "the list of communes is public",
    ("intake", "/v1/reports/{report_id}"): "opened by its receipt: 404 without",
    ("intake", "/v1/reports/{report_id}/withdraw"): "opened by its receipt: 404 without",
    ("intake", "/v1/reports/{report_id}/seen"): "opened by its receipt: 404 without",
}
PROBES = {"/health/live", "/health/ready", "/metrics"}


@pytest.fixture
def local_settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings that every service can be built from; nothing connects while it is built."""
    monkeypatch.setenv("LANGNGHE_SEAL_KEY", "k" * 40)
    return Settings()


def built(service: str, settings: Settings) -> FastAPI:
    app: FastAPI = import_module(f"services.{service}.app").app(settings)
    return app


def routes(app: FastAPI) -> Iterator[APIRoute]:
    return (route for route in app.routes if isinstance(route, APIRoute) and route.path not in PROBES)


def test_the_register_names_the_events_that_the_code_publishes() -> None:
    registered = {
        entry.name: set(entry.events) for entry in topics.load().entries if not entry.name.startswith("dead.")
    }
    coded = {topic: {event.event_name() for event in events} for topic, events in EVENTS_OF.items()}
    assert registered == coded


def test_each_service_consumes_what_the_register_says(
    local_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumed: dict[str, set[str]] = defaultdict(set)

    def note(self: Consumers, topic: str, handlers: Any) -> None:
        consumed[topic].add(self._group)
        assert set(handlers) <= set(EVENTS_OF[topic]), f"{self._group} handles events that are not on {topic}"

    monkeypatch.setattr(Consumers, "consume", note)
    for service in SERVICES:
        built(service, local_settings)
    register = topics.load()
    expected = {
        entry.name: set(entry.consumers) & set(SERVICES)
        for entry in register.entries
        if entry.name.startswith("internal.")
    }
    assert dict(consumed) == expected


def test_every_topic_has_an_owner_and_a_consumer() -> None:
    for entry in topics.load().expanded(["health"]):
        assert entry.owner in SERVICES
        assert entry.consumers
        assert entry.owner in entry.permissions.write


def test_every_setting_is_documented_and_everything_documented_is_a_setting() -> None:
    documented = set(re.findall(r"`(LANGNGHE_[A-Z_]+)`", (ROOT / "README.md").read_text("utf-8")))
    settings = {f"LANGNGHE_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in documented if not name.startswith("LANGNGHE_LOCAL_")} == settings
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize("service", SERVICES)
def test_every_route_asks_who_it_is_unless_it_is_listed_as_public(service: str, local_settings: Settings) -> None:
    app = built(service, local_settings)
    client = TestClient(app)  # not entered: no part starts, so an answer that is given needs no database
    for route in routes(app):
        path = route.path.replace("{report_id}", "6f1f6f0e-5d0b-4c55-8a2f-1b7f3d350000")
        path = re.sub(r"{\w+}", "6f1f6f0e-5d0b-4c55-8a2f-1b7f3d350000", path)
        for method in route.methods:
            status = client.request(method, path).status_code
            expected = {200, 404} if (service, route.path) in PUBLIC else {401}
            assert status in expected, f"{method} {route.path} answers {status} to nobody"


def test_no_metric_is_labelled_by_place_or_person() -> None:
    registered = [metric for metric in vars(metrics).values() if isinstance(metric, MetricWrapperBase)]
    assert len(registered) > 20
    for metric in registered:
        assert metric._documentation
        assert not {"commune", "body", "queue", "sender", "ground", "sealed", "reference"} & set(metric._labelnames)


@pytest.mark.parametrize("service", ["intake", "escalation"])
@pytest.mark.parametrize("name", ["Bình An", "Cô Tô", "Lương Phi", "Dương Đông", "Đào Hữu Cảnh"])
def test_a_services_masker_knows_the_names_of_the_provinces_places(
    service: str, name: str, local_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiring, desks = import_module(f"services.{service}.app"), []
    router = wiring.router
    monkeypatch.setattr(wiring, "router", lambda desk: desks.append(desk) or router(desk))
    built(service, local_settings)
    text = f"{name} ngập ba hôm nay, bà con ở {name} chưa ai tới giúp."
    masked = desks[0].mask(text)
    assert getattr(masked, "text", masked) == text
    assert "Lương Văn Bình" not in str(desks[0].mask(f"{text} Lương Văn Bình kể."))


def test_only_stores_call_the_driver() -> None:
    callers = {
        str(path.relative_to(ROOT))
        for folder in ("services", "shared")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if DRIVERS & {name.split(".")[0] for name in _imported(node)}
    }
    assert callers <= STORES


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_card_tells_what_it_consumes_publishes_and_owns(service: str) -> None:
    card = import_module(f"services.{service}").__doc__ or ""
    assert all(word in card for word in ("consumes", "publishes", "owns", "serves"))
