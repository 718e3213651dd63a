"""Wires the classification service."""

from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI

from services.classification.handlers import handlers
from services.classification.rules import Rulebook
from shared.contracts.topics import REPORTS
from shared.runtime.kafka import Consumers, Publisher
from shared.runtime.loops import Part
from shared.runtime.service import serve, service
from shared.runtime.settings import Settings

NAME = "classification"
LEXICON = Path(__file__).parent / "lexicon"


def app(settings: Settings) -> FastAPI:
    """The service, not yet started."""
    rulebook = Rulebook.load(LEXICON)
    publisher = Publisher(settings.kafka_bootstrap, settings.province)
    consumers = Consumers(settings.kafka_bootstrap, settings.province, NAME, publisher)
    source = f"/{settings.province}/{NAME}"
    consumers.consume(REPORTS, handlers(rulebook.classify, source, lambda: datetime.now(UTC)))
    parts: list[Part] = [publisher, consumers]
    return service(NAME, settings, parts, needs=parts)


def run() -> None:
    """Serve until told to end."""
    settings = Settings()
    serve(NAME, app(settings), settings)
