"""What is told of a case to whom: everything within, rounded references to bodies, a bare notice of what is sealed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.escalation import case as moves
from services.escalation.case import UNDO_WINDOW, Case, Change
from services.escalation.entries import By
from services.escalation.feeds import Feeds
from services.escalation.notices import NoticeIds
from services.escalation.policy import Policy
from shared.contracts.envelope import Publication
from shared.contracts.text import MaskedText
from shared.contracts.topics import CASES, body_cases
from shared.contracts.vocabulary import ActorRole, Ground, Outcome

COMMITTEE = body_cases("steering-committee-35")
OFFICER = By(ActorRole.CASE_OFFICER, "Cán bộ Thanh tra")
ANSWER = MaskedText("Đã kiểm tra và trả lại tiền cho bà con.")
MINUTE = timedelta(minutes=1)

Opened = Callable[..., Change]


@pytest.fixture
def opened(policy: Policy, classified: Callable[..., Any], now: datetime) -> Opened:
    def opened(*grounds: Ground, at: datetime = now) -> Change:
        return moves.opened(policy.cases_for(classified(grounds), at)[0])

    return opened


def whole_way(change: Change, at: datetime) -> list[Change]:
    """From opening over a missed deadline and an undone move to a resolution, and a withdrawal after it."""
    late = moves.advance(change.case, at + timedelta(days=30))
    acknowledged = moves.acknowledge(late.case, OFFICER, at)
    slip = moves.reply(acknowledged.case, OFFICER, ANSWER, at)
    undone = moves.undo(slip.case, OFFICER, at)
    replying = moves.reply(undone.case, OFFICER, ANSWER, at)
    resolving = moves.resolve(replying.case, OFFICER, Outcome.DONE, at)
    closed = moves.advance(resolving.case, at + UNDO_WINDOW)
    return [change, late, acknowledged, slip, undone, replying, resolving, closed, moves.withdraw(closed.case, at)]


def said(publications: list[Publication]) -> str:
    return json.dumps([[one.topic, one.key, one.event.to_json().decode()] for one in publications])


def topics(publications: list[Publication]) -> list[str]:
    return [publication.topic for publication in publications]


@pytest.mark.parametrize(
    ("grounds", "bodies"),
    [
        ([Ground.DANGER_TO_LIFE], ["steering-committee-35", "civil-defence"]),
        ([Ground.DISASTER, Ground.PUBLIC_HEALTH], ["steering-committee-35", "civil-defence"]),
        ([Ground.HARMFUL_RUMOUR], ["steering-committee-35"]),
        ([Ground.ABUSE_OF_OFFICE], ["inspectorate"]),
        ([], ["construction"]),
    ],
)
def test_who_is_told(feeds: Feeds, opened: Opened, grounds: list[Ground], bodies: list[str]) -> None:
    publications = feeds.publications(opened(*grounds))
    assert topics(publications) == [CASES, *map(body_cases, bodies)]


def test_within_everything_is_exact(feeds: Feeds, opened: Opened, now: datetime) -> None:
    change = opened(Ground.DANGER_TO_LIFE)
    [within, *_] = feeds.publications(change)
    facts = within.event.data
    assert (within.key, within.event.subject, within.event.sequence) == (change.case.id, change.case.id, 1)
    assert (within.event.time, facts.opened_at, facts.due.acknowledge) == (now, now, now + 15 * MINUTE)
    assert within.event.traceparent == change.case.traceparent
    assert facts.told == ("steering-committee-35", "civil-defence")
    assert facts.link == f"http://console/v1/cases/{change.case.id}"


def test_feeds_round_to_the_hour(feeds: Feeds, opened: Opened, now: datetime) -> None:
    [_, feed, _] = feeds.publications(opened(Ground.DANGER_TO_LIFE))
    hour = now.replace(minute=0)
    facts = feed.event.data
    assert (feed.event.time, facts.opened_at) == (hour, hour)
    assert (facts.due.acknowledge, facts.due.act) == (hour + 60 * MINUTE, hour + 120 * MINUTE)
    assert feed.event.traceparent is None


def test_what_is_on_the_hour_stays(feeds: Feeds, opened: Opened, now: datetime) -> None:
    hour = now.replace(minute=0)
    [_, feed, _] = feeds.publications(opened(Ground.DANGER_TO_LIFE, at=hour))
    assert (feed.event.data.opened_at, feed.event.data.due.act) == (hour, hour + 60 * MINUTE)


def test_a_sealed_feed_rounds_to_the_local_day(feeds: Feeds, opened: Opened) -> None:
    late_evening = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # 23:30 in the province
    [_, feed] = feeds.publications(opened(Ground.VULNERABLE_PERSON, at=late_evening))
    facts = feed.event.data
    assert feed.event.time == facts.opened_at == datetime(2026, 11, 22, 17, tzinfo=UTC)
    assert facts.due.acknowledge == datetime(2026, 11, 24, 17, tzinfo=UTC)  # due at 00:30, so by the end of that day


@pytest.mark.parametrize("ground", [Ground.DANGER_TO_LIFE, Ground.ABUSE_OF_OFFICE])
def test_no_feed_carries_words(feeds: Feeds, opened: Opened, now: datetime, ground: Ground) -> None:
    change = opened(ground)
    publications = [one for step in whole_way(change, now) for one in feeds.publications(step)]
    beyond = [one for one in publications if one.topic != CASES]
    assert len(beyond) >= 7
    reading = json.loads(json.dumps([json.loads(one.event.to_json()) for one in beyond]))
    for word in ("bờ kênh", "ấp Phú Mỹ", "chứng cứ", ANSWER, OFFICER.duty):
        assert word not in json.dumps(reading, ensure_ascii=False)
    [reply] = [
        one.event.data.reply for one in publications if one.event.type.endswith("replied.v1") and one.topic == CASES
    ]
    assert reply == ANSWER


def test_within_no_name_and_only_the_reply(feeds: Feeds, opened: Opened, now: datetime) -> None:
    within = [p for step in whole_way(opened(Ground.DANGER_TO_LIFE), now) for p in feeds.publications(step)]
    told = " ".join(p.event.to_json().decode() for p in within if not p.event.type.endswith("replied.v1"))
    for word in ("bờ kênh", "ấp Phú Mỹ", "chứng cứ", ANSWER, OFFICER.duty):
        assert word not in told


def test_sequences_have_no_gap_on_any_topic(feeds: Feeds, opened: Opened, now: datetime) -> None:
    publications = [p for step in whole_way(opened(Ground.DANGER_TO_LIFE), now) for p in feeds.publications(step)]
    for topic in set(topics(publications)):
        sequences = [one.event.sequence for one in publications if one.topic == topic]
        assert sequences == list(range(1, len(sequences) + 1))
        assert len({one.event.id for one in publications if one.topic == topic}) == len(sequences)


def secrets_of(case: Case) -> list[str]:
    return [case.id, *case.report_ids, *case.references, "30334", "PA-", "09:30", "02:30", case.lead, "roads", "http"]


def test_the_notice_is_ground_and_day_alone(feeds: Feeds, opened: Opened, now: datetime) -> None:
    changes = whole_way(opened(Ground.ABUSE_OF_OFFICE), now)
    assert COMMITTEE not in topics([p for change in changes for p in feeds.publications(change)])
    notices = [feeds.notice_of(change) for change in changes]
    told = [feeds.told_of_notice(notice, now) for notice in notices if notice]
    assert len(told) == len(changes)
    assert set(topics(told)) == {COMMITTEE}
    for secret in secrets_of(changes[0].case):
        assert secret not in said(told)
    midnight = datetime(2026, 11, 22, 17, tzinfo=UTC)
    facts = json.loads(told[0].event.to_json())
    assert facts["time"] == facts["data"].pop("opened_at") == midnight.isoformat().replace("+00:00", "Z")
    assert facts["data"] == {
        "case_id": told[0].key,
        "report_ids": [],
        "references": [],
        "queue": "steering-committee-35",
        "told": [],
        "sealed": True,
        "grounds": ["abuse_of_office"],
        "unverified": False,
        "state": "new",
        "case_version": 1,
        "due": {},
        "actor": "system",
    }


def test_of_what_happens_to_a_sealed_case_the_committee_learns_only_its_end(
    feeds: Feeds, opened: Opened, now: datetime
) -> None:
    notices = [
        notice for change in whole_way(opened(Ground.ABUSE_OF_OFFICE), now) if (notice := feeds.notice_of(change))
    ]
    told = {feeds.told_of_notice(notice, now).event.id: feeds.told_of_notice(notice, now) for notice in notices}
    assert [(one.event.type, one.event.sequence) for one in told.values()] == [
        ("vn.langnghe.case-opened.v1", 1),
        ("vn.langnghe.case-resolved.v1", 2),
    ]


def test_an_open_case_has_no_notice(feeds: Feeds, danger: Case) -> None:
    assert feeds.notice_of(Change(danger)) is None


def test_a_notices_id_leads_nowhere_without_the_key(danger: Case) -> None:
    one, other = NoticeIds("a" * 32), NoticeIds("b" * 32)
    assert one.of(danger.id) == one.of(danger.id) != other.of(danger.id)
    assert danger.id not in {one.of(danger.id), other.of(danger.id)}
    with pytest.raises(ValueError, match="LANGNGHE_SEAL_KEY"):
        NoticeIds("short")
