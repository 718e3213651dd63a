"""Every answer of intake that the contract names, on a real mongod."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.intake.http import LARGEST_BATCH, Desk
from services.intake.keys import Keys
from services.intake.submissions import COLLECTION, Submissions
from services.intake.timeline import CaseMove
from shared.runtime.mongo import Mongo

Make = Callable[..., dict[str, Any]]


def bearer(key: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}", **more}


def is_problem(response: httpx.Response, status: int, field: str | None = None) -> dict[str, Any]:
    """The response is a problem of this status that names this field; returns it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    if field:
        assert field in {error["field"] for error in problem["errors"]}
    return problem


async def test_a_report_is_accepted_masked(client: httpx.AsyncClient, key: str, a_body: Make) -> None:
    body = a_body()
    response = await client.post("/v1/reports", json=body, headers=bearer(key))
    answer = response.json()
    assert response.status_code == 202
    assert answer["id"] == body["id"]
    assert answer["state"] == "received"
    assert answer["masked"] == {"phone": 1}
    assert "[số điện thoại]" in answer["text"]
    assert "345" not in response.text
    assert answer["status"] == f"/v1/reports/{body['id']}"


async def test_the_same_again_is_answered_the_same_and_changed_is_a_conflict(
    client: httpx.AsyncClient, key: str, a_body: Make
) -> None:
    body = a_body()
    first = await client.post("/v1/reports", json=body, headers=bearer(key))
    again = await client.post("/v1/reports", json=body, headers=bearer(key))
    changed = await client.post("/v1/reports", json={**body, "text": "Chuyện khác hẳn."}, headers=bearer(key))
    assert (again.status_code, again.json()) == (202, first.json())
    is_problem(changed, 409, "id")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic abc"])
async def test_no_or_a_bad_key_is_401(client: httpx.AsyncClient, a_body: Make, authorization: str) -> None:
    response = await client.post("/v1/reports", json=a_body(), headers={"Authorization": authorization})
    is_problem(response, 401)
    assert response.headers["www-authenticate"] == "Bearer"


async def test_a_revoked_key_is_401(client: httpx.AsyncClient, keys: Keys, a_body: Make) -> None:
    key = await keys.issue(["30337"], "UBND xã")
    [issued] = await keys.all()
    assert await keys.revoke(issued["id"]) == 1
    is_problem(await client.post("/v1/reports", json=a_body(), headers=bearer(key)), 401)


async def test_a_commune_outside_the_keys_scope_is_403(client: httpx.AsyncClient, keys: Keys, a_body: Make) -> None:
    key = await keys.issue(["30307"], "UBND xã khác")
    is_problem(await client.post("/v1/reports", json=a_body(), headers=bearer(key)), 403, "commune")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"commune": "99999"}, "commune"),
        ({"text": "ngắn"}, "text"),
        ({"text": "a" * 2001}, "text"),
        ({"text": "điều khiển \x00 ở đây"}, "text"),
        ({"tinh_cam": "giận"}, "tinh_cam"),
        ({"id": "không phải uuid"}, "id"),
        ({"receipt": "ngắn"}, "receipt"),
        ({"urgency": "gấp"}, "urgency"),
        ({"occurred_on": "2099-01-01"}, "occurred_on"),
    ],
)
async def test_what_is_invalid_is_422_and_names_the_field(
    client: httpx.AsyncClient, key: str, a_body: Make, changes: dict[str, Any], field: str
) -> None:
    is_problem(await client.post("/v1/reports", json=a_body(**changes), headers=bearer(key)), 422, field)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'"text"'])
async def test_what_is_no_json_object_is_422(client: httpx.AsyncClient, key: str, content: bytes) -> None:
    is_problem(await client.post("/v1/reports", content=content, headers=bearer(key)), 422, "body")


async def test_a_problem_never_quotes_what_was_sent(client: httpx.AsyncClient, key: str, a_body: Make) -> None:
    response = await client.post("/v1/reports", json=a_body(text="0912 345 678\x00 gọi"), headers=bearer(key))
    is_problem(response, 422, "text")
    assert "345" not in response.text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en-GB,en;q=0.9", "Invalid data"),
        ("en;q=0,vi", "Dữ liệu chưa đúng"),
        ("vi;q=0.4, en;q=0.8", "Invalid data"),
        ("vi", "Dữ liệu chưa đúng"),
        ("zh", "Dữ liệu chưa đúng"),
        ("en;q=x", "Dữ liệu chưa đúng"),
    ],
)
async def test_problems_speak_the_callers_language(
    client: httpx.AsyncClient, key: str, a_body: Make, language: str, words: str
) -> None:
    headers = bearer(key, **{"Accept-Language": language})
    response = await client.post("/v1/reports", json=a_body(commune="99999"), headers=headers)
    assert is_problem(response, 422)["title"] == words
    assert response.headers["content-language"] == ("en" if words == "Invalid data" else "vi")


async def test_a_body_over_64_kib_is_413(client: httpx.AsyncClient, key: str, a_body: Make) -> None:
    is_problem(await client.post("/v1/reports", json=a_body(text="a" * 70_000), headers=bearer(key)), 413)


