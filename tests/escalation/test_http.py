"""The routes on a real mongod: what each role sees and may do, every refusal, and repeats answered the same."""

import asyncio
import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.escalation.case import UNDO_WINDOW, Case
from services.escalation.cases import Cases
from services.escalation.policy import Policy
from shared.contracts.vocabulary import STEERING_COMMITTEE_35, Ground
from shared.runtime.mongo import Mongo

REPLY = {"text": "Đội cứu hộ đã tới nơi, liên hệ 0912 345 678 hoặc 113."}
MOVES = ("acknowledge", "reply", "resolve", "undo")


@pytest.fixture
def opened(cases: Cases, policy: Policy, classified: Callable[..., Any]) -> Callable[..., Any]:
    async def opened(grounds: Iterable[Ground] = (), **report: Any) -> Case:
        found = policy.cases_for(classified(grounds, **report), cases.now())
        await cases.open_all(found)
        return found[0]

    return opened


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["detail"]
    return body


async def acknowledged(office: Any, case: Case, who: str = "committee") -> int:
    answer = await office.move(who, case.id, "acknowledge", 1)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["version"])


# Who comes in, and what they see.


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer wrong", "Basic key of committee", "key of committee"])
@pytest.mark.parametrize("path", ["/v1/cases", "/v1/queues", "/v1/cases/x"])
async def test_without_a_key_nobody_comes_in(office: Any, header: str | None, path: str) -> None:
    answer = await office.client.get(path, headers={"Authorization": header} if header else {})
    assert "Authorization" in problem(answer, 401)["detail"]
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("who", ["auditor", "administrator"])
async def test_who_never_sees_why_people_complained(office: Any, opened: Callable[..., Any], who: str) -> None:
    case = await opened([Ground.DANGER_TO_LIFE])
    for path in ("/v1/cases", "/v1/queues", f"/v1/cases/{case.id}"):
        problem(await office.get(who, path), 403)
    for move in MOVES:
        problem(await office.move(who, case.id, move, 1), 403)


@pytest.mark.parametrize(
    ("grounds", "seen_by"),
    [
        ([], {"construction"}),
        ([Ground.PUBLIC_HEALTH], {"committee"}),
        ([Ground.DANGER_TO_LIFE], {"committee", "civil-defence"}),
        ([Ground.ABUSE_OF_OFFICE], {"inspectorate"}),
        ([Ground.VULNERABLE_PERSON], set()),
    ],
)
async def test_who_sees_a_case(
    office: Any, opened: Callable[..., Any], grounds: list[Ground], seen_by: set[str]
) -> None:
    case = await opened(grounds)
    for who in ("committee", "civil-defence", "inspectorate", "construction"):
        listed = [item["case_id"] for item in (await office.get(who, "/v1/cases")).json()["items"]]
        assert (case.id in listed) is (who in seen_by)
        answer = await office.get(who, f"/v1/cases/{case.id}")
        if who in seen_by:
            assert answer.json()["text"] == case.text
            continue
        missing = await office.get(who, "/v1/cases/00000000-0000-5000-8000-000000000000")
        assert problem(answer, 404) == problem(missing, 404)
        problem(await office.move(who, case.id, "acknowledge", 1), 404)


async def test_the_committee_sees_that_a_sealed_case_exists_and_no_more(
    office: Any, opened: Callable[..., Any]
) -> None:
    case = await opened([Ground.ABUSE_OF_OFFICE])
    [item] = (await office.get("committee", f"/v1/cases?queue={STEERING_COMMITTEE_35}")).json()["items"]
    assert item["opened_at"].endswith("T00:00:00+07:00")
    del item["case_id"], item["opened_at"]
    assert item == {
        "references": [],
        "queue": STEERING_COMMITTEE_35,
        "lead": None,
        "told": [],
        "sealed": True,
        "notice": True,
        "grounds": [{"ground": "abuse_of_office", "evidence": [], "unverified": False}],
        "topic": None,
        "commune": None,
        "unverified": False,
        "state": "new",
        "version": 1,
        "due": {"acknowledge": None, "act": None, "next": None},
    }
    listed = (await office.get("committee", "/v1/cases?ground=abuse_of_office")).json()["items"]
    assert [item["notice"] for item in listed] == [True]
    for who in ("committee", "inspectorate", "civil-defence"):
        problem(await office.get(who, f"/v1/cases/{listed[0]['case_id']}"), 404)
        problem(await office.move(who, listed[0]["case_id"], "acknowledge", 1), 404)
    assert case.id not in json.dumps(listed)


