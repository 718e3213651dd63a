"""A real gateway on this machine, a real store, and cases to tell about."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from services.notification.deliveries import Deliveries
from services.notification.delivery import Delivery
from services.notification.messages import Facts
from shared.contracts.vocabulary import Ground
from shared.runtime.mongo import Mongo
from shared.runtime.outbox import Outbox

AT = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)
"""03:00 of the next day in the province."""
HANG = 0


async def eventually(condition: Callable[[], Any], within: float = 15.0) -> None:
    """Wait until `condition` holds."""
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.01)


@dataclass
class Gateway:
    """What a provider saw, and what it answers: one status a request, in order, then `default`; `HANG` never."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    default: int = 202
    received: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.received]


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """A provider on a free port."""
    seen = Gateway()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.headers.append(dict(self.headers))
            seen.received.append((self.headers.get("Idempotency-Key", ""), body))
            answer = seen.answers.pop(0) if seen.answers else seen.default
            if answer == HANG:
                seen.released.wait(60)
                return
            self.send_response(answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    seen.url = f"http://127.0.0.1:{server.server_port}/tin"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield seen
    seen.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


class Bus:
    """Keeps what the outbox publishes."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any]]] = []

    async def send(self, topic: str, key: str, value: bytes, timestamp_ms: int) -> None:
        self.sent.append((topic, key, json.loads(value)))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for _, _, event in self.sent if event["type"] == f"vn.langnghe.{kind}.v1"]


@dataclass
class Store:
    """The store under test, with the parts around it."""

    mongo: Mongo
    bus: Bus
    deliveries: Deliveries

    @property
    def documents(self) -> Any:
        return self.mongo.collection("deliveries")

    async def states(self) -> list[str]:
        return sorted([one["state"] async for one in self.documents.find()])

    def advance(self, by: timedelta) -> None:
        self.mongo.clock.told(self.mongo.clock.now() + by, timedelta(0))


@pytest.fixture
async def store(mongo_url: str, mongo_database: str) -> AsyncIterator[Store]:
    """An empty store on a real MongoDB; its outbox publishes to a bus that keeps everything."""
    mongo, bus = Mongo(mongo_url, mongo_database), Bus()
    outbox = Outbox(mongo, "deliveries", bus)
    deliveries = Deliveries(mongo, outbox, "/angiang/notification")
    await mongo.start()
    await eventually(mongo.ready)
    await outbox.start()
    yield Store(mongo, bus, deliveries)
    await outbox.stop()
    await mongo.stop()


CASE = "0f9a1f8e-0000-4000-8000-000000000001"


def delivery(number: int = 1, **changes: Any) -> Delivery:
    """A planned delivery; another number, another event."""
    fields: dict[str, Any] = {
        "event_id": f"event-{number}",
        "case_id": CASE,
        "case_version": 1,
        "body": "steering-committee-35",
        "duty": "Trực ban BCĐ 35",
        "level": 0,
        "channel": "webhook",
        "facts": Facts(AT, "http://127.0.0.1/cases/1", reference="PA-7F3K-2M", grounds=(Ground.DISASTER,)),
    }
    return Delivery.planned(**{**fields, **changes})
