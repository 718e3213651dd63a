"""Wires the intake service."""

from fastapi import FastAPI

from services.intake.handlers import handlers
from services.intake.http import Desk, router
from services.intake.keys import Keys
from services.intake.places import Gazetteer
from services.intake.submissions import COLLECTION, Submissions
from shared.contracts.topics import CASES
from shared.runtime.kafka import Consumers, Publisher
from shared.runtime.loops import Part
from shared.runtime.mongo import Mongo
from shared.runtime.outbox import Outbox
from shared.runtime.province import Province, place_tables
from shared.runtime.service import serve, service
from shared.runtime.settings import Role, Settings
from shared.text.masking import Masker

NAME = "intake"


def app(settings: Settings) -> FastAPI:
    """The service, not yet started. Raises `ConfigurationError` where the province's files cannot be used."""
    mongo = Mongo(settings.mongo_url.get_secret_value(), NAME)
    publisher = Publisher(settings.kafka_bootstrap, settings.province)
    outbox = Outbox(mongo, COLLECTION, publisher)
    submissions = Submissions(mongo, outbox, source=f"/{settings.province}/{NAME}")
    here = Province.load(settings.province_dir)
    desk = Desk(
        reports=submissions,
        senders=Keys(mongo),
        places=Gazetteer(*place_tables(settings.province_dir)),
        mask=Masker(here.numbers, places=here.place_names).mask,
        hotlines=here.numbers,
        per_minute=settings.reports_per_minute,
    )
    parts: list[Part] = [mongo, publisher, outbox]
    if Role.EVENTS in settings.roles:
        consumers = Consumers(settings.kafka_bootstrap, settings.province, NAME, publisher)
        consumers.consume(CASES, handlers(submissions))
        parts.append(consumers)
    # Reports are accepted while Kafka is away, so Kafka is not needed to be ready.
    return service(NAME, settings, parts, needs=[mongo], routers=[router(desk)])


def run() -> None:
    """Serve until told to end."""
    settings = Settings()
    serve(NAME, app(settings), settings)
