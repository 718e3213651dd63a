"""The province's policy, read from its folder. What cannot be used is refused with file, row and remedy."""

from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import holidays
from pydantic import BeforeValidator, ConfigDict, Field

from services.escalation.mentions import Body, Mentions
from services.escalation.policy import GroundRule, Policy, Terms
from services.escalation.working_time import Amount, Calendar, Clock
from shared.contracts import vocabulary
from shared.contracts.vocabulary import STEERING_COMMITTEE_35, Ground, Topic
from shared.runtime.configuration import ConfigurationFile, Row

Duration = Annotated[Amount, BeforeValidator(lambda words: Amount.parse(words) if isinstance(words, str) else words)]
NameT = TypeVar("NameT", bound=StrEnum)


class _BodyRow(Row):
    name: Annotated[str, Field(min_length=2)]
    alternate: str | None = None
    names: tuple[str, ...] = ()


class _TermsRow(Row):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    acknowledge: Duration
    act: Duration
    clock: Clock

    @property
    def terms(self) -> Terms:
        return Terms(self.acknowledge, self.act, self.clock)


class _GroundRow(_TermsRow):
    lead: str
    told: tuple[str, ...] = ()
    sealed: bool


class _Hours(Row):
    weekdays: Annotated[frozenset[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1)]
    hours: Annotated[tuple[str, ...], Field(min_length=1)]
    country: str
    closed: tuple[date, ...] = ()
    open: tuple[date, ...] = ()


def load_policy(folder: Path, zone: ZoneInfo) -> tuple[Policy, Mapping[str, Body]]:
    """The policy and the bodies of a province's folder. Raises `ConfigurationError`."""
    bodies_file = ConfigurationFile.read(folder / "bodies.yaml")
    bodies = _bodies(bodies_file)
    addressing = bodies_file.content.get("addressing", [])
    grounds_file = ConfigurationFile.read(folder / "grounds.yaml")
    policy = Policy(
        grounds=_grounds(grounds_file, bodies),
        topics=_topics(ConfigurationFile.read(folder / "topics.yaml"), bodies),
        ordinary=grounds_file.parse(_TermsRow, "ordinary").terms,
        mentions=Mentions(bodies, addressing),
        calendar=_calendar(ConfigurationFile.read(folder / "calendar.yaml"), zone),
    )
    return policy, bodies


def _bodies(file: ConfigurationFile) -> dict[str, Body]:
    rows = file.parse(dict[vocabulary.Body, _BodyRow], "bodies")
    bodies = {slug: Body(row.name, row.alternate, row.names) for slug, row in rows.items()}
    for slug, body in bodies.items():
        _known(file, ("bodies", slug, "alternate"), [body.alternate] if body.alternate else [], bodies)
    if STEERING_COMMITTEE_35 not in bodies:
        raise file.error(f"thiếu cơ quan '{STEERING_COMMITTEE_35}'; hãy thêm vào", "bodies")
    return bodies


def _grounds(file: ConfigurationFile, bodies: Mapping[str, Body]) -> dict[Ground, GroundRule]:
    names = _complete(file, "grounds", Ground)
    rows = {ground: file.parse(_GroundRow, "grounds", ground) for ground in names}
    for ground, row in rows.items():
        _known(file, ("grounds", ground, "lead"), [row.lead], bodies)
        _known(file, ("grounds", ground, "told"), row.told, bodies)
    _keep_sealed_apart(file, rows, bodies)
    return {ground: GroundRule(row.lead, row.told, row.sealed, row.terms) for ground, row in rows.items()}


def _keep_sealed_apart(file: ConfigurationFile, rows: Mapping[Ground, _GroundRow], bodies: Mapping[str, Body]) -> None:
    """Who leads open cases sees them beside notices; leading sealed ones too, it would know what they stand for."""
    leading_open = {row.lead for row in rows.values() if not row.sealed} | {STEERING_COMMITTEE_35}
    for ground, row in rows.items():
        if not row.sealed:
            continue
        if row.told:
            raise file.error("việc giữ kín không báo cho cơ quan khác; hãy xoá 'told'", "grounds", ground, "told")
        for body in _takers(row.lead, bodies):
            if body in leading_open:
                what = f"'{body}' vừa nhận việc giữ kín vừa chủ trì việc công khai; hãy chọn cơ quan khác cho một bên"
                raise file.error(what, "grounds", ground, "lead")


def _takers(lead: str, bodies: Mapping[str, Body]) -> list[str]:
    takers: list[str] = []
    body: str | None = lead
    while body is not None and body not in takers:
        takers.append(body)
        body = bodies[body].alternate
    return takers


def _topics(file: ConfigurationFile, bodies: Mapping[str, Body]) -> dict[Topic, str]:
    topics = {topic: file.parse(str, "topics", topic) for topic in _complete(file, "topics", Topic)}
    for topic, body in topics.items():
        _known(file, ("topics", topic), [body], bodies)
    return topics


def _calendar(file: ConfigurationFile, zone: ZoneInfo) -> Calendar:
    row = file.parse(_Hours)
    hours = tuple(_window(file, words) for words in row.hours)
    if any(earlier[1] > later[0] for earlier, later in pairwise(hours)):
        raise file.error("các khoảng giờ chồng lên nhau hoặc sai thứ tự; hãy xếp từ sớm đến muộn", "hours")
    try:
        public = holidays.country_holidays(row.country)
    except NotImplementedError:
        raise file.error(f"không có lịch nghỉ của '{row.country}'; hãy ghi mã nước, ví dụ VN", "country") from None
    return Calendar(
        zone=zone,
        hours=hours,
        weekdays=frozenset(day - 1 for day in row.weekdays),
        closed=_Either(public, frozenset(row.closed)),
        open=_Either(_WorkedWeekends(public), frozenset(row.open)),
    )


class _Either:
    """Days of the country's list, or of the province's own."""

    def __init__(self, *lists: Any) -> None:
        self._lists = lists

    def __contains__(self, day: object) -> bool:
        return any(day in days for days in self._lists)


class _WorkedWeekends:
    """Weekend days on which a country works for a day off elsewhere in the year."""

    def __init__(self, public: Any) -> None:
        self._public = public

    def __contains__(self, day: date) -> bool:
        # The list of a year is made when one of its days is asked for.
        return day not in self._public and day in self._public.weekend_workdays


def _window(file: ConfigurationFile, words: str) -> tuple[time, time]:
    try:
        begin, until = (time.fromisoformat(part.strip()) for part in words.split("-"))
    except ValueError:
        raise file.error(f"'{words}' không phải khoảng giờ; hãy viết như 07:00-11:00", "hours") from None
    if begin >= until:
        raise file.error(f"'{words}' kết thúc trước khi bắt đầu; hãy đổi lại", "hours")
    return begin, until


def _complete(file: ConfigurationFile, section: str, names: type[NameT]) -> list[NameT]:
    """Every name of the closed list has its row, and no row has another name."""
    wanted = {name.value: name for name in names}
    found = file.parse(dict[str, Any], section)
    for key in found:
        if key not in wanted:
            raise file.error(f"không có '{key}' trong danh sách: {', '.join(wanted)}; hãy sửa tên", section, key)
    for name in wanted:
        if name not in found:
            raise file.error(f"thiếu '{name}'; hãy thêm vào", section)
    return list(wanted.values())


def _known(file: ConfigurationFile, where: tuple[str, ...], slugs: Any, bodies: Mapping[str, Body]) -> None:
    for slug in slugs:
        if slug not in bodies:
            raise file.error(f"không có cơ quan '{slug}' trong bodies.yaml; hãy sửa mã hoặc thêm cơ quan", *where)
