"""Which cases a report opens: every combination of grounds, urgency and privacy, and the table of the product."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations, product
from typing import Any
from uuid import uuid5

import pytest

from services.escalation.policy import UNVERIFIED, Policy
from shared.contracts.envelope import NAMESPACE
from shared.contracts.vocabulary import Ground, Privacy, Step, Topic, Urgency

COMMITTEE, DEFENCE = "steering-committee-35", "civil-defence"
OPEN = {Ground.DANGER_TO_LIFE, Ground.DISASTER, Ground.PUBLIC_HEALTH, Ground.HARMFUL_RUMOUR}
SEALED = {Ground.VULNERABLE_PERSON: "protection", Ground.ABUSE_OF_OFFICE: "inspectorate"}
CLAIMED = {
    Urgency.DANGER: Ground.DANGER_TO_LIFE,
    Privacy.OFFICE: Ground.ABUSE_OF_OFFICE,
    Privacy.PROTECTION: Ground.VULNERABLE_PERSON,
}

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
DUE = {
    # Started on Monday at 09:30; the Tuesday is a holiday, an office day has eight hours.
    Ground.DANGER_TO_LIFE: (15 * MINUTE, HOUR),
    Ground.DISASTER: (30 * MINUTE, 4 * HOUR),
    Ground.PUBLIC_HEALTH: (2 * HOUR, 24 * HOUR),
    Ground.HARMFUL_RUMOUR: (6 * HOUR, 2 * DAY),
    Ground.VULNERABLE_PERSON: (HOUR, DAY),
    Ground.ABUSE_OF_OFFICE: (2 * DAY, 15 * DAY),
    None: (3 * DAY, 22 * DAY),
}

every_set = [set(found) for found in chain.from_iterable(combinations(Ground, size) for size in range(len(Ground) + 1))]


def grounds_of(case: Any) -> set[Ground]:
    return {ground.ground for ground in case.grounds}


@pytest.mark.parametrize("found", every_set, ids=lambda found: "+".join(sorted(found)) or "none")
def test_every_combination(
    policy: Policy, classified: Callable[..., Any], quotes: dict[Ground, str], now: datetime, found: set[Ground]
) -> None:
    for urgency, private in product(Urgency, Privacy):
        grounds = found | {CLAIMED[claim] for claim in (urgency, private) if claim in CLAIMED}
        event = classified(found, urgency=urgency, private=private)
        cases = {case.queue: case for case in policy.cases_for(event, now)}
        open_grounds, sealed_grounds = grounds & OPEN, grounds - OPEN

        expected = {SEALED[ground] for ground in sealed_grounds} | ({COMMITTEE} if open_grounds else set())
        assert set(cases) == (expected or {"construction"})
        for ground in sealed_grounds:
            case = cases[SEALED[ground]]
            assert (case.sealed, grounds_of(case), case.text) == (True, {ground}, event.data.text)
            assert (case.told, case.topic) == ((case.lead,), Topic.ROADS)
        if open_grounds:
            case = cases[COMMITTEE]
            assert not case.sealed
            assert grounds_of(case) == open_grounds
            paged = open_grounds & {Ground.DANGER_TO_LIFE, Ground.DISASTER}
            assert case.told == ((COMMITTEE, DEFENCE) if paged else (COMMITTEE,))
            assert (case.text is None) == bool(sealed_grounds)
            assert (case.topic is None, case.topics == ()) == (bool(sealed_grounds), bool(sealed_grounds))
            assert (case.commune, case.place and case.place.words) == ("30334", "ấp Phú Mỹ")
        for case in cases.values():
            assert {g.ground for g in case.grounds if g.unverified} == grounds_of(case) - found
            assert case.unverified == bool(grounds_of(case) - found)
            for ground in case.grounds:
                [evidence] = ground.evidence
                assert evidence.quote == (UNVERIFIED if ground.unverified else quotes[ground.ground])
                assert (evidence.rule in {"sender.urgency", "sender.private"}) is ground.unverified
            limits = [DUE[ground] for ground in grounds_of(case)] or [DUE[None]]
            assert case.due.acknowledge == now + min(acknowledge for acknowledge, _ in limits)
            assert case.due.act == now + min(act for _, act in limits)


def test_ids_are_derived_from_report_and_lead(policy: Policy, classified: Callable[..., Any], now: datetime) -> None:
    event = classified(list(Ground))
    once, again = policy.cases_for(event, now), policy.cases_for(event, now + DAY)
    assert [case.id for case in once] == [case.id for case in again]
    assert {case.id for case in once} == {
        str(uuid5(NAMESPACE, f"{event.data.report_id}/{lead}")) for lead in (COMMITTEE, "protection", "inspectorate")
    }


def test_the_ladder_rises_at_the_same_interval(policy: Policy, classified: Callable[..., Any], now: datetime) -> None:
    [case] = policy.cases_for(classified([Ground.DANGER_TO_LIFE]), now)
    assert [(alarm.step, alarm.level, alarm.at - now) for alarm in case.alarms] == [
        *((Step.ACKNOWLEDGE, level, level * 15 * MINUTE) for level in (1, 2, 3)),
        *((Step.ACT, level, level * HOUR) for level in (1, 2, 3)),
    ]


@pytest.mark.parametrize("topic", Topic)
def test_an_ordinary_report_goes_to_its_topics_body(
    policy: Policy, classified: Callable[..., Any], now: datetime, topic: Topic
) -> None:
    [case] = policy.cases_for(classified(topics=[topic]), now)
    assert (case.queue, case.sealed, case.grounds) == (policy.topics[topic], False, ())
    assert case.queue != COMMITTEE


@pytest.mark.parametrize(
    ("text", "queue"),
    [
        ("Cán bộ xã đòi tiền mới ký giấy.", "inspectorate"),
        ("Cán bộ Thanh tra tỉnh đòi tiền mới bỏ qua.", "provincial-office"),
        ("can bo thanh tra tinh doi tien", "provincial-office"),
        ("Đề nghị Thanh tra tỉnh kiểm tra cán bộ xã đòi tiền.", "inspectorate"),
        ("Kính gửi lãnh đạo Thanh tra tỉnh: cán bộ xã đòi tiền.", "inspectorate"),
        ("Đề nghị làm rõ. Thanh tra tỉnh đã nhận tiền của chủ bãi cát.", "provincial-office"),
        ("Kính gửi Thanh tra tỉnh. Chánh Thanh tra bao che cho cán bộ xã.", "provincial-office"),
        ("Thanh tra tỉnh và Văn phòng UBND tỉnh cùng đòi tiền.", "home-affairs"),
        ("Thanh tra tỉnh, Văn phòng UBND tỉnh, Sở Nội vụ đều đòi tiền.", "inspectorate"),
    ],
)
def test_a_case_about_its_own_lead_goes_to_another(
    policy: Policy, classified: Callable[..., Any], now: datetime, text: str, queue: str
) -> None:
    [case] = policy.cases_for(classified([Ground.ABUSE_OF_OFFICE], text=text), now)
    assert (case.queue, case.lead, case.sealed, case.told) == (queue, queue, True, (queue,))


@pytest.mark.parametrize(
    ("topics", "queue"),
    [
        ([Topic.CONDUCT], "provincial-office"),
        ([Topic.ADMIN, Topic.CONDUCT], "provincial-office"),
        ([Topic.ADMIN], "provincial-office"),
    ],
)
def test_conduct_of_the_topics_own_body(
    policy: Policy, classified: Callable[..., Any], now: datetime, topics: Iterable[Topic], queue: str
) -> None:
    text = "Nhân viên Sở Nội vụ nói năng thô lỗ khi dân đến hỏi."
    assert [case.queue for case in policy.cases_for(classified(topics=topics, text=text), now)] == [queue]


def test_naming_the_committee_moves_no_danger(policy: Policy, classified: Callable[..., Any], now: datetime) -> None:
    event = classified([Ground.DANGER_TO_LIFE], text="Ban Chỉ đạo 35 chậm quá, nhà đang sập.")
    assert [case.queue for case in policy.cases_for(event, now)] == [COMMITTEE]


def test_two_sealed_grounds_of_one_alternate_share_its_case(
    policy: Policy, classified: Callable[..., Any], now: datetime
) -> None:
    text = "Thanh tra viên đòi tiền, trung tâm bảo trợ bỏ mặc trẻ."
    [case] = policy.cases_for(classified([Ground.VULNERABLE_PERSON, Ground.ABUSE_OF_OFFICE], text=text), now)
    assert (case.queue, case.sealed) == ("provincial-office", True)
    assert grounds_of(case) == {Ground.VULNERABLE_PERSON, Ground.ABUSE_OF_OFFICE}
    assert case.due.acknowledge == now + HOUR


def test_the_open_case_beside_a_sealed_one_says_nothing_of_it(
    policy: Policy, classified: Callable[..., Any], quotes: dict[Ground, str], now: datetime
) -> None:
    event = classified([Ground.DANGER_TO_LIFE, Ground.ABUSE_OF_OFFICE], topics=[Topic.CONDUCT])
    [case] = [case for case in policy.cases_for(event, now) if not case.sealed]
    said = repr(case)
    for secret in (event.data.text, quotes[Ground.ABUSE_OF_OFFICE], "abuse_of_office", "conduct", "inspectorate"):
        assert secret not in said
    assert quotes[Ground.DANGER_TO_LIFE] in said


def test_times_are_utc(policy: Policy, classified: Callable[..., Any], now: datetime) -> None:
    [case] = policy.cases_for(classified(), now)
    assert all(alarm.at.tzinfo is UTC for alarm in case.alarms)
