"""Which cases a classified report opens: in whose queue, sealed or open, saying how much, with which clocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from uuid import uuid5

from services.escalation.case import Case
from services.escalation.entries import Alarm, CaseGround, CasePlace, CaseTopic, Clocks, Evidence
from services.escalation.mentions import Mentions
from services.escalation.working_time import Amount, Calendar, Clock, due
from shared.contracts.envelope import NAMESPACE, Event
from shared.contracts.events import Evidence as Found
from shared.contracts.events import ReportClassified
from shared.contracts.text import MaskedText
from shared.contracts.vocabulary import Ground, Privacy, Step, Topic, Urgency

LADDER = 3
"""How often a clock that runs out tells people: each step one level higher, after the same interval again."""

UNVERIFIED = "người gửi báo, chưa xác minh"

CLAIMS: Mapping[Urgency | Privacy, tuple[Ground, str, str]] = {
    Urgency.DANGER: (Ground.DANGER_TO_LIFE, "sender.urgency", "Người gửi chọn mức nguy hiểm đến tính mạng."),
    Privacy.OFFICE: (Ground.ABUSE_OF_OFFICE, "sender.private", "Người gửi xin giữ kín: việc về người có chức vụ."),
    Privacy.PROTECTION: (Ground.VULNERABLE_PERSON, "sender.private", "Người gửi xin giữ kín: có người cần bảo vệ."),
}
"""The sender's own word only raises care: the ground that it adds where no rule found it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a body has to acknowledge and to act, and on which clock."""

    acknowledge: Amount
    act: Amount
    clock: Clock


@dataclass(frozen=True, slots=True)
class GroundRule:
    """Who leads the cases of a ground, who else is told, whether they are sealed, and their terms."""

    lead: str
    told: tuple[str, ...]
    sealed: bool
    terms: Terms


@dataclass(frozen=True, slots=True)
class Policy:
    """The province's policy: rules of the six grounds, a body for each topic, and the terms of ordinary cases."""

    grounds: Mapping[Ground, GroundRule]
    topics: Mapping[Topic, str]
    ordinary: Terms
    mentions: Mentions
    calendar: Calendar

    def cases_for(self, event: Event[ReportClassified], now: datetime) -> list[Case]:
        """The cases of a report, opened at `now`: one for each body that must answer, never none."""
        report = event.data
        grounds = _grounds(report)
        groups = self._by_lead(report, grounds)
        if not groups:
            return [self._ordinary(event, now)]
        beside_sealed = any(self.grounds[ground.ground].sealed for ground in grounds)
        return [self._case(event, lead, group, now, beside_sealed) for lead, group in groups.items()]

    def _by_lead(self, report: ReportClassified, grounds: Iterable[CaseGround]) -> dict[str, list[CaseGround]]:
        groups: dict[str, list[CaseGround]] = {}
        for ground in grounds:
            rule = self.grounds[ground.ground]
            lead = self.mentions.unconcerned(rule.lead, report.text) if rule.sealed else rule.lead
            groups.setdefault(lead, []).append(ground)
        return groups

    def _case(
        self, event: Event[ReportClassified], lead: str, grounds: Sequence[CaseGround], now: datetime, beside: bool
    ) -> Case:
        rules = [self.grounds[ground.ground] for ground in grounds]
        sealed = any(rule.sealed for rule in rules)
        told = (lead, *(body for rule in rules for body in rule.told))
        case = self._bare(event, lead, now, [rule.terms for rule in rules], told=told, sealed=sealed, grounds=grounds)
        # Beside a sealed case the open one says where and what harm, and nothing of what the sealed one keeps.
        return case if beside and not sealed else _whole(case, event.data)

    def _ordinary(self, event: Event[ReportClassified], now: datetime) -> Case:
        topics = [finding.topic for finding in event.data.topics]
        lead = self.topics[topics[0]]
        if Topic.CONDUCT in topics:
            lead = self.mentions.unconcerned(lead, event.data.text)
        return _whole(self._bare(event, lead, now, [self.ordinary], told=(lead,)), event.data)

    def _bare(
        self,
        event: Event[ReportClassified],
        lead: str,
        now: datetime,
        terms: Sequence[Terms],
        *,
        told: Iterable[str],
        sealed: bool = False,
        grounds: Sequence[CaseGround] = (),
    ) -> Case:
        """A case with place, grounds and clocks, without text and topics."""
        report = event.data
        alarms = ladder(tuple(terms), now, self.calendar)
        return Case(
            id=str(uuid5(NAMESPACE, f"{report.report_id}/{lead}")),
            report_ids=(report.report_id,),
            references=(report.reference,),
            queue=lead,
            lead=lead,
            told=tuple(dict.fromkeys(told)),
            sealed=sealed,
            grounds=tuple(grounds),
            commune=report.commune,
            place=CasePlace(report.place.words, report.place.candidates) if report.place else None,
            urgency_claimed=report.urgency_claimed,
            submitted_at=report.submitted_at,
            opened_at=now,
            rules_version=report.rules_version,
            traceparent=event.traceparent,
            due=Clocks(_first(alarms, Step.ACKNOWLEDGE), _first(alarms, Step.ACT)),
            alarms=alarms,
        )


@lru_cache(maxsize=256)
def ladder(terms: tuple[Terms, ...], now: datetime, calendar: Calendar) -> tuple[Alarm, ...]:
    """The steps of both clocks, each at the shortest of the terms. A batch opens at one instant: it is walked once."""
    return tuple(
        Alarm(step, level, min(due(now, _amount(one, step) * level, one.clock, calendar) for one in terms))
        for step in (Step.ACKNOWLEDGE, Step.ACT)
        for level in range(1, LADDER + 1)
    )


def _amount(terms: Terms, step: Step) -> Amount:
    return terms.acknowledge if step is Step.ACKNOWLEDGE else terms.act


def _first(alarms: Iterable[Alarm], step: Step) -> datetime:
    return next(alarm.at for alarm in alarms if alarm.step is step)


def _grounds(report: ReportClassified) -> list[CaseGround]:
    """What the rules found, and what the sender claims beyond it, in the order of the closed list."""
    found = {finding.ground: CaseGround(finding.ground, _evidence(finding.evidence)) for finding in report.grounds}
    for claim in (report.urgency_claimed, report.private):
        if claim in CLAIMS and CLAIMS[claim][0] not in found:
            ground, rule, explanation = CLAIMS[claim]
            evidence = Evidence(MaskedText(UNVERIFIED), rule, explanation)
            found[ground] = CaseGround(ground, (evidence,), unverified=True)
    return [found[ground] for ground in Ground if ground in found]


def _whole(case: Case, report: ReportClassified) -> Case:
    """The case with everything that the report says."""
    return replace(
        case,
        topic=report.topics[0].topic,
        topics=tuple(CaseTopic(finding.topic, _evidence(finding.evidence)) for finding in report.topics),
        text=report.text,
        masked=report.masked,
        kind=report.kind,
        people_affected=report.people_affected.value if report.people_affected else None,
        occurred_on=report.occurred_on.isoformat() if report.occurred_on else None,
    )


def _evidence(found: Iterable[Found]) -> tuple[Evidence, ...]:
    return tuple(Evidence(one.quote, one.rule, one.explanation) for one in found)
