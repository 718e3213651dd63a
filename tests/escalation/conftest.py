"""An escalation without Kafka: the province's own policy, the store on a real mongod, the routes in process."""

import asyncio
import hashlib
import socket
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from fastapi import FastAPI

from services.escalation.case import Case, opened
from services.escalation.cases import COLLECTION, Cases
from services.escalation.feeds import Feeds
from services.escalation.http import Desk, router
from services.escalation.notices import NoticeIds
from services.escalation.officers import Officer, Officers
from services.escalation.policy import Policy
from services.escalation.province import load_policy
from shared.contracts.envelope import Event
from shared.contracts.events import Evidence, GroundFinding, Place, ReportClassified, TopicFinding
from shared.contracts.text import MaskedText
from shared.contracts.vocabulary import Ground, Kind, Privacy, Topic, Urgency
from shared.runtime import problems
from shared.runtime.audit import Audit
from shared.runtime.errors import TransientError
from shared.runtime.mongo import Mongo
from shared.runtime.outbox import Outbox
from shared.runtime.settings import Settings
from shared.text.masking import Masker

NOW = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
"""A Monday, 09:30 in the province; the Tuesday after it is a public holiday."""
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
TEXT = "Nước tràn bờ kênh ở ấp Phú Mỹ, cán bộ đòi tiền mới cho tạm trú, hộ nghèo không có chỗ ở."
QUOTES = {ground: f"chứng cứ {number}" for number, ground in enumerate(Ground)}

Classified = Callable[..., Event[ReportClassified]]


def report_id(number: int) -> str:
    return str(UUID(int=number, version=4))


