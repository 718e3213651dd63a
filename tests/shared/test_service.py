"""A service starts while everything it needs is away, tells the truth about it, and ends when only that helps."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from pydantic import ValidationError
from pymongo.errors import BulkWriteError

from shared.contracts.events import ReportWithdrawn
from shared.runtime import loops
from shared.runtime import service as runtime
from shared.runtime.body import limited_body
from shared.runtime.errors import TransientError, describe, origin
from shared.runtime.kafka import Consumers, Publisher
from shared.runtime.loops import Loop
from shared.runtime.mongo import Mongo
from shared.runtime.service import Watchdog, service
from shared.runtime.settings import Settings


class Bulb:
    """A part whose state the test sets."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lit = True
        self.well = True
        self.log: list[str] = []

    async def start(self) -> None:
        self.log.append("start")

    async def stop(self) -> None:
        self.log.append("stop")

    def ready(self) -> bool:
        return self.lit

    def alive(self) -> bool:
        return self.well


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://service")


@pytest.fixture
async def bulb() -> Bulb:
    return Bulb("bulb")


@pytest.fixture
async def client(bulb: Bulb) -> AsyncIterator[httpx.AsyncClient]:
    router = APIRouter()

    @router.get("/away")
    async def away() -> None:
        raise TransientError("gone")

    @router.get("/broken/{thing}")
    async def broken(thing: str) -> None:
        raise RuntimeError(f"a secret of {thing}")

    app = service("test", Settings(), [bulb], needs=[bulb], routers=[router])
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield client


async def test_probes_tell_what_is_waited_for_and_what_is_dead(client: httpx.AsyncClient, bulb: Bulb) -> None:
    assert (await client.get("/health/ready")).status_code == 200
    bulb.lit = bulb.well = False
    ready, live = await client.get("/health/ready"), await client.get("/health/live")
    assert (ready.status_code, ready.json()) == (503, {"ready": False, "waits_for": ["bulb"]})
    assert (live.status_code, live.json()) == (503, {"live": False, "dead": ["bulb"]})


async def test_something_away_is_503_with_a_time_to_wait(client: httpx.AsyncClient) -> None:
    response = await client.get("/away")
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")


async def test_a_failure_tells_nothing_of_its_cause(client: httpx.AsyncClient) -> None:
    response = await client.get("/broken/Nguyen")
    assert response.status_code == 500
    assert "secret" not in response.text
    metrics = (await client.get("/metrics")).text
    assert 'route="/broken/{thing}",service="test",status="500"' in metrics
    assert "Nguyen" not in metrics


async def test_a_failure_reaches_the_server_without_its_words() -> None:
    async def fails(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("Nước lũ tràn đê")

    async def unused(*_: Any) -> None:
        raise AssertionError("not called")

    await runtime.wordless(fails)({"type": "http"}, unused, unused)
    with pytest.raises(RuntimeError):
        await runtime.wordless(fails)({"type": "lifespan"}, unused, unused)


def test_an_error_is_described_by_its_kind_and_place_alone() -> None:
    with pytest.raises(BulkWriteError) as failed:
        raise BulkWriteError({"writeErrors": [{"op": {"text": "Nước lũ tràn đê"}}]})
    assert describe(failed.value) == "BulkWriteError"
    assert re.fullmatch(r"test_service\.py:\d+", origin(failed.value))
    with pytest.raises(ValidationError) as refused:
        ReportWithdrawn.model_validate({"report_id": "Nước lũ tràn đê"})
    assert "lũ" not in describe(refused.value)
    assert "lũ" not in str(refused.value)


async def test_parts_stop_in_the_reverse_order_of_their_start() -> None:
    order: list[str] = []
    first, second = Bulb("first"), Bulb("second")
    first.log = second.log = order
    app = service("test", Settings(), [first, second], needs=[])
    async with app.router.lifespan_context(app):
        assert order == ["start", "start"]
    assert order == ["start", "start", "stop", "stop"]


async def test_a_service_starts_at_once_while_kafka_and_mongodb_are_away() -> None:
    mongo = Mongo("mongodb://127.0.0.1:1/?directConnection=true", "nowhere")
    publisher = Publisher("127.0.0.1:1", "nowhere")
    consumers = Consumers("127.0.0.1:1", "nowhere", "nobody", publisher)
    consumers.consume("things.v1", {})
    parts: list[Any] = [mongo, publisher, consumers]
    app = service("test", Settings(), parts, needs=parts)
    async with asyncio.timeout(5), app.router.lifespan_context(app), client_of(app) as client:
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).json()["waits_for"] == ["mongodb", "kafka", "consumers"]