async def test_a_case_is_read_only_once_that_is_in_the_audit_log(
    office: Any, mongo: Mongo, opened: Callable[..., Any]
) -> None:
    case = await opened([Ground.DANGER_TO_LIFE])
    answer = await office.get("committee", f"/v1/cases/{case.id}")
    [row] = await mongo.collection("audit").find({}).to_list(None)
    assert (row["duty"], row["role"], row["action"]) == ("Trực ban BCĐ 35", "duty_officer", "case.read")
    assert row["subjects"] == [case.id, *case.references]
    assert answer.headers["etag"] == '"1"'
    whole = answer.json()
    assert whole["version"] == 1
    assert whole["place"]["words"] == "ấp Phú Mỹ"
    assert [entry["kind"] for entry in whole["history"]] == ["opened"]
    assert whole["grounds"][0]["evidence"][0]["quote"] == "chứng cứ 0"
    assert whole["opened_at"].endswith("+07:00")
    assert {"rules_version", "replies", "deliveries", "pending", "masked", "topics"} <= set(whole)


async def test_without_the_audit_log_no_case_is_read(office: Any, mongo: Mongo, opened: Callable[..., Any]) -> None:
    case = await opened()
    await mongo.database.command("collMod", "audit", validator={"never": True}, validationLevel="strict")
    answer = await office.get("construction", f"/v1/cases/{case.id}")
    assert answer.status_code >= 500
    assert str(case.text) not in answer.text
    problem(await office.move("construction", case.id, "acknowledge", 1), answer.status_code)
    await mongo.database.command("collMod", "audit", validator={})
    assert (await office.get("construction", f"/v1/cases/{case.id}")).json()["version"] == 1


# Looking for cases.


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("queue=nowhere", "queue"),
        ("state=lost", "state"),
        ("due=tomorrow", "due"),
        ("ground=opinion", "ground"),
        ("topic=politics", "topic"),
        ("commune=abc", "commune"),
        ("cursor=xyz", "cursor"),
        ("cursor=WyIyMDI2Il0=", "cursor"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=all", "limit"),
        ("sender=1", "sender"),
        ("q=" + "x" * 101, "q"),
    ],
)
async def test_an_unknown_filter_is_named(office: Any, query: str, field: str) -> None:
    body = problem(await office.get("committee", f"/v1/cases?{query}"), 422)
    assert [error["field"] for error in body["errors"]] == [field]
    assert all(error["detail"] for error in body["errors"])


async def test_pages(office: Any, opened: Callable[..., Any]) -> None:
    ids = [(await opened(number=number)).id for number in range(1, 6)]
    seen: list[str] = []
    path = "/v1/cases?limit=2"
    while True:
        page = (await office.get("construction", path)).json()
        seen += [item["case_id"] for item in page["items"]]
        if page["next"] is None:
            break
        path = f"/v1/cases?limit=2&cursor={page['next']}"
    assert seen == ids[::-1]


async def test_queues_are_counted_for_who_may_see_them(
    office: Any, times: Any, cases: Cases, opened: Callable[..., Any]
) -> None:
    danger = await opened([Ground.DANGER_TO_LIFE], number=1)
    await opened([Ground.DANGER_TO_LIFE], number=2)
    await opened([Ground.ABUSE_OF_OFFICE], number=3)
    await opened(number=4)
    await acknowledged(office, danger)
    times.later(timedelta(minutes=20))
    seen = {row["queue"]: row for row in (await office.get("committee", "/v1/queues")).json()["queues"]}
    assert seen[STEERING_COMMITTEE_35] == {
        "queue": STEERING_COMMITTEE_35,
        "name": "Ban Chỉ đạo 35 tỉnh",
        "open": 2,
        "unacknowledged": 1,
        "late": 1,
        "by_state": {"new": 1, "acknowledged": 1},
    }
    assert seen.keys() == {STEERING_COMMITTEE_35}
    [own] = (await office.get("inspectorate", "/v1/queues")).json()["queues"]
    assert (own["queue"], own["open"], own["by_state"]) == ("inspectorate", 1, {"new": 1})


# Moves.


