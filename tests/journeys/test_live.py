"""One report's whole way on the live stack: HTTP in; queue, feed, page and reply out; and what must not get through."""

import json
import re
import signal
from typing import Any

import pytest

from tests.journeys.conftest import COMMITTEE, Province, until

pytestmark = pytest.mark.stack

FLOOD = "Nước lũ tràn đê, sập nhà, có người bị cuốn trôi ở ấp Phú Mỹ, gọi 0912 345 678"
BRIBE = "Cán bộ địa chính xã đòi tôi đưa hai triệu đồng tiền lót tay mới chịu ký hồ sơ đất."
ORDINARY = "Đèn đường ở đầu ấp hư ba tuần nay, tối đi lại khó khăn, đề nghị sửa giúp."


def grounds(case: dict[str, Any]) -> set[str]:
    return {found["ground"] for found in case["grounds"]}


def test_a_flood_reaches_the_committees_queue_its_feed_and_the_roster(province: Province) -> None:
    body = province.body(FLOOD)
    answer = province.post(body)
    assert answer.status_code == 202
    assert answer.json()["masked"] == {"phone": 1}
    assert "[số điện thoại]" in answer.json()["text"]
    [case] = province.cases_of(body["id"])
    assert case["queue"] == COMMITTEE
    assert grounds(case) == {"danger_to_life", "disaster"}
    quotes = [evidence["quote"] for found in case["grounds"] for evidence in found["evidence"]]
    assert any("cuốn trôi" in quote for quote in quotes)
    assert all(
        evidence["rule"] and evidence["explanation"] for found in case["grounds"] for evidence in found["evidence"]
    )
    assert (case["due"]["acknowledge"] - case["opened_at"]).total_seconds() <= 15 * 60
    assert case["due"]["acknowledge"] < case["due"]["act"]

    def opened() -> list[dict[str, Any]]:
        return [event for event in province.feed(f"body.{COMMITTEE}.cases.v1") if event["subject"] == case["_id"]]

    [event] = until(opened, "the case on the committee's feed")[:1]
    assert event["type"] == "vn.langnghe.case-opened.v1"
    assert event["data"]["grounds"] == ["danger_to_life", "disaster"]
    assert not any("trôi" in str(value) for value in event["data"].values())
    reference = answer.json()["reference"]
    pages = until(lambda: [m for m in province.sent() if reference in json.dumps(m)], "a page to the roster")
    assert not any("trôi" in json.dumps(page, ensure_ascii=False) for page in pages)


def test_no_writing_of_the_number_is_anywhere(province: Province) -> None:
    body = province.send(FLOOD)
    province.cases_of(body["id"])
    until(
        lambda: not province.mongo["intake"]["reports"].count_documents({"relay": {"$exists": True}}), "empty outboxes"
    )
    # Digits with any one sign, or none, between them.
    number = re.compile(
        rb"0[^0-9a-z]{0,2}9[^0-9a-z]{0,2}1[^0-9a-z]{0,2}2" + b"".join(rb"[^0-9a-z]{0,2}%d" % d for d in range(3, 9))
    )
    places = [
        path
        for path in province.stack.folder.path.rglob("*")
        if path.is_file() and (path.suffix in {".log", ".wt", ".jsonl"} or "journal" in path.parts)
    ]
    assert any(path.name.endswith(".log") and "internal.reports" in str(path) for path in places)
    assert [path.name for path in places if number.search(path.read_bytes())] == []
    # MongoDB compresses its files: read what is in them as a dump would.
    for name in province.mongo.list_database_names():
        for collection in province.mongo[name].list_collection_names():
            for document in province.mongo[name][collection].find():
                assert not number.search(repr(document).encode()), f"{name}.{collection}"


