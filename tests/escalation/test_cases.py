"""The store on a real mongod: cases open once, change once, are erased for good, and wake when their time comes."""

import asyncio
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.escalation import case as moves
from services.escalation import cases as store
from services.escalation.case import UNDO_WINDOW, Case
from services.escalation.cases import Cases
from services.escalation.clocks import clocks
from services.escalation.entries import By
from services.escalation.handlers import on_classifications, on_deliveries, on_reports
from services.escalation.policy import Policy
from services.escalation.search import Lateness, Reader, Wanted
from shared.contracts.envelope import Event
from shared.contracts.events import NotificationDelivered, NotificationFailed, ReportClassified, ReportWithdrawn
from shared.contracts.text import MaskedText
from shared.contracts.topics import CASES, body_cases
from shared.contracts.vocabulary import STEERING_COMMITTEE_35, ActorRole, CaseState, Ground, Outcome, Topic
from shared.runtime.mongo import Mongo

OFFICER = By(ActorRole.DUTY_OFFICER, "Trực ban BCĐ 35")
ANSWER = MaskedText("Đội cứu hộ đã tới, bà con đã an toàn.")
COMMITTEE = Reader(STEERING_COMMITTEE_35)
MINUTE = timedelta(minutes=1)


async def eventually(condition: Callable[[], Any], within: float = 15.0) -> Any:
    async with asyncio.timeout(within):
        while not (found := condition()):
            await asyncio.sleep(0.01)
        return found


@pytest.fixture
def open_cases(cases: Cases, policy: Policy, classified: Callable[..., Any]) -> Callable[..., Any]:
    """Open the cases of a report as the handler does; answers them by queue."""

    async def open_cases(grounds: Iterable[Ground] = (), **report: Any) -> dict[str, Case]:
        event = classified(grounds, **report)
        await on_classifications(cases, policy)[ReportClassified]([event])
        found = [await cases.find(case.id) for case in policy.cases_for(event, cases.now())]
        return {case.queue: case for case in found if case}

    return open_cases


