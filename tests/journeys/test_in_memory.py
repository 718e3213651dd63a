"""One report's whole way in memory: the real decisions and handlers, with stores and bus that only remember."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from services.classification import handlers as classification
from services.classification.rules import Rulebook
from services.escalation import case as moves
from services.escalation import handlers as escalation
from services.escalation.case import Case, Change
from services.escalation.entries import By
from services.escalation.feeds import Feeds
from services.escalation.notices import NoticeIds
from services.escalation.province import load_policy
from services.intake import handlers as intake
from services.intake.report import Submission, masked_report
from services.intake.timeline import CaseMove
from services.notification import channel_settings, roster_file
from services.notification import handlers as notification
from services.notification.delivery import Delivery
from services.notification.messages import message
from shared.contracts.envelope import Event, Publication
from shared.contracts.text import MaskedText
from shared.contracts.topics import CASES, CLASSIFICATIONS, REPORTS
from shared.contracts.vocabulary import ActorRole
from shared.runtime.province import Province
from shared.text.masking import Masker

PROVINCE = Path(__file__).parents[2] / "deploy" / "provinces" / "angiang"
COMMITTEE = "steering-committee-35"
NOON = datetime(2026, 11, 20, 5, tzinfo=UTC)
FLOOD = "Nước lũ tràn đê, sập nhà, có người bị cuốn trôi ở ấp Phú Mỹ, gọi 0912 345 678"
BRIBE = "Cán bộ địa chính xã đòi tôi đưa hai triệu đồng tiền lót tay mới chịu ký hồ sơ đất."


class Memory:
    """A bus that hands every event to whoever reads its topic, and stores that remember what they are given."""

    def __init__(self) -> None:
        self.now_is = NOON
        self.said: list[Publication] = []
        self.cases: dict[str, Case] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.noted: dict[str, CaseMove] = {}
        here = Province.load(PROVINCE)
        self.here = here
        self.masker = Masker(here.numbers, places=here.place_names)
        policy, bodies = load_policy(PROVINCE, here.zone)
        channels = channel_settings.load(PROVINCE / "channels.yaml")
        duties = roster_file.load(PROVINCE / "roster.yaml", bodies, channels)
        self.feeds = Feeds("/angiang/escalation", "http://console", policy.calendar, NoticeIds("k" * 32))
        classify = Rulebook.load().classify
        self.readers: dict[str, list[Any]] = {
            REPORTS: [
                classification.handlers(classify, "/angiang/classification", self.now),
                escalation.on_reports(self),
            ],
            CLASSIFICATIONS: [escalation.on_classifications(self, policy)],
            CASES: [
                notification.handlers(self, duties, "http://console", lambda: None),
                intake.handlers(self),
            ],
        }

    def now(self) -> datetime:
        return self.now_is

    async def say(self, publications: Sequence[Publication]) -> None:
        """Publish, and let everybody who reads act, until nobody says anything more."""
        for publication in publications:
            self.said.append(publication)
            record = publication.event.to_json()  # what crosses is bytes
            for reading in self.readers.get(publication.topic, []):
                handler = reading.get(type(publication.event.data))
                if handler:
                    event = Event[type(publication.event.data)].read(record)  # type: ignore[misc]
                    await self.say(await handler([event]) or [])

    async def open_all(self, cases: Sequence[Case]) -> None:
        for case in cases:
            if case.id not in self.cases:
                await self.change(moves.opened(case))

    async def change(self, change: Change) -> None:
        self.cases[change.case.id] = change.case
        notice = self.feeds.notice_of(change)
        told = [self.feeds.told_of_notice(notice, notice.opened_on)] if notice else []
        await self.say([*self.feeds.publications(change), *told])

    async def withdraw(self, report_id: str, withdrawn_at: datetime) -> None:
        for case in list(self.cases.values()):
            if report_id in case.report_ids:
                await self.change(moves.withdraw(case, withdrawn_at))

    async def note_deliveries(self, deliveries: Any) -> None:
        raise AssertionError("nothing is delivered in memory")

    async def hasten(self, identity: str, failed_level: int) -> None:
        raise AssertionError("nothing fails in memory")

    async def add(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self.deliveries.setdefault(delivery.id, delivery)

    async def cancel(self, cases: Any) -> None:
        """What was planned stays to be looked at."""

    async def forget(self, cases: Any) -> None:
        self.deliveries = {
            identity: delivery
            for identity, delivery in self.deliveries.items()
            if delivery.case_id not in {case_id for case_id, _ in cases}
        }

    async def note(self, noted: Sequence[CaseMove]) -> None:
        for move in noted:
            self.noted.setdefault(move.event_id, move)

    async def send(self, text: str, **more: Any) -> Publication:
        """Submit a report as intake does; its event."""
        body = {"id": str(uuid4()), "receipt": "r" * 43, "commune": "30337", "text": text, **more}
        submission = Submission.model_validate(body)
        words = self.masker.mask(submission.text)
        report = masked_report(
            submission,
            text=MaskedText(words.text),
            masked=words.counts,
            place=None,
            origin="commune:30337",
            at=self.now_is,
        )
        said = report.published("/angiang/intake")
        await self.say([said])
        return said

    def on(self, topic: str) -> list[Event[Any]]:
        return [publication.event for publication in self.said if publication.topic == topic]


@pytest.fixture
def memory() -> Memory:
    return Memory()


async def test_a_flood_is_in_the_committees_queue_and_both_bodies_are_told(memory: Memory) -> None:
    await memory.send(FLOOD)
    [case] = memory.cases.values()
    assert (case.queue, {ground.ground for ground in case.grounds}) == (COMMITTEE, {"danger_to_life", "disaster"})
    assert case.due.acknowledge == NOON + timedelta(minutes=15)
    assert case.due.act == NOON + timedelta(hours=1)
    assert {delivery.body for delivery in memory.deliveries.values()} == {COMMITTEE, "civil-defence"}
    here = memory.here
    said = [message(delivery.facts, here.communes, here.zone).text for delivery in memory.deliveries.values()]
    assert all("nguy hiểm đến tính mạng" in text and "xã An Phú" in text and "còn 15 phút" in text for text in said)
    assert not any("trôi" in text or "345" in text for text in said)
    assert [move.what for move in memory.noted.values()] == ["case-opened"]


async def test_everything_again_changes_nothing(memory: Memory) -> None:
    said = await memory.send(FLOOD)
    before = (dict(memory.cases), dict(memory.deliveries), dict(memory.noted))
    await memory.say([said])
    await memory.say(list(memory.said))
    assert (memory.cases, memory.deliveries, memory.noted) == before


async def test_no_event_holds_the_number_and_no_feed_any_word(memory: Memory) -> None:
    await memory.send(FLOOD)
    records = {publication.topic: publication.event.to_json().decode() for publication in memory.said}
    assert not any("345" in record for record in records.values())
    feeds = [publication for publication in memory.said if publication.topic.startswith("body.")]
    assert feeds
    assert not any("trôi" in publication.event.to_json().decode() for publication in feeds)


async def test_a_sealed_case_leaves_the_committee_a_ground_and_a_day(memory: Memory) -> None:
    said = await memory.send(BRIBE)
    [case] = memory.cases.values()
    assert (case.queue, case.sealed) == ("inspectorate", True)
    [notice] = memory.on(f"body.{COMMITTEE}.cases.v1")
    shown = notice.to_json().decode()
    assert notice.data.grounds == ("abuse_of_office",)
    for secret in (case.id, said.event.subject, case.references[0], "30337", "lót tay", "05:00"):
        assert secret not in shown
    assert {delivery.body for delivery in memory.deliveries.values()} == {"inspectorate"}


async def test_danger_and_abuse_are_two_cases_of_which_the_open_one_has_no_text(memory: Memory) -> None:
    await memory.send(f"{BRIBE} Bờ kênh sạt lở, có người bị nước cuốn trôi.")
    cases = {case.queue: case for case in memory.cases.values()}
    assert cases.keys() == {COMMITTEE, "inspectorate"}
    assert cases[COMMITTEE].text is None
    assert "lót tay" in (cases["inspectorate"].text or "")


async def test_a_reply_reaches_the_timeline_and_only_there_with_its_words(memory: Memory) -> None:
    await memory.send("Đèn đường ở đầu ấp hư ba tuần nay, tối đi lại khó khăn.")
    [case] = memory.cases.values()
    officer = By(ActorRole.CASE_OFFICER, "Trực ban Sở Xây dựng")
    await memory.change(moves.acknowledge(case, officer, memory.now()))
    await memory.change(moves.reply(memory.cases[case.id], officer, MaskedText("Đã thay đèn."), memory.now()))
    memory.now_is += moves.UNDO_WINDOW
    await memory.change(moves.advance(memory.cases[case.id], memory.now()))
    assert [move.reply for move in memory.noted.values() if move.what == "case-replied"] == ["Đã thay đèn."]
    feeds = [publication for publication in memory.said if publication.topic.startswith("body.")]
    assert not any("thay đèn" in publication.event.to_json().decode() for publication in feeds)


async def test_a_withdrawn_report_leaves_no_word_in_its_case(memory: Memory) -> None:
    said = await memory.send(FLOOD)
    await memory.withdraw(said.event.subject, memory.now())
    [case] = memory.cases.values()
    assert (case.text, case.state, case.outcome) == (None, "dismissed", "withdrawn")
    assert not any(ground.evidence for ground in case.grounds)
    assert memory.deliveries == {}


@pytest.mark.parametrize(
    ("more", "queue", "ground"),
    [
        ({"urgency": "danger"}, COMMITTEE, "danger_to_life"),
        ({"private": "office"}, "inspectorate", "abuse_of_office"),
        ({"private": "protection"}, "protection", "vulnerable_person"),
    ],
)
async def test_the_senders_own_word_only_raises_care(
    memory: Memory, more: dict[str, str], queue: str, ground: str
) -> None:
    await memory.send("Đèn đường ở đầu ấp hư ba tuần nay, tối đi lại khó khăn.", **more)
    [case] = memory.cases.values()
    assert (case.queue, [found.ground for found in case.grounds], case.unverified) == (queue, [ground], True)
