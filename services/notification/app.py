"""Wires the notification service."""

from fastapi import FastAPI

from services.notification import channel_settings, channels, roster_file
from services.notification.deliveries import COLLECTION, Deliveries
from services.notification.delivery import Delivery
from services.notification.handlers import handlers
from services.notification.http import router
from services.notification.messages import Message, message
from services.notification.sender import Sender
from shared.contracts.topics import CASES
from shared.runtime.kafka import Consumers, Publisher
from shared.runtime.loops import Part
from shared.runtime.mongo import Mongo
from shared.runtime.outbox import Outbox
from shared.runtime.province import Province
from shared.runtime.service import serve, service
from shared.runtime.settings import Role, Settings

NAME = "notification"


def app(settings: Settings) -> FastAPI:
    """The service, not yet started. Raises `ConfigurationError` where the province's files do not fit together."""
    province = Province.load(settings.province_dir)
    ways = channel_settings.load(settings.channels_file or settings.province_dir / "channels.yaml")
    duties = roster_file.load(settings.roster_file or settings.province_dir / "roster.yaml", province.bodies, ways)
    # Without a sign-in of its own, the view is for the machine it runs on.
    routers = [router(duties, province.bodies)] if settings.env == "local" else []
    if Role.EVENTS not in settings.roles:
        return service(NAME, settings, [], needs=[], routers=routers)
    mongo = Mongo(settings.mongo_url.get_secret_value(), NAME)
    publisher = Publisher(settings.kafka_bootstrap, settings.province)
    outbox = Outbox(mongo, COLLECTION, publisher)
    deliveries = Deliveries(mongo, outbox, source=f"/{settings.province}/{NAME}")

    def address(delivery: Delivery) -> str | None:
        now = mongo.clock.now().astimezone(province.zone).time()
        return duties.address(delivery.body, delivery.duty, delivery.channel, now)

    def compose(delivery: Delivery) -> Message:
        return message(delivery.facts, province.communes, province.zone)

    senders = [
        Sender(name, channels.channel(settings_of), deliveries, address, compose) for name, settings_of in ways.items()
    ]

    def wake() -> None:
        for sender in senders:
            sender.wake()

    consumers = Consumers(settings.kafka_bootstrap, settings.province, NAME, publisher)
    consumers.consume(CASES, handlers(deliveries, duties, settings.public_url, wake))
    parts: list[Part] = [mongo, publisher, outbox, *senders, consumers]
    return service(NAME, settings, parts, needs=[mongo, publisher, consumers], routers=routers)


def run() -> None:
    """Serve until told to end."""
    settings = Settings()
    serve(NAME, app(settings), settings)
