"""The sender on a real store, against a real gateway: once by key, or a visible failure."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, timedelta
from typing import Any

import pytest

from services.notification import sender as sending
from services.notification.channels import Webhook
from services.notification.deliveries import Deliveries
from services.notification.delivery import Delivery
from services.notification.messages import message
from services.notification.sender import PAUSES, Sender
from shared.contracts.envelope import event_id
from shared.runtime.errors import TransientError
from shared.runtime.mongo import Mongo
from shared.runtime.outbox import Outbox
from tests.notification.conftest import HANG, Bus, Gateway, Store, delivery, eventually

Make = Callable[..., Any]


@pytest.fixture
async def start(store: Store, gateway: Gateway) -> AsyncIterator[Make]:
    """Starts a sender; all are stopped at the end."""
    started: list[Sender] = []

    async def make(deliveries: Any = None, url: str = "", channel: str = "webhook", to: str | None = "truc") -> Sender:
        over = Webhook(url or gateway.url, {})
        one = Sender(channel, over, deliveries or store.deliveries, lambda _: to, lambda it: message(it.facts, {}, UTC))
        await one.start()
        started.append(one)
        return one

    yield make
    gateway.released.set()
    await asyncio.gather(*(one.stop() for one in started))


def test_six_attempts_fit_in_about_ten_minutes() -> None:
    assert len(PAUSES) + 1 == 6
    assert timedelta(minutes=9) < sum(PAUSES, timedelta()) < timedelta(minutes=11)


async def test_what_was_added_is_sent_at_once(store: Store, gateway: Gateway, start: Make) -> None:
    one = await start()
    await store.deliveries.add([delivery()])
    one.wake()
    await eventually(lambda: store.bus.of("notification-delivered"))
    assert gateway.keys == [delivery().id]
    assert gateway.received[0][1]["text"].startswith("Cần ưu tiên: thiên tai, sự cố — PA-7F3K-2M.")
    assert await store.states() == ["delivered"]


async def test_without_being_woken_it_looks_every_second(store: Store, gateway: Gateway, start: Make) -> None:
    await store.deliveries.add([delivery()])
    await start()
    await eventually(lambda: gateway.received, within=5)


async def test_a_failure_is_tried_again_under_the_same_key(store: Store, gateway: Gateway, start: Make) -> None:
    gateway.answers = [500, 429]
    await store.deliveries.add([delivery()])
    one = await start()
    for attempts in (1, 2):
        await eventually(lambda attempts=attempts: len(gateway.received) == attempts)
        await pending(store)
        store.advance(PAUSES[attempts - 1])
        one.wake()
    await eventually(lambda: store.bus.of("notification-delivered"))
    assert gateway.keys == [delivery().id] * 3
    assert store.bus.of("notification-delivered")[0]["data"]["attempts"] == 3


async def test_after_six_attempts_it_is_a_visible_failure(store: Store, gateway: Gateway, start: Make) -> None:
    gateway.default = 503
    await store.deliveries.add([delivery()])
    one = await start()
    for attempts in range(1, 6):
        await eventually(lambda attempts=attempts: len(gateway.received) == attempts)
        await pending(store)
        store.advance(PAUSES[attempts - 1])
        one.wake()
    await eventually(lambda: store.bus.of("notification-failed"))
    [said] = store.bus.of("notification-failed")
    assert (said["data"]["reason"], said["data"]["attempts"], len(gateway.received)) == ("http_503", 6, 6)
    assert said["id"] == str(event_id(delivery().id, "vn.langnghe.notification-failed.v1", 1))


@pytest.mark.parametrize(("answers", "to", "reason"), [([404], "truc", "http_404"), ([], None, "no_contact")])
async def test_what_cannot_help_is_not_tried_again(
    store: Store, gateway: Gateway, start: Make, answers: list[int], to: str | None, reason: str
) -> None:
    gateway.answers = [*answers]
    await store.deliveries.add([delivery()])
    await start(to=to)
    await eventually(lambda: store.bus.of("notification-failed"))
    assert store.bus.of("notification-failed")[0]["data"]["reason"] == reason
    assert len(gateway.received) == len(answers)


async def test_a_channel_that_hangs_keeps_no_other_waiting(store: Store, gateway: Gateway, start: Make) -> None:
    gateway.answers = [HANG] * sending.CONCURRENT
    await store.deliveries.add([delivery(number, channel="sms") for number in range(20)])
    slow = await start(channel="sms")
    await eventually(lambda: len(gateway.received) == sending.CONCURRENT)
    await store.deliveries.add([delivery(100)])
    other = await start()
    other.wake()
    await eventually(lambda: store.bus.of("notification-delivered"))
    slow.wake()
    assert await store.states() == ["delivered"] + ["pending"] * 12 + ["sending"] * 8


async def test_a_send_that_takes_too_long_is_tried_again(
    store: Store, gateway: Gateway, start: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SEND_TIMEOUT", 0.2)
    gateway.answers = [HANG]
    await store.deliveries.add([delivery()])
    one = await start()
    await eventually(lambda: gateway.received)
    await pending(store)
    assert (await store.documents.find_one())["reason"] == "timeout"
    store.advance(PAUSES[0])
    one.wake()
    await eventually(lambda: store.bus.of("notification-delivered"))


class Dying:
    """A store whose process dies, once, after the provider took the message and before that is marked."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries
        self.died = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._deliveries, name)

    async def delivered(self, delivery: Delivery) -> bool:
        if not self.died:
            self.died = True
            raise TransientError("killed between send and mark")
        return await self._deliveries.delivered(delivery)


async def test_a_crash_between_send_and_mark_repeats_with_the_same_key(
    store: Store, gateway: Gateway, start: Make
) -> None:
    await store.deliveries.add([delivery()])
    dying = Dying(store.deliveries)
    one = await start(dying)
    await eventually(lambda: dying.died)
    assert await store.states() == ["sending"]
    assert store.bus.sent == []
    store.advance(timedelta(seconds=31))
    one.wake()
    await eventually(lambda: store.bus.of("notification-delivered"))
    assert gateway.keys == [delivery().id] * 2
    assert len(store.bus.of("notification-delivered")) == 1


async def test_two_processes_send_each_of_fifty_once(
    store: Store, gateway: Gateway, start: Make, mongo_url: str
) -> None:
    other, bus = Mongo(mongo_url, store.mongo.database.name), Bus()
    outbox = Outbox(other, "deliveries", bus)
    second = Deliveries(other, outbox, "/angiang/notification")
    await other.start()
    await eventually(other.ready)
    await outbox.start()
    planned = [delivery(number) for number in range(50)]
    await store.deliveries.add(planned)
    await asyncio.gather(start(), start(second))
    await eventually(lambda: len(store.bus.sent) + len(bus.sent) == 50)
    assert sorted(gateway.keys) == sorted(one.id for one in planned)
    await outbox.stop()
    await other.stop()


async def test_stopping_lets_what_is_under_way_finish(store: Store, gateway: Gateway, start: Make) -> None:
    gateway.answers = [HANG]
    await store.deliveries.add([delivery()])
    one = await start()
    await eventually(lambda: gateway.received)
    stopping = asyncio.ensure_future(one.stop())
    gateway.released.set()
    await stopping
    assert await store.states() == ["pending"], "the gateway hung up, so it is tried again"
    assert not one.alive()


async def pending(store: Store) -> None:
    """Wait until the delivery waits for its next attempt."""
    async with asyncio.timeout(15):
        while await store.states() != ["pending"]:
            await asyncio.sleep(0.01)
