"""The province's policy, read from its folder. What cannot be used is refused with file, row and remedy."""

from collections.abc import Mapping
from datetime import date, time
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import holidays
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from services.escalation.mentions import Body, Mentions
from services.escalation.policy import GroundRule, Policy, Terms
from services.escalation.rows import ConfigurationError, Table, read_table
from services.escalation.working_time import Amount, Calendar, Clock
from shared.contracts import vocabulary
from shared.contracts.vocabulary import STEERING_COMMITTEE_35, Ground, Topic

Duration = Annotated[Amount, BeforeValidator(lambda words: Amount.parse(words) if isinstance(words, str) else words)]
Row = TypeVar("Row", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _BodyRow(_Strict):
    slug: vocabulary.Body
    name: Annotated[str, Field(min_length=2)]
    alternate: str | None = None
    names: tuple[str, ...] = ()


class _TermsRow(_Strict):
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


class _Hours(_Strict):
    weekdays: Annotated[frozenset[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1)]
    hours: Annotated[tuple[str, ...], Field(min_length=1)]
    country: str
    closed: tuple[date, ...] = ()
    open: tuple[date, ...] = ()


def load_policy(folder: Path, zone: ZoneInfo) -> tuple[Policy, Mapping[str, Body]]:
    """The policy and the bodies of a province's folder. Raises `ConfigurationError`."""
    bodies_file = read_table(folder / "bodies.yaml")
    bodies = _bodies(bodies_file)
    addressing = bodies_file.root.get("addressing", [])
    grounds_file = read_table(folder / "grounds.yaml")
    policy = Policy(
        grounds=_grounds(grounds_file, bodies),
        topics=_topics(read_table(folder / "topics.yaml"), bodies),
        ordinary=_row(grounds_file, "ordinary", _TermsRow).terms,
        mentions=Mentions(bodies, addressing),
        calendar=_calendar(read_table(folder / "calendar.yaml"), zone),
    )
    return policy, bodies


def _bodies(file: Table) -> dict[str, Body]:
    rows = {slug: _row(file, ("bodies", slug), _BodyRow, slug=slug) for slug in file.keys("bodies")}
    bodies = {slug: Body(row.name, row.alternate, row.names) for slug, row in rows.items()}
    for slug, body in bodies.items():
        _known(file, ("bodies", slug, "alternate"), [body.alternate] if body.alternate else [], bodies)
    if STEERING_COMMITTEE_35 not in bodies:
        raise file.fault("bodies", f"thiếu cơ quan '{STEERING_COMMITTEE_35}'; hãy thêm vào")
    return bodies


def _grounds(file: Table, bodies: Mapping[str, Body]) -> dict[Ground, GroundRule]:
    names = _complete(file, "grounds", Ground)
    rows = {ground: _row(file, ("grounds", ground), _GroundRow) for ground in names}
    for ground, row in rows.items():
        _known(file, ("grounds", ground, "lead"), [row.lead], bodies)
        _known(file, ("grounds", ground, "told"), row.told, bodies)
    _keep_sealed_apart(file, rows, bodies)
    return {ground: GroundRule(row.lead, row.told, row.sealed, row.terms) for ground, row in rows.items()}


def _keep_sealed_apart(file: Table, rows: Mapping[Ground, _GroundRow], bodies: Mapping[str, Body]) -> None:
    """Who leads open cases sees them beside notices; leading sealed ones too, it would know what they stand for."""
    leading_open = {row.lead for row in rows.values() if not row.sealed} | {STEERING_COMMITTEE_35}
    for ground, row in rows.items():
        if not row.sealed:
            continue
        if row.told:
            raise file.fault(("grounds", ground, "told"), "việc giữ kín không báo cho cơ quan khác; hãy xoá 'told'")
        for body in _takers(row.lead, bodies):
            if body in leading_open:
                what = f"'{body}' vừa nhận việc giữ kín vừa chủ trì việc công khai; hãy chọn cơ quan khác cho một bên"
                raise file.fault(("grounds", ground, "lead"), what)


def _takers(lead: str, bodies: Mapping[str, Body]) -> list[str]:
    takers: list[str] = []
    body: str | None = lead
    while body is not None and body not in takers:
        takers.append(body)
        body = bodies[body].alternate
    return takers


def _topics(file: Table, bodies: Mapping[str, Body]) -> dict[Topic, str]:
    topics = {topic: file.at(("topics", topic)) for topic in _complete(file, "topics", Topic)}
    for topic, body in topics.items():
        _known(file, ("topics", topic), [body], bodies)
    return topics


def _calendar(file: Table, zone: ZoneInfo) -> Calendar:
    row = _row(file, (), _Hours)
    hours = tuple(_window(file, words) for words in row.hours)
    if any(earlier[1] > later[0] for earlier, later in pairwise(hours)):
        raise file.fault("hours", "các khoảng giờ chồng lên nhau hoặc sai thứ tự; hãy xếp từ sớm đến muộn")
    try:
        public = holidays.country_holidays(row.country)
    except NotImplementedError:
        raise file.fault("country", f"không có lịch nghỉ của '{row.country}'; hãy ghi mã nước, ví dụ VN") from None
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


def _window(file: Table, words: str) -> tuple[time, time]:
    try:
        begin, until = (time.fromisoformat(part.strip()) for part in words.split("-"))
    except ValueError:
        raise file.fault("hours", f"'{words}' không phải khoảng giờ; hãy viết như 07:00-11:00") from None
    if begin >= until:
        raise file.fault("hours", f"'{words}' kết thúc trước khi bắt đầu; hãy đổi lại")
    return begin, until


NameT = TypeVar("NameT", bound=StrEnum)


def _complete(file: Table, section: str, names: type[NameT]) -> list[NameT]:
    """Every name of the closed list has its row, and no row has another name."""
    wanted = {name.value: name for name in names}
    for key in file.keys(section):
        if key not in wanted:
            raise file.fault((section, key), f"không có '{key}' trong danh sách: {', '.join(wanted)}; hãy sửa tên")
    for name in wanted:
        if name not in file.keys(section):
            raise file.fault(section, f"thiếu '{name}'; hãy thêm vào")
    return list(wanted.values())


def _known(file: Table, where: tuple[str, ...], slugs: Any, bodies: Mapping[str, Body]) -> None:
    for slug in slugs:
        if slug not in bodies:
            raise file.fault(where, f"không có cơ quan '{slug}' trong bodies.yaml; hãy sửa mã hoặc thêm cơ quan")


def _row(file: Table, where: str | tuple[str, ...], model: type[Row], **known: str) -> Row:
    try:
        return model.model_validate({**file.mapping(where), **known})
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        path = (where,) if isinstance(where, str) else where
        name = ".".join(map(str, first["loc"]))
        raise file.fault((*path, *map(str, first["loc"][:1])), f"trường '{name}': {_remedy(first)}") from None


def _remedy(error: Any) -> str:
    known = {"missing": "thiếu; hãy thêm vào", "extra_forbidden": "không có trường này; hãy sửa tên hoặc xoá đi"}
    return known.get(error["type"], f"giá trị {error['input']!r} không dùng được ({error['msg']}); hãy sửa lại")


__all__ = ["ConfigurationError", "load_policy"]