async def test_over_the_keys_rate_is_429_with_a_time_to_wait(
    client: httpx.AsyncClient, key: str, a_body: Make, desk: Desk
) -> None:
    desk.per_minute = 2
    answers = [await client.post("/v1/reports", json=a_body(), headers=bearer(key)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    is_problem(answers[2], 429)
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


async def test_a_batch_answers_each_line_in_order(client: httpx.AsyncClient, key: str, a_body: Make) -> None:
    good, again = a_body(), a_body()
    lines = [good, a_body(commune="99999"), again, again, {**good, "text": "Chuyện khác hẳn."}]
    content = "\n".join([*(json.dumps(line) for line in lines), "{"])
    response = await client.post("/v1/reports:batch", content=content, headers=bearer(key))
    results = [json.loads(line) for line in response.text.splitlines()]
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/x-ndjson"
    assert [result["status"] for result in results] == [202, 422, 202, 202, 409, 422]
    assert results[0]["id"] == good["id"]
    assert results[0]["location"] == f"/v1/reports/{good['id']}"
    assert results[1]["errors"][0]["field"] == "commune"


async def test_a_batch_of_too_many_lines_is_413(client: httpx.AsyncClient, key: str) -> None:
    content = "{}\n" * (LARGEST_BATCH + 1)
    is_problem(await client.post("/v1/reports:batch", content=content, headers=bearer(key)), 413)


async def test_a_batch_of_500_is_stored_whole(client: httpx.AsyncClient, key: str, a_body: Make, mongo: Mongo) -> None:
    content = "\n".join(json.dumps(a_body()) for _ in range(LARGEST_BATCH))
    response = await client.post("/v1/reports:batch", content=content, headers=bearer(key))
    assert {json.loads(line)["status"] for line in response.text.splitlines()} == {202}
    assert await mongo.collection(COLLECTION).count_documents({}) == LARGEST_BATCH


async def test_the_receipt_opens_the_report_and_its_answer(
    client: httpx.AsyncClient, key: str, a_body: Make, submissions: Submissions
) -> None:
    body = a_body()
    await client.post("/v1/reports", json=body, headers=bearer(key))
    case_id = str(uuid4())
    at = submissions.now()
    case = {"state": "replied", "queue": "health", "sealed": False, "act_by": None, "outcome": None}
    replied = CaseMove(body["id"], "e1", 2, "case-replied", at, case_id, case, reply="Đã cử người xuống.")
    await submissions.note([replied])
    shown = (await client.get(f"/v1/reports/{body['id']}", headers={"Report-Receipt": body["receipt"]})).json()
    assert (shown["state"], shown["reply"]) == ("replied", "Đã cử người xuống.")
    assert [entry["what"] for entry in shown["timeline"]] == ["report-submitted", "case-replied"]
    assert shown["timeline"][1]["words"] == "Đã có trả lời"
    assert shown["replies"][0]["seen"] is False
    seen = await client.post(
        f"/v1/reports/{body['id']}/seen", json={"case_id": case_id}, headers={"Report-Receipt": body["receipt"]}
    )
    shown = (await client.get(f"/v1/reports/{body['id']}", headers={"Report-Receipt": body["receipt"]})).json()
    assert (seen.status_code, shown["replies"][0]["seen"]) == (202, True)


@pytest.mark.parametrize("receipt", [None, "", "r" * 64])
async def test_a_wrong_or_missing_receipt_is_404(
    client: httpx.AsyncClient, key: str, a_body: Make, receipt: str | None
) -> None:
    body = a_body()
    await client.post("/v1/reports", json=body, headers=bearer(key))
    headers = {} if receipt is None else {"Report-Receipt": receipt}
    is_problem(await client.get(f"/v1/reports/{body['id']}", headers=headers), 404)


async def test_a_report_that_is_not_there_is_404_in_the_same_words(client: httpx.AsyncClient, key: str) -> None:
    absent = await client.get(f"/v1/reports/{uuid4()}", headers={"Report-Receipt": "r" * 64})
    is_problem(absent, 404)


async def test_a_withdrawn_report_has_no_words_left(client: httpx.AsyncClient, key: str, a_body: Make) -> None:
    body = a_body()
    await client.post("/v1/reports", json=body, headers=bearer(key))
    headers = {"Report-Receipt": body["receipt"]}
    answers = [await client.post(f"/v1/reports/{body['id']}/withdraw", headers=headers) for _ in range(2)]
    shown = (await client.get(f"/v1/reports/{body['id']}", headers=headers)).json()
    assert [answer.status_code for answer in answers] == [202, 202]
    assert (shown["state"], shown["text"]) == ("withdrawn", "")


async def test_communes_are_found_without_accents(client: httpx.AsyncClient) -> None:
    found = (await client.get("/v1/communes", params={"q": "long xuyen"})).json()["items"]
    assert found[0]["code"] == "30307"
    assert len((await client.get("/v1/communes")).json()["items"]) == 102


async def test_unknown_paths_and_methods_are_problems_too(client: httpx.AsyncClient) -> None:
    is_problem(await client.get("/v1/nothing"), 404)
    is_problem(await client.delete("/v1/communes"), 405)