def classified_report(
    grounds: Iterable[Ground] = (),
    *,
    number: int = 1,
    text: str = TEXT,
    topics: Iterable[Topic] = (Topic.ROADS,),
    urgency: Urgency = Urgency.NORMAL,
    private: Privacy = Privacy.NO,
    place: str | None = "ấp Phú Mỹ",
) -> Event[ReportClassified]:
    """An event as classification sends it, each ground with one quotation of its own."""
    data = ReportClassified(
        report_id=report_id(number),
        reference=f"PA-7F3K-{number:02d}",
        kind=Kind.MATTER,
        origin="commune:30334",
        commune="30334",
        place=Place(words=MaskedText(place), candidates=("30334",)) if place else None,
        text=MaskedText(text),
        masked={"phone": 1},
        urgency_claimed=urgency,
        private=private,
        occurred_on=date(2026, 11, 22),
        submitted_at=NOW - timedelta(seconds=1),
        topics=tuple(TopicFinding(topic=topic) for topic in topics),
        grounds=tuple(
            GroundFinding(
                ground=ground,
                evidence=(Evidence(quote=MaskedText(QUOTES[ground]), rule=f"{ground}.1", explanation="Vì sao."),),
            )
            for ground in grounds
        ),
        rules_version="2026-11-23+0123456789ab",
        classified_at=NOW,
    )
    return Event[ReportClassified].of(
        data,
        subject=data.report_id,
        sequence=1,
        time=NOW,
        source="/angiang/classification",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def quotes() -> dict[Ground, str]:
    return QUOTES


@pytest.fixture(scope="session")
def classified() -> Classified:
    return classified_report


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy(Settings().province_dir, ZONE)[0]


@pytest.fixture(scope="session")
def feeds(policy: Policy) -> Feeds:
    return Feeds("/angiang/escalation", "http://console", policy.calendar, NoticeIds("k" * 32))


@pytest.fixture
def danger(policy: Policy) -> Case:
    """A new case in the committee's queue, as it is right after it opened."""
    return opened(policy.cases_for(classified_report([Ground.DANGER_TO_LIFE]), NOW)[0]).case


class Bus:
    """Kafka, answering at once; keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, bytes]] = []
        self.away = False

    async def send(self, topic: str, key: str, value: bytes, timestamp_ms: int) -> None:
        if self.away:
            raise TransientError("away")
        self.sent.append((topic, key, value))

    def on(self, topic: str) -> list[Any]:
        return [httpx.Response(200, content=value).json() for sent_on, _, value in self.sent if sent_on == topic]


class Times:
    """Business time, which a test can move on; leases keep MongoDB's."""

    def __init__(self, mongo: Mongo) -> None:
        self._clock = mongo.clock
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return self._clock.now() + self._ahead

    def later(self, by: timedelta) -> datetime:
        self._ahead += by
        return self.now()


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def mongo(mongo_url: str, mongo_database: str) -> AsyncIterator[Mongo]:
    mongo = Mongo(mongo_url, mongo_database)
    yield mongo
    await mongo.stop()


@pytest.fixture
def times(mongo: Mongo) -> Times:
    return Times(mongo)


@pytest.fixture
async def cases(mongo: Mongo, bus: Bus, feeds: Feeds, policy: Policy, times: Times) -> AsyncIterator[Cases]:
    # Swept in real time, but often: a test should not wait for it.
    outbox = Outbox(mongo, COLLECTION, bus, sweep_every=0.05)
    cases = Cases(mongo, outbox, feeds, policy.calendar, times.now)
    Audit(mongo)
    await mongo.start()
    async with asyncio.timeout(90):
        while not mongo.ready():
            await asyncio.sleep(0.01)
    await outbox.start()
    yield cases
    await outbox.stop()


OFFICERS = {
    "committee": ("Trực ban BCĐ 35", "duty_officer", "steering-committee-35"),
    "civil-defence": ("Trực Phòng thủ dân sự", "duty_officer", "civil-defence"),
    "inspectorate": ("Cán bộ Thanh tra", "case_officer", "inspectorate"),
    "construction": ("Cán bộ Sở Xây dựng", "case_officer", "construction"),
    "auditor": ("Kiểm tra viên", "auditor", None),
    "administrator": ("Quản trị viên", "administrator", None),
}


class Office:
    """Officers at their desks: requests to the routes, each with somebody's key."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, who: str, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, headers={"Authorization": f"Bearer key of {who}"}, **options)

    async def move(
        self, who: str, case: str, move: str, version: int | str | None, body: Any = None, **headers: str
    ) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if version is not None:
            named["If-Match"] = f'"{version}"' if isinstance(version, int) else version
        named["Authorization"] = f"Bearer key of {who}"
        return await self.client.post(f"/v1/cases/{case}/{move}", json=body or {}, headers=named)


def routes(cases: Cases, mongo: Mongo, policy: Policy) -> FastAPI:
    _, bodies = load_policy(Settings().province_dir, ZONE)
    officers = Officers(
        Officer(duty=duty, role=role, body=body, key_sha256=hashlib.sha256(f"key of {who}".encode()).hexdigest())
        for who, (duty, role, body) in OFFICERS.items()
    )
    masker = Masker(["113"])
    desk = Desk(
        cases,
        officers,
        Audit(mongo),
        {slug: body.name for slug, body in bodies.items()},
        policy.calendar,
        lambda words: MaskedText(masker.mask(words).text, ["113"]),
    )
    app = FastAPI()
    app.include_router(router(desk))
    problems.install(app)
    return app


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://escalation")


@pytest.fixture
async def office(cases: Cases, mongo: Mongo, policy: Policy) -> AsyncIterator[Office]:
    async with client_of(routes(cases, mongo, policy)) as client:
        yield Office(client)


@pytest.fixture
async def office_without_mongodb(policy: Policy, feeds: Feeds, bus: Bus) -> AsyncIterator[Office]:
    """Nobody listens where MongoDB should be; the time was known before it went."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        mongo = Mongo(f"mongodb://127.0.0.1:{taken.getsockname()[1]}/?directConnection=true", "nowhere")
        mongo.clock.told(NOW, timedelta(0))
        cases = Cases(mongo, Outbox(mongo, COLLECTION, bus), feeds, policy.calendar, mongo.clock.now)
        async with client_of(routes(cases, mongo, policy)) as client:
            yield Office(client)
        await mongo.stop()