def test_the_same_again_is_one_case_and_changed_is_a_conflict(province: Province) -> None:
    body = province.body(ORDINARY)
    answers = [province.post(body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert province.post({**body, "text": ORDINARY + " Cảm ơn."}).status_code == 409
    province.cases_of(body["id"])
    assert province.cases.count_documents({"report_ids": body["id"]}) == 1


def test_abuse_of_office_is_ground_and_date_for_the_committee_and_whole_for_the_inspectorate(
    province: Province,
) -> None:
    before = province.cases.count_documents({"queue": COMMITTEE, "sealed": True})
    body = province.send(BRIBE)
    [case] = province.cases_of(body["id"])
    assert (case["queue"], case["sealed"], grounds(case)) == ("inspectorate", True, {"abuse_of_office"})
    until(lambda: province.cases.count_documents({"queue": COMMITTEE, "sealed": True}) > before, "the notice")
    listed = province.officer(COMMITTEE, "GET", f"/v1/cases?queue={COMMITTEE}&limit=200").json()["items"]
    notices = [item for item in listed if item["sealed"]]
    assert notices
    reference = case["references"][0]
    for secret in (body["id"], case["_id"], reference, "lót tay", province.commune):
        assert secret not in json.dumps(notices, ensure_ascii=False)
    assert all(item["opened_at"].endswith("T00:00:00+07:00") for item in notices)
    assert province.officer(COMMITTEE, "GET", f"/v1/cases/{case['_id']}").status_code == 404
    assert province.officer(COMMITTEE, "GET", f"/v1/cases/{notices[0]['case_id']}").status_code == 404
    whole = province.officer("inspectorate", "GET", f"/v1/cases/{case['_id']}").json()
    assert "lót tay" in whole["text"]

    def told() -> list[dict[str, Any]]:
        return [event for event in province.feed(f"body.{COMMITTEE}.cases.v1") if event["data"]["sealed"]]

    for event in until(told, "the notice on the committee's feed"):
        said = json.dumps(event, ensure_ascii=False)
        assert not any(secret in said for secret in (body["id"], case["_id"], reference, province.commune))


def test_danger_and_abuse_open_two_cases_and_the_open_one_has_no_text(province: Province) -> None:
    body = province.send(f"{BRIBE} Bờ kênh sạt lở, có người bị nước cuốn trôi.")
    cases = {case["queue"]: case for case in province.cases_of(body["id"], 2)}
    assert set(cases) == {COMMITTEE, "inspectorate"}
    assert "abuse_of_office" not in grounds(cases[COMMITTEE])
    assert "lót tay" not in json.dumps(cases[COMMITTEE], default=str, ensure_ascii=False)
    assert "lót tay" in cases["inspectorate"]["text"]


def test_the_senders_word_danger_opens_a_case_that_no_rule_found(province: Province) -> None:
    body = province.send(ORDINARY, urgency="danger")
    [case] = province.cases_of(body["id"])
    assert (case["queue"], grounds(case), case["unverified"]) == (COMMITTEE, {"danger_to_life"}, True)


def test_the_reply_reaches_the_phone(province: Province) -> None:
    body = province.send(ORDINARY)
    [case] = province.cases_of(body["id"])
    queue, case_id = case["queue"], case["_id"]
    acknowledged = province.move(queue, case_id, "acknowledge", case["version"], {})
    assert acknowledged.status_code == 200, acknowledged.text
    reply = {"text": "Đội điện sẽ thay đèn trong tuần này, liên hệ 0912 345 678."}
    replied = province.move(queue, case_id, "reply", acknowledged.json()["version"], reply)
    assert replied.status_code == 200, replied.text
    # Both wait their ten seconds, in order.
    resolved = province.move(queue, case_id, "resolve", replied.json()["version"], {"outcome": "done"})
    assert resolved.status_code == 200, resolved.text
    shown = until(lambda: (found := province.report(body))["reply"] and found, "the reply on the phone", 30)
    assert shown["reply"] == "Đội điện sẽ thay đèn trong tuần này, liên hệ [số điện thoại]."
    until(lambda: province.report(body)["state"] == "resolved", "the case resolved", 30)


def test_without_kafka_reports_are_accepted_and_their_cases_come_when_it_is_back(province: Province) -> None:
    province.stack.stop("kafka")
    try:
        until(lambda: not province.stack.is_ready("classification"), "classification to say that it is not ready")
        bodies = [province.send(FLOOD) for _ in range(5)]
        assert province.stack.is_ready("intake")
    finally:
        province.stack.start("kafka")
    for body in bodies:
        province.cases_of(body["id"])
    province.stack.wait_ready("intake", "classification", "escalation", "notification")


def test_without_mongodb_nothing_is_accepted_and_it_recovers_by_itself(province: Province) -> None:
    province.stack.stop("mongod")
    try:
        refused = province.post(province.body(ORDINARY))
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        until(lambda: not province.stack.is_ready("intake"), "intake to say that it is not ready")
    finally:
        province.stack.start("mongod")
    until(lambda: province.stack.is_ready("intake"), "intake to be ready again")
    body = province.body(ORDINARY)
    until(lambda: province.post(body).status_code == 202, "a report to be accepted again")
    province.cases_of(body["id"])
    province.stack.wait_ready("intake", "classification", "escalation", "notification")


def test_services_that_are_killed_come_back_and_nothing_is_lost_or_doubled(province: Province) -> None:
    services = ("intake", "classification", "escalation", "notification")
    bodies = [province.send(FLOOD) for _ in range(10)]
    for service in services:
        province.stack.signal(service, signal.SIGKILL)
    until(lambda: not any(map(province.stack.is_ready, services)), "the services to be gone")
    province.stack.wait_ready(*services)
    bodies += [province.send(FLOOD)]
    for body in bodies:
        [case] = province.cases_of(body["id"])
        told = {"case_id": case["_id"], "state": "delivered"}
        until(
            lambda told=told: province.mongo["notification"]["deliveries"].count_documents(told) == 2, "its two pages"
        )
        assert province.cases.count_documents({"report_ids": body["id"]}) == 1
        # A page whose mark was lost is sent again under the same key, which the receiver absorbs.
        assert sum(case["_id"] in message["message"]["link"] for message in province.sent()) == 2


def test_every_probe_tells_its_state(province: Province) -> None:
    for name in ("intake", "classification", "escalation", "notification"):
        url = province.status[name]["url"]
        assert province.http.get(f"{url}/health/live").json() == {"live": True, "dead": []}
        assert province.http.get(f"{url}/health/ready").json() == {"ready": True, "waits_for": []}
        assert "langnghe_" in province.http.get(f"{url}/metrics").text
        # FastStream's page could publish to real topics: it is not there.
        for path in ("/asyncapi", "/docs", "/openapi.json"):
            assert province.http.get(url + path).status_code in (401, 404)