async def test_a_part_that_stays_dead_ends_the_process(bulb: Bulb, monkeypatch: pytest.MonkeyPatch) -> None:
    signals: list[tuple[int, int]] = []
    monkeypatch.setattr(runtime, "DEAD_AFTER", -1)
    monkeypatch.setattr(runtime, "LAST_RESORT", 3600)
    monkeypatch.setattr(os, "kill", lambda *told: signals.append(told))
    watchdog = Watchdog([bulb])
    await watchdog.look()
    assert signals == []
    bulb.well = False
    await watchdog.look()
    assert signals == [(os.getpid(), signal.SIGTERM)]


async def test_a_loop_survives_its_failures_and_backs_off() -> None:
    rounds = 0
    thrice = asyncio.Event()

    async def step() -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            thrice.set()
        raise RuntimeError("again")

    loop = Loop("test", step, every=0)
    await loop.start()
    await asyncio.wait_for(thrice.wait(), 5)
    assert loop.alive()
    await loop.stop()
    assert not loop.alive()


async def test_a_part_that_cannot_stop_keeps_no_other_from_stopping() -> None:
    class Stubborn(Bulb):
        async def stop(self) -> None:
            raise RuntimeError("no")

    first = Bulb("first")
    app = service("test", Settings(), [first, Stubborn("second")], needs=[])
    async with app.router.lifespan_context(app):
        pass
    assert first.log == ["start", "stop"]


async def test_what_fails_is_logged_without_what_was_being_written(capsys: pytest.CaptureFixture[str]) -> None:
    router = APIRouter()

    @router.get("/refused")
    async def refused() -> None:
        raise BulkWriteError({"writeErrors": [{"code": 121, "op": {"text": "Nước lũ tràn đê"}}]})

    app = service("test", Settings(), [], needs=[], routers=[router])
    async with client_of(app) as client:
        assert (await client.get("/refused")).status_code == 500
    logged = capsys.readouterr()
    assert "BulkWriteError" in logged.out + logged.err
    assert "lũ" not in logged.out + logged.err


async def test_a_sender_that_is_gone_is_no_failure_of_ours() -> None:
    router = APIRouter()

    @router.post("/send")
    async def send(request: Request) -> None:
        await limited_body(request)

    app = service("test", Settings(), [], needs=[], routers=[router])
    came = [{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}]
    answers: list[Any] = []

    async def receive() -> Any:
        return came.pop(0)

    async def answer(message: Any) -> None:
        answers.append(message)

    scope = {"type": "http", "method": "POST", "path": "/send", "headers": [], "query_string": b"", "root_path": ""}
    await app(scope, receive, answer)
    assert answers[0]["status"] == 400


async def test_a_loop_ends_although_its_step_swallows_a_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "CANCEL_AGAIN", 0.05)
    began = asyncio.Event()
    swallowed = 0

    async def step() -> None:
        # As aiokafka's client does while it closes.
        nonlocal swallowed
        began.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            swallowed += 1
            if swallowed > 2:
                raise

    loop = Loop("test", step, every=0)
    await loop.start()
    await began.wait()
    async with asyncio.timeout(5):
        await loop.stop()
    assert (loop.alive(), swallowed) == (False, 3)