async def documents(mongo: Mongo, wanted: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return await mongo.collection("cases").find(wanted or {}).to_list(None)


def withdrawal(case: Case, at: datetime) -> Event[ReportWithdrawn]:
    data = ReportWithdrawn(report_id=case.report_ids[0], withdrawn_at=at)
    return Event[ReportWithdrawn].of(data, subject=data.report_id, sequence=2, time=at, source="/angiang/intake")


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def test_a_case_opens_once_however_often_its_report_comes(
    cases: Cases, mongo: Mongo, bus: Any, open_cases: Callable[..., Any]
) -> None:
    before = counted("langnghe_cases_opened_total")
    first = await open_cases([Ground.DANGER_TO_LIFE, Ground.ABUSE_OF_OFFICE])
    again = await open_cases([Ground.DANGER_TO_LIFE, Ground.ABUSE_OF_OFFICE])
    assert first == again
    assert set(first) == {STEERING_COMMITTEE_35, "inspectorate"}
    assert len(await documents(mongo)) == 3  # two cases and the notice of the sealed one
    assert counted("langnghe_cases_opened_total") == before + 2
    await eventually(lambda: len(bus.on(CASES)) == 2 and len(bus.on(body_cases(STEERING_COMMITTEE_35))) == 2)
    assert {event["type"] for event in bus.on(CASES)} == {"vn.langnghe.case-opened.v1"}


async def test_two_members_open_the_same_cases_at_once(mongo: Mongo, open_cases: Callable[..., Any]) -> None:
    await asyncio.gather(*(open_cases(list(Ground)) for _ in range(5)))
    assert len(await documents(mongo)) == 5


async def test_the_document_holds_what_the_queue_needs(mongo: Mongo, open_cases: Callable[..., Any]) -> None:
    [case] = (await open_cases([Ground.DANGER_TO_LIFE, Ground.DISASTER])).values()
    [document] = await documents(mongo)
    assert (document["_id"], document["queue"], document["state"]) == (case.id, STEERING_COMMITTEE_35, "new")
    assert [ground["ground"] for ground in document["grounds"]] == ["danger_to_life", "disaster"]
    assert document["grounds"][0]["evidence"][0]["quote"] == "chứng cứ 0"
    assert document["due"]["next"] - document["opened_at"] == 15 * MINUTE
    assert document["text"] == case.text


async def test_the_notice_says_ground_and_day_alone(
    mongo: Mongo, cases: Cases, policy: Policy, open_cases: Callable[..., Any]
) -> None:
    [case] = (await open_cases([Ground.ABUSE_OF_OFFICE])).values()
    [notice] = await documents(mongo, {"notice": True})
    told = {name: value for name, value in notice.items() if name not in ("_id", "outbox", "relay")}
    assert told == {
        "notice": True,
        "queue": STEERING_COMMITTEE_35,
        "sealed": True,
        "grounds": [{"ground": "abuse_of_office"}],
        "opened_at": policy.calendar.midnight(case.opened_at),
        "state": "new",
        "version": 1,
    }
    said = repr(notice)
    for secret in (case.id, case.report_ids[0], case.references[0], "30334", "ấp", "chứng cứ"):
        assert secret not in said
    assert await cases.find(notice["_id"]) is None


async def test_a_change_is_stored_with_its_events_and_only_over_what_was_read(
    cases: Cases, bus: Any, open_cases: Callable[..., Any]
) -> None:
    [case] = (await open_cases([Ground.DANGER_TO_LIFE])).values()
    before = counted("langnghe_cases_acknowledged_total")
    change = moves.acknowledge(case, OFFICER, cases.now())
    results = await asyncio.gather(*(cases.write(case, change) for _ in range(20)))
    [after] = [result for result in results if result]
    assert (after.version, after.state) == (2, CaseState.ACKNOWLEDGED)
    assert counted("langnghe_cases_acknowledged_total") == before + 1
    await eventually(lambda: [event["sequence"] for event in bus.on(body_cases("civil-defence"))] == [1, 2])


async def test_pending_moves_take_effect_by_themselves(
    cases: Cases, bus: Any, times: Any, open_cases: Callable[..., Any]
) -> None:
    [case] = (await open_cases()).values()
    case = await cases.write(case, moves.acknowledge(case, OFFICER, cases.now()))
    case = await cases.write(case, moves.reply(case, OFFICER, ANSWER, cases.now()))
    case = await cases.write(case, moves.resolve(case, OFFICER, Outcome.DONE, cases.now()))
    loop = clocks(cases, every=0.01)
    await loop.start()
    try:
        assert (await cases.find(case.id)).state is CaseState.ACKNOWLEDGED
        times.later(UNDO_WINDOW)
        await eventually(lambda: len(bus.on(CASES)) == 4)
    finally:
        await loop.stop()
    assert [event["type"].split(".")[2] for event in bus.on(CASES)] == [
        "case-opened",
        "case-acknowledged",
        "case-replied",
        "case-resolved",
    ]
    assert bus.on(CASES)[2]["data"]["reply"] == ANSWER
    assert (await cases.find(case.id)).state is CaseState.RESOLVED


async def test_missed_steps_are_told_once_by_two_processes(
    cases: Cases, bus: Any, times: Any, open_cases: Callable[..., Any]
) -> None:
    before = counted("langnghe_deadlines_missed_total", step="acknowledge")
    await open_cases([Ground.DANGER_TO_LIFE])
    assert await cases.wake() == 0
    times.later(31 * MINUTE)
    await asyncio.gather(*(cases.wake() for _ in range(4)))
    missed = await eventually(lambda: (found := [event["data"] for event in bus.on(CASES)][1:]) and found[1:] and found)
    assert [(event["level"], event["page"]) for event in missed] == [(1, False), (2, True)]
    assert await cases.wake() == 0
    assert counted("langnghe_deadlines_missed_total", step="acknowledge") == before + 2


async def test_a_document_that_cannot_be_read_holds_up_no_other(
    cases: Cases, mongo: Mongo, times: Any, open_cases: Callable[..., Any]
) -> None:
    await open_cases([Ground.DANGER_TO_LIFE], number=1)
    [bad] = await documents(mongo)
    await mongo.collection("cases").update_one({"_id": bad["_id"]}, {"$set": {"state": "no such state"}})
    [good] = (await open_cases([Ground.DANGER_TO_LIFE], number=2)).values()
    times.later(15 * MINUTE)
    assert await cases.wake() == 1
    assert (await cases.find(good.id)).history[-1].kind == "deadline-missed"
    assert await cases.wake() == 0


async def test_documents_that_cannot_be_read_go_behind_the_others(
    cases: Cases, mongo: Mongo, times: Any, open_cases: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "CLAIMED_AT_ONCE", 1)
    await open_cases([Ground.DANGER_TO_LIFE], number=1)
    await mongo.collection("cases").update_many({}, {"$set": {"state": "no such state"}})
    await open_cases([Ground.DANGER_TO_LIFE], number=2)
    times.later(15 * MINUTE)
    assert [await cases.wake() for _ in range(3)] == [0, 1, 0]
    times.later(2 * MINUTE)
    assert await cases.wake() == 0  # tried again
    woken = await documents(mongo, {"state": "no such state", "wakes_at": {"$gt": times.now()}})
    assert len(woken) == 1


async def test_the_end_of_a_sealed_case_shows_in_its_notice(
    cases: Cases, mongo: Mongo, bus: Any, times: Any, open_cases: Callable[..., Any]
) -> None:
    [case] = (await open_cases([Ground.VULNERABLE_PERSON])).values()
    case = await cases.write(case, moves.acknowledge(case, OFFICER, cases.now()))
    case = await cases.write(case, moves.reply(case, OFFICER, ANSWER, cases.now()))
    await cases.write(case, moves.resolve(case, OFFICER, Outcome.DONE, cases.now()))
    times.later(UNDO_WINDOW)
    await cases.wake()
    [notice] = await documents(mongo, {"notice": True})
    assert (notice["state"], notice["version"]) == ("resolved", 2)
    told = await eventually(lambda: (found := bus.on(body_cases(STEERING_COMMITTEE_35))) and len(found) == 2 and found)
    assert [event["data"]["state"] for event in told] == ["new", "resolved"]
    assert {event["subject"] for event in told} == {notice["_id"]}


async def test_a_closing_that_an_undo_prevents_is_not_told(
    cases: Cases, mongo: Mongo, times: Any, open_cases: Callable[..., Any]
) -> None:
    [case] = (await open_cases([Ground.VULNERABLE_PERSON])).values()
    case = await cases.write(case, moves.acknowledge(case, OFFICER, cases.now()))
    case = await cases.write(case, moves.reply(case, OFFICER, ANSWER, cases.now()))
    case = await cases.write(case, moves.resolve(case, OFFICER, Outcome.DONE, cases.now()))
    undone = moves.undo(case, OFFICER, cases.now())
    closing = moves.advance(case, times.later(2 * UNDO_WINDOW))
    assert await cases.write(case, undone)
    assert await cases.write(case, closing) is None
    [notice] = await documents(mongo, {"notice": True})
    assert notice["state"] == "new"


async def test_a_crash_between_a_closing_and_its_notice_is_made_good(
    cases: Cases, mongo: Mongo, times: Any, open_cases: Callable[..., Any]
) -> None:
    [case] = (await open_cases([Ground.VULNERABLE_PERSON])).values()
    closed = {"state": "resolved", "notice_owed": True, "wakes_at": None, "alarms": []}
    await mongo.collection("cases").update_one({"_id": case.id}, {"$set": closed})
    assert await cases.wake() == 0
    [notice] = await documents(mongo, {"notice": True})
    assert notice["state"] == "resolved"
    assert await documents(mongo, {"notice_owed": True}) == []


@pytest.mark.parametrize("withdrawn_first", [True, False])
async def test_a_withdrawal_erases_whichever_comes_first(
    cases: Cases, mongo: Mongo, bus: Any, policy: Policy, open_cases: Callable[..., Any], withdrawn_first: bool
) -> None:
    grounds = [Ground.DANGER_TO_LIFE, Ground.ABUSE_OF_OFFICE]
    withdraw = on_reports(cases)[ReportWithdrawn]
    if withdrawn_first:
        await cases.withdraw("00000000-0000-4000-8000-000000000001", cases.now())
    opened = await open_cases(grounds)
    event = withdrawal(opened["inspectorate"], cases.now())
    for _ in range(2):
        await withdraw([event])
    await open_cases(grounds)
    for document in await documents(mongo, {"notice": None}):
        assert (document["state"], document["outcome"], document["text"]) == ("dismissed", "withdrawn", None)
        stored = repr({name: value for name, value in document.items() if name != "outbox"})
        for word in ("bờ kênh", "ấp Phú Mỹ", "phu my", "chứng cứ"):
            assert word not in stored
    [notice] = await documents(mongo, {"notice": True})
    assert notice["state"] == "dismissed"
    kinds = await eventually(
        lambda: (found := [e["type"].split(".")[2] for e in bus.on(CASES)]) and len(found) == 6 and found
    )
    assert sorted(kinds) == ["case-dismissed"] * 2 + ["case-erased"] * 2 + ["case-opened"] * 2


async def test_a_crash_between_notice_and_case_is_made_good_by_the_repeat(
    cases: Cases, mongo: Mongo, policy: Policy, open_cases: Callable[..., Any]
) -> None:
    [case] = (await open_cases([Ground.ABUSE_OF_OFFICE])).values()
    await mongo.collection("cases").delete_one({"_id": case.id})
    assert [found.id for found in (await open_cases([Ground.ABUSE_OF_OFFICE])).values()] == [case.id]
    assert len(await documents(mongo)) == 2


def delivery(case: Case, kind: Any, at: datetime, number: int = 1, level: int = 0) -> Event[Any]:
    facts = {"delivery_id": f"00000000-0000-4000-8000-00000000000{number}", "case_id": case.id, "duty": "Trực ban"}
    outcome = {"delivered_at": at} if kind is NotificationDelivered else {"failed_at": at, "reason": "timeout"}
    data = kind(**facts, level=level, channel="webhook", attempts=3, **outcome)
    return Event[kind].of(data, subject=data.delivery_id, sequence=1, time=at, source="/angiang/notification")


async def test_deliveries_are_kept_once_and_a_failure_pages_the_next(
    cases: Cases, bus: Any, open_cases: Callable[..., Any]
) -> None:
    missed = counted("langnghe_deadlines_missed_total", step="acknowledge")
    [case] = (await open_cases([Ground.DANGER_TO_LIFE])).values()
    handle = on_deliveries(cases)
    delivered = delivery(case, NotificationDelivered, cases.now())
    failed = delivery(case, NotificationFailed, cases.now(), 2)
    for _ in range(2):
        await handle[NotificationDelivered]([delivered])
        await handle[NotificationFailed]([failed])
    after = await cases.find(case.id)
    assert [(kept.id, kept.result, kept.reason) for kept in after.deliveries] == [
        (str(delivered.id), "delivered", None),
        (str(failed.id), "failed", "timeout"),
    ]
    told = await eventually(lambda: (found := bus.on(CASES)) and len(found) == 2 and found)
    assert (told[1]["data"]["level"], told[1]["data"]["page"]) == (1, True)
    assert counted("langnghe_deadlines_missed_total", step="acknowledge") == missed


async def test_what_is_written_while_kafka_is_away_is_published_later(
    cases: Cases, bus: Any, open_cases: Callable[..., Any]
) -> None:
    bus.away = True
    [case] = (await open_cases()).values()
    await cases.write(case, moves.acknowledge(case, OFFICER, cases.now()))
    assert bus.sent == []
    bus.away = False
    await eventually(lambda: [event["sequence"] for event in bus.on(CASES)] == [1, 2])


async def test_pages_follow_one_another_without_gap_or_repeat(cases: Cases, open_cases: Callable[..., Any]) -> None:
    for number in range(1, 8):
        await open_cases([Ground.DISASTER], number=number)
    seen: list[str] = []
    wanted = Wanted()
    while page := await cases.page(COMMITTEE, wanted, 3):
        seen += [document["_id"] for document in page]
        last = page[-1]
        wanted = Wanted(after=type("C", (), {"opened_at": last["opened_at"], "identity": last["_id"]})())
    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(), {1, 2, 3}),
        (Wanted(queue=STEERING_COMMITTEE_35), {1, 2, 3}),
        (Wanted(queue="construction"), set()),
        (Wanted(state=CaseState.NEW), {1, 2, 3}),
        (Wanted(state=CaseState.RESOLVED), set()),
        (Wanted(ground=Ground.DISASTER), {2}),
        (Wanted(topic=Topic.HEALTH), {2}),
        (Wanted(commune="30334"), {1, 2, 3}),
        (Wanted(commune="30337"), set()),
        (Wanted(due=Lateness.LATE), {1}),
        (Wanted(q="PA-7F3K-02"), {2}),
        (Wanted(q="7f3k 03"), {3}),
        (Wanted(q="phú mỹ"), {1, 2}),
        (Wanted(q="phu m"), {1, 2}),
        (Wanted(q="Vĩnh"), {3}),
        (Wanted(q="bờ kênh"), set()),
        (Wanted(q=".*"), {1, 2, 3}),
    ],
)
async def test_what_filters_find(
    cases: Cases, times: Any, open_cases: Callable[..., Any], wanted: Wanted, numbers: set[int]
) -> None:
    await open_cases([Ground.DANGER_TO_LIFE], number=1)
    times.later(20 * MINUTE)
    await open_cases([Ground.DISASTER], number=2, topics=[Topic.HEALTH])
    await open_cases([Ground.PUBLIC_HEALTH], number=3, place="chợ Vĩnh Hậu")
    await open_cases(number=4)  # in another body's queue
    found = await cases.page(COMMITTEE, wanted, 200)
    assert {int(document["references"][0][-2:]) for document in found} == numbers


async def test_queries_use_their_indexes(cases: Cases, mongo: Mongo, policy: Policy) -> None:
    collection = mongo.collection("cases")
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    for query in (
        Wanted(queue="construction").filter(midnight, midnight),
        Reader("construction").filter(),
        COMMITTEE.filter(),
        {"wakes_at": {"$gt": datetime(1970, 1, 1, tzinfo=UTC), "$lte": midnight}},
        {"report_ids": {"$in": ["x"]}, "erased_at": None},
    ):
        plan = await collection.find(query).explain()
        assert "COLLSCAN" not in json.dumps(plan["queryPlanner"]["winningPlan"], default=str), query
