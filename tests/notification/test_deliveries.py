"""The store on a real MongoDB: repeats, claims, marks and their events."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect

from services.notification.delivery import Delivery
from services.notification.messages import Facts
from shared.contracts.envelope import Event, event_id
from shared.contracts.events import NotificationDelivered, NotificationFailed
from shared.contracts.vocabulary import Ground, Step, Topic
from tests.notification.conftest import AT, CASE, Store, delivery, eventually

MINUTE = timedelta(minutes=1)


async def claimed(store: Store, limit: int = 8) -> list[Delivery]:
    return await store.deliveries.claim("webhook", limit)


async def test_a_repeat_is_absorbed_in_every_state(store: Store) -> None:
    await store.deliveries.add([delivery(1), delivery(2)])
    [first, _] = await claimed(store)
    await store.deliveries.delivered(first)
    await store.deliveries.add([delivery(1), delivery(2), delivery(3)])
    assert await store.states() == ["delivered", "pending", "sending"]


async def test_what_was_stored_comes_back(store: Store) -> None:
    facts = Facts(
        AT,
        "http://127.0.0.1/cases/1",
        sealed=False,
        reference="PA-7F3K-2M",
        grounds=(Ground.DANGER_TO_LIFE, Ground.DISASTER),
        topic=Topic.HEALTH,
        commune="30463",
        unverified=True,
        due=AT + MINUTE,
        missed=Step.ACT,
    )
    planned = delivery(facts=facts, level=2)
    await store.deliveries.add([planned])
    [back] = await claimed(store)
    assert (back.facts, back.level, back.attempts, back.id) == (facts, 2, 1, planned.id)


async def test_the_store_holds_no_contact(store: Store) -> None:
    await store.deliveries.add([delivery()])
    fields = set(await store.documents.find_one())
    assert fields == {
        *("_id", "case_id", "case_version", "event_id", "body", "duty", "level", "channel"),
        *("facts", "attempts", "state", "next_at", "created_at", "outbox", "rank"),
    }


async def test_a_claim_is_exclusive_until_its_lease_ends(store: Store) -> None:
    await store.deliveries.add([delivery(number) for number in range(50)])
    rounds = await asyncio.gather(*(store.deliveries.claim("webhook", 50) for _ in range(4)))
    taken = [one.id for one_round in rounds for one in one_round]
    assert len(taken) == len(set(taken)) == 50
    assert await claimed(store) == []
    store.advance(31 * timedelta(seconds=1))
    again = await claimed(store, 50)
    assert {one.id for one in again} == set(taken)
    assert {one.attempts for one in again} == {2}


async def test_a_new_danger_leaves_before_reminders_and_ordinary_matters(store: Store) -> None:
    ordinary = delivery(1, facts=replace(delivery().facts, grounds=()))
    reminder = delivery(2, level=1)
    await store.deliveries.add([ordinary, reminder, *(delivery(number, level=1) for number in range(10, 30))])
    store.advance(timedelta(minutes=5))
    danger = delivery(3)
    await store.deliveries.add([danger])
    assert [one.id for one in await claimed(store, 1)] == [danger.id]
    assert ordinary.id not in {one.id for one in await claimed(store, 21)}
    assert [one.id for one in await claimed(store)] == [ordinary.id]


async def test_a_channel_claims_its_own_and_no_more_than_it_can_send(store: Store) -> None:
    await store.deliveries.add([delivery(number) for number in range(5)] + [delivery(9, channel="sms")])
    assert len(await claimed(store, 3)) == 3
    assert [one.channel for one in await store.deliveries.claim("sms", 8)] == ["sms"]


async def test_delivered_says_so_once_with_the_case_as_key(store: Store) -> None:
    await store.deliveries.add([delivery()])
    [one] = await claimed(store)
    assert await store.deliveries.delivered(one)
    assert not await store.deliveries.delivered(one)
    await eventually(lambda: store.bus.sent)
    [(topic, key, said)] = store.bus.sent
    event = Event[NotificationDelivered].read(json.dumps(said).encode())
    assert (topic, key, event.subject, event.sequence) == ("internal.deliveries.v1", CASE, one.id, 1)
    assert event.id == event_id(one.id, "vn.langnghe.notification-delivered.v1", 1)
    assert event.source == "/angiang/notification"
    assert (event.data.delivery_id, event.data.duty, event.data.attempts) == (one.id, "Trực ban BCĐ 35", 1)


async def test_failed_says_why(store: Store) -> None:
    await store.deliveries.add([delivery()])
    [one] = await claimed(store)
    assert await store.deliveries.failed(one, "http_404")
    await eventually(lambda: store.bus.of("notification-failed"))
    said = NotificationFailed.model_validate(store.bus.of("notification-failed")[0]["data"])
    assert (said.reason, said.level, said.channel, said.case_id) == ("http_404", 0, "webhook", CASE)
    assert await store.states() == ["failed"]


async def test_what_is_finished_is_never_due_again(store: Store) -> None:
    await store.deliveries.add([delivery(1), delivery(2)])
    first, second = await claimed(store)
    await store.deliveries.delivered(first)
    await store.deliveries.failed(second, "x")
    store.advance(timedelta(days=30))
    assert await claimed(store) == []


async def test_a_retry_is_due_after_its_pause(store: Store) -> None:
    await store.deliveries.add([delivery()])
    [one] = await claimed(store)
    await store.deliveries.retry(one, MINUTE, "http_500")
    assert await claimed(store) == []
    store.advance(MINUTE)
    assert [again.attempts for again in await claimed(store)] == [2]


@pytest.mark.parametrize("mark", ["delivered", "failed", "retry"])
async def test_a_sender_that_comes_too_late_changes_nothing(store: Store, mark: str) -> None:
    await store.deliveries.add([delivery()])
    [late] = await claimed(store)
    store.advance(MINUTE)
    [present] = await claimed(store)
    arguments = {"delivered": (), "failed": ("x",), "retry": (MINUTE, "x")}[mark]
    assert not await getattr(store.deliveries, mark)(late, *arguments)
    assert await store.states() == ["sending"]
    assert await store.deliveries.delivered(present)


async def test_acknowledging_cancels_what_waits(store: Store) -> None:
    await store.deliveries.add([delivery(1), delivery(2, case_id="another case")])
    await store.deliveries.cancel([(CASE, 2)])
    assert await store.states() == ["cancelled", "pending"]
    assert [one.case_id for one in await claimed(store)] == ["another case"]


async def test_a_repeated_acknowledgement_leaves_what_later_events_planned(store: Store) -> None:
    await store.deliveries.add([delivery(1), delivery(2, case_version=3)])
    await store.deliveries.cancel([(CASE, 2)])
    await store.deliveries.cancel([(CASE, 2)])
    assert [one.case_version for one in await claimed(store)] == [3]


async def test_what_is_under_way_when_cancelled_is_not_tried_again(store: Store) -> None:
    await store.deliveries.add([delivery(1), delivery(2), delivery(3)])
    tried, lost, arrives = await claimed(store)
    await store.deliveries.cancel([(CASE, 2)])
    await store.deliveries.retry(tried, MINUTE, "http_500")
    await store.deliveries.delivered(arrives)
    store.advance(MINUTE)
    assert await claimed(store) == [], f"{lost.id} was lost with its sender and is needed no more"
    assert await store.states() == ["cancelled", "cancelled", "delivered"]


async def test_forgetting_erases_what_messages_would_have_said(store: Store) -> None:
    await store.deliveries.add([delivery(1), delivery(2)])
    [under_way] = await claimed(store, 1)
    await store.deliveries.forget([(CASE, 2)])
    assert [one async for one in store.documents.find({"facts": {"$exists": True}})] == []
    await store.deliveries.delivered(under_way)
    assert await store.states() == ["cancelled", "delivered"]


async def test_claims_use_the_index(store: Store) -> None:
    await store.deliveries.add([delivery()])
    due = store.documents.find({"channel": "webhook", "next_at": {"$lte": AT}})
    query = due.sort([("rank", 1), ("next_at", 1)])
    plan = str((await query.explain())["queryPlanner"]["winningPlan"])
    assert "'indexName': 'due_by_rank'" in plan
    assert "SORT" not in plan
    assert "COLLSCAN" not in plan


async def test_one_that_cannot_be_claimed_keeps_no_other_from_being_sent(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.deliveries.add([delivery(number) for number in range(4)])
    claim, breaks = store.deliveries._claim, [AutoReconnect("gone")]

    async def once_broken(seen: dict[str, Any]) -> dict[str, Any] | None:
        if breaks:
            raise breaks.pop()
        return await claim(seen)

    monkeypatch.setattr(store.deliveries, "_claim", once_broken)
    assert len(await claimed(store)) == 3
    assert len(await claimed(store)) == 1
