"""A real intake without Kafka: its stores on a real mongod, its routes called in process."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from services.intake.http import Desk, router
from services.intake.keys import Keys
from services.intake.places import Gazetteer
from services.intake.report import Report, Submission, masked_report
from services.intake.submissions import COLLECTION, Submissions
from shared.contracts.text import MaskedText
from shared.runtime import problems
from shared.runtime.errors import TransientError
from shared.runtime.mongo import Mongo
from shared.runtime.outbox import Outbox
from shared.runtime.province import Province, place_tables
from shared.runtime.settings import Settings
from shared.text.masking import Masker

SOURCE = "/angiang/intake"


class NoBus:
    """Kafka is away."""

    async def send(self, *_: Any) -> None:
        raise TransientError("away")


@pytest.fixture
async def mongo(mongo_url: str, mongo_database: str) -> AsyncIterator[Mongo]:
    mongo = Mongo(mongo_url, mongo_database)
    yield mongo
    await mongo.stop()


@pytest.fixture
async def submissions(mongo: Mongo) -> Submissions:
    submissions = Submissions(mongo, Outbox(mongo, COLLECTION, NoBus()), SOURCE)
    await _started(mongo)
    return submissions


@pytest.fixture
async def keys(mongo: Mongo) -> Keys:
    return Keys(mongo)


@pytest.fixture
def settings() -> Settings:
    return Settings()


@pytest.fixture
async def desk(submissions: Submissions, keys: Keys, settings: Settings) -> Desk:
    here = Province.load(settings.province_dir)
    places = Gazetteer(*place_tables(settings.province_dir))
    masker = Masker(here.numbers, places=here.place_names)
    return Desk(submissions, keys, places, masker.mask, here.numbers, per_minute=1000)


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(router(desk))
    problems.install(app)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        yield client


@pytest.fixture
async def key(keys: Keys) -> str:
    return await keys.issue(["30337"], "UBND xã")


async def _started(mongo: Mongo) -> None:
    await mongo.start()
    async with asyncio.timeout(90):
        while not mongo.ready():
            await asyncio.sleep(0.02)


@pytest.fixture
def a_body() -> Callable[..., dict[str, Any]]:
    """Makes the body of a good report; give what differs."""

    def make(**changes: Any) -> dict[str, Any]:
        whole = {
            "id": str(uuid4()),
            "receipt": uuid4().hex + uuid4().hex,
            "commune": "30337",
            "text": "Nước ngập tới sân nhà dân, gọi 0912 345 678.",
        }
        return {name: value for name, value in {**whole, **changes}.items() if value is not None}

    return make


@pytest.fixture
def a_report(a_body: Callable[..., dict[str, Any]]) -> Callable[..., Report]:
    """Makes a masked report; give what differs in its body."""

    def make(**changes: Any) -> Report:
        submission = Submission.model_validate(a_body(**changes))
        return masked_report(
            submission,
            text=MaskedText("Nước ngập tới sân nhà dân."),
            masked={"phone": 1},
            place=None,
            origin="commune:30337",
            at=datetime(2026, 11, 20, 8, tzinfo=UTC),
        )

    return make