async def test_a_case_goes_its_whole_way(
    office: Any, cases: Cases, times: Any, mongo: Mongo, opened: Callable[..., Any]
) -> None:
    case = await opened([Ground.DANGER_TO_LIFE])
    version = await acknowledged(office, case)
    replied = await office.move("committee", case.id, "reply", version, REPLY)
    assert replied.status_code == 200
    assert [(waits["move"]) for waits in replied.json()["pending"]] == ["reply"]
    assert replied.headers["etag"] == f'"{replied.json()["version"]}"'
    resolved = await office.move("committee", case.id, "resolve", replied.json()["version"], {"outcome": "done"})
    assert [(waits["move"]) for waits in resolved.json()["pending"]] == ["reply", "resolve"]
    assert resolved.json()["state"] == "acknowledged"
    times.later(UNDO_WINDOW)
    await cases.wake()
    whole = (await office.get("committee", f"/v1/cases/{case.id}")).json()
    assert (whole["state"], whole["outcome"], whole["pending"]) == ("resolved", "done", [])
    assert [reply["text"] for reply in whole["replies"]] == ["Đội cứu hộ đã tới nơi, liên hệ [số điện thoại] hoặc 113."]
    assert [entry["kind"] for entry in whole["history"]] == ["opened", "acknowledged", "replied", "resolved"]
    assert {entry["duty"] for entry in whole["history"][1:]} == {"Trực ban BCĐ 35"}
    assert "0912" not in repr(await mongo.collection("cases").find_one({"_id": case.id}))
    actions = [row["action"] for row in await mongo.collection("audit").find({}).sort("sequence").to_list(None)]
    assert actions == ["case.acknowledge", "case.reply", "case.resolve", "case.read"]


async def test_undo_before_anybody_sees_it(office: Any, cases: Cases, times: Any, opened: Callable[..., Any]) -> None:
    case = await opened()
    version = await acknowledged(office, case, "construction")
    version = (await office.move("construction", case.id, "reply", version, REPLY)).json()["version"]
    undone = await office.move("construction", case.id, "undo", version)
    assert undone.json()["pending"] == []
    times.later(UNDO_WINDOW)
    await cases.wake()
    assert (await cases.find(case.id)).replies == ()
    assert problem(await office.move("construction", case.id, "undo", undone.json()["version"]), 409)["allowed"] == [
        "reply"
    ]


@pytest.mark.parametrize(
    ("move", "body"),
    [("reply", REPLY), ("resolve", {"outcome": "done"}), ("undo", {})],
    ids=lambda value: str(value)[:7],
)
async def test_what_a_new_case_does_not_allow(
    office: Any, opened: Callable[..., Any], move: str, body: dict[str, str]
) -> None:
    case = await opened()
    refused = problem(await office.move("construction", case.id, move, 1, body), 409)
    assert refused["allowed"] == ["acknowledge"]
    assert "tiếp nhận" in refused["detail"]


async def test_civil_defence_may_acknowledge_a_danger_and_no_more(office: Any, opened: Callable[..., Any]) -> None:
    case = await opened([Ground.DANGER_TO_LIFE])
    version = await acknowledged(office, case, "civil-defence")
    refused = problem(await office.move("civil-defence", case.id, "reply", version, REPLY), 403)
    assert "Ban Chỉ đạo 35 tỉnh" in refused["detail"]
    assert (await office.move("committee", case.id, "reply", version, REPLY)).status_code == 200


async def test_the_committee_sees_and_answers_nobody_elses_cases(office: Any, opened: Callable[..., Any]) -> None:
    case = await opened()
    problem(await office.get("committee", f"/v1/cases/{case.id}"), 404)
    problem(await office.move("committee", case.id, "acknowledge", 1), 404)
    assert (await office.get("committee", "/v1/cases")).json()["items"] == []


@pytest.mark.parametrize("move", MOVES)
async def test_a_move_needs_the_version_that_was_seen(office: Any, opened: Callable[..., Any], move: str) -> None:
    case = await opened()
    body = {"reply": REPLY, "resolve": {"outcome": "done"}}.get(move, {})
    assert "If-Match" in problem(await office.move("construction", case.id, move, None, body), 428)["detail"]
    refused = problem(await office.move("construction", case.id, move, "*", body), 422)
    assert refused["errors"][0]["field"] == "If-Match"


async def test_who_is_late_is_told_who_was_faster(office: Any, opened: Callable[..., Any]) -> None:
    case = await opened([Ground.DANGER_TO_LIFE])
    await acknowledged(office, case, "civil-defence")
    refused = problem(await office.move("committee", case.id, "acknowledge", 1), 412)
    assert "Cán bộ trực (Trực Phòng thủ dân sự) vừa tiếp nhận lúc " in refused["detail"]
    assert (refused["acted"]["duty"], refused["acted"]["role"]) == ("Trực Phòng thủ dân sự", "duty_officer")
    assert refused["version"] == 2


