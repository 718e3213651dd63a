"""Wires the escalation service."""

from fastapi import FastAPI

from services.escalation.cases import COLLECTION, Cases
from services.escalation.clocks import clocks
from services.escalation.feeds import Feeds
from services.escalation.handlers import on_classifications, on_deliveries, on_reports
from services.escalation.http import Desk, router
from services.escalation.notices import NoticeIds
from services.escalation.officers import Officers
from services.escalation.province import load_policy
from shared.contracts.text import MaskedText
from shared.contracts.topics import CLASSIFICATIONS, DELIVERIES, REPORTS
from shared.runtime.audit import Audit
from shared.runtime.kafka import Consumers, Publisher
from shared.runtime.loops import Part
from shared.runtime.mongo import Mongo
from shared.runtime.outbox import Outbox
from shared.runtime.province import Province
from shared.runtime.service import serve, service
from shared.runtime.settings import Role, Settings
from shared.text.masking import Masker

NAME = "escalation"


def app(settings: Settings) -> FastAPI:
    """The service, not yet started. Raises `ConfigurationError` where the province's files cannot be used."""
    here = Province.load(settings.province_dir)
    policy, bodies = load_policy(settings.province_dir, here.zone)
    masker = Masker(here.numbers, places=here.place_names)
    mongo = Mongo(settings.mongo_url.get_secret_value(), NAME)
    publisher = Publisher(settings.kafka_bootstrap, settings.province)
    outbox = Outbox(mongo, COLLECTION, publisher)
    feeds = Feeds(
        source=f"/{settings.province}/{NAME}",
        address=settings.public_url.rstrip("/"),
        calendar=policy.calendar,
        notice_ids=NoticeIds(settings.seal_key.get_secret_value()),
    )
    cases = Cases(mongo, outbox, feeds, policy.calendar, mongo.clock.now)
    desk = Desk(
        cases=cases,
        officers=Officers.load(settings.officers_file, local=settings.env == "local", bodies=bodies),
        audit=Audit(mongo),
        bodies=here.bodies,
        calendar=policy.calendar,
        mask=lambda words: MaskedText(masker.mask(words).text, here.numbers),
    )
    parts: list[Part] = [mongo, publisher, outbox]
    needs: list[Part] = [mongo, publisher]
    if Role.EVENTS in settings.roles:
        consumers = Consumers(settings.kafka_bootstrap, settings.province, NAME, publisher)
        consumers.consume(CLASSIFICATIONS, on_classifications(cases, policy))
        consumers.consume(REPORTS, on_reports(cases))
        consumers.consume(DELIVERIES, on_deliveries(cases))
        parts += [consumers, clocks(cases)]
        needs.append(consumers)
    return service(NAME, settings, parts, needs, routers=[router(desk)])


def run() -> None:
    """Serve until told to end."""
    settings = Settings()
    serve(NAME, app(settings), settings)