async def test_a_reply_that_waits_is_told_too(office: Any, opened: Callable[..., Any]) -> None:
    case = await opened()
    version = await acknowledged(office, case, "construction")
    await office.move("construction", case.id, "reply", version, REPLY)
    refused = problem(await office.move("construction", case.id, "reply", version, REPLY), 412)
    assert refused["acted"]["what"] == "reply"


async def test_of_twenty_at_once_one_wins(office: Any, opened: Callable[..., Any]) -> None:
    case = await opened([Ground.DANGER_TO_LIFE])
    answers = await asyncio.gather(*(office.move("committee", case.id, "acknowledge", 1) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 19


async def test_a_repeat_is_answered_the_same_and_done_once(
    office: Any, cases: Cases, times: Any, opened: Callable[..., Any]
) -> None:
    case = await opened()
    version = await acknowledged(office, case, "construction")
    answers = await asyncio.gather(
        *(office.move("construction", case.id, "reply", version, REPLY, Idempotency_Key="one") for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    times.later(UNDO_WINDOW)
    await cases.wake()
    later = await office.move("construction", case.id, "reply", version, REPLY, Idempotency_Key="one")
    assert (later.text, later.headers["etag"]) == (answers[0].text, answers[0].headers["etag"])
    assert len((await cases.find(case.id)).replies) == 1


async def test_a_key_stands_for_one_request(office: Any, opened: Callable[..., Any]) -> None:
    case = await opened()
    await office.move("construction", case.id, "acknowledge", 1, Idempotency_Key="one")
    other = {"text": "Một câu trả lời khác hẳn."}
    refused = problem(await office.move("construction", case.id, "reply", 2, other, Idempotency_Key="one"), 422)
    assert refused["errors"][0]["field"] == "Idempotency-Key"
    problem(await office.move("construction", case.id, "reply", 2, other, Idempotency_Key="x" * 201), 422)


@pytest.mark.parametrize(
    ("move", "body", "field"),
    [
        ("acknowledge", {"note": "x"}, "note"),
        ("undo", {"note": "x"}, "note"),
        ("reply", {}, "text"),
        ("reply", {"text": "ngắn"}, "text"),
        ("reply", {"text": "   ngắn     "}, "text"),
        ("reply", {"text": "x" * 2001}, "text"),
        ("reply", {"text": "điều khiển \x07 trong câu"}, "text"),
        ("reply", {"text": 12}, "text"),
        ("reply", {**REPLY, "to": "x"}, "to"),
        ("resolve", {}, "outcome"),
        ("resolve", {"outcome": "withdrawn"}, "outcome"),
        ("resolve", {"outcome": "good"}, "outcome"),
    ],
)
async def test_a_wrong_body_is_named(
    office: Any, opened: Callable[..., Any], move: str, body: dict[str, Any], field: str
) -> None:
    case = await opened()
    refused = problem(await office.move("construction", case.id, move, 1, body), 422)
    assert [error["field"] for error in refused["errors"]] == [field]


async def test_a_body_that_is_no_json(office: Any, opened: Callable[..., Any]) -> None:
    case = await opened()
    headers = {"Authorization": "Bearer key of construction", "If-Match": '"1"'}
    answer = await office.client.post(f"/v1/cases/{case.id}/reply", content=b"{", headers=headers)
    problem(answer, 422)
    empty = await office.client.post(f"/v1/cases/{case.id}/acknowledge", content=b"", headers=headers)
    assert empty.status_code == 200


async def test_a_body_over_64_kib(office: Any, opened: Callable[..., Any]) -> None:
    case = await opened()
    problem(await office.move("construction", case.id, "reply", 1, {"text": "x" * 65_536}), 413)


async def test_in_english_where_asked(office: Any) -> None:
    answer = await office.client.get("/v1/cases", headers={"Accept-Language": "en"})
    assert "officer's key" in problem(answer, 401)["detail"]


async def test_while_mongodb_is_away_the_answer_is_503_with_retry_after(office_without_mongodb: Any) -> None:
    answer = await office_without_mongodb.get("committee", "/v1/cases")
    problem(answer, 503)
    assert answer.headers["retry-after"]
    problem(await office_without_mongodb.get("committee", "/v1/cases/x"), 503)
