"""The duty roster: for every body a ladder of duties, and for every duty whom to reach, by channel and shift."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import time
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, RootModel, ValidationError, field_validator

from services.notification.rows import ConfigurationError, Row, Rows

Words = Annotated[str, Field(min_length=1)]

_HOURS = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d")


class Contact(Row):
    """Where one channel reaches a duty. `hours` such as `18:00-06:00` (local, end excluded) is a shift."""

    channel: Words
    to: Words
    hours: str | None = None

    @field_validator("hours")
    @classmethod
    def _is_a_shift(cls, hours: str | None) -> str | None:
        if hours is not None and (not _HOURS.fullmatch(hours) or hours[:5] == hours[6:]):
            raise ValueError('ca trực phải có dạng "18:00-06:00"')
        return hours

    def on(self, at: time) -> bool:
        """Whether this contact's shift covers the local time `at`."""
        if self.hours is None:
            return True
        start, end = time.fromisoformat(self.hours[:5]), time.fromisoformat(self.hours[6:])
        return start <= at < end if start < end else at >= start or at < end


class Duty(Row):
    """One rung of a body's ladder, by the name under which everybody else knows it."""

    name: Words
    contacts: Annotated[tuple[Contact, ...], Field(min_length=1)]

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels that reach this duty, each once."""
        return tuple(dict.fromkeys(contact.channel for contact in self.contacts))

    def by(self, channel: str) -> tuple[Contact, ...]:
        """The contacts of one channel: one, or one a shift."""
        return tuple(contact for contact in self.contacts if contact.channel == channel)


class Ladder(Row):
    """The duties of one body: the person on duty (level 0), the next, the head."""

    duties: Annotated[tuple[Duty, ...], Field(min_length=1)]


class Roster(RootModel[dict[str, Ladder]]):
    """Every body's ladder."""

    @cached_property
    def bodies(self) -> frozenset[str]:
        """The bodies that have a ladder."""
        return frozenset(self.root)

    def on_duty(self, body: str, level: int) -> Duty | None:
        """The duty of a body at a level, or nothing where its ladder ends below. Raises `KeyError` for no such body."""
        duties = self.root[body].duties
        return duties[level] if level < len(duties) else None

    def address(self, body: str, duty: str, channel: str, at: time) -> str | None:
        """Whom to reach now, or nothing where the roster has changed since. `at` is local time."""
        duties = self.root[body].duties if body in self.root else ()
        contacts = (contact for one in duties if one.name == duty for contact in one.by(channel))
        return next((contact.to for contact in contacts if contact.on(at)), None)

    def view(self, names: Mapping[str, str]) -> list[dict[str, Any]]:
        """The roster as anybody may see it: duties by body and level, no contact. `names` are the bodies' names."""
        return [
            {
                "body": body,
                "name": names[body],
                "duties": [
                    {"level": level, "name": duty.name, "channels": list(duty.channels)}
                    for level, duty in enumerate(ladder.duties)
                ],
            }
            for body, ladder in self.root.items()
        ]


def load(path: Path, bodies: Collection[str], channels: Collection[str]) -> Roster:
    """Read the roster of a province's `bodies` over its `channels`. Raises `ConfigurationError` with every fault."""
    rows = Rows.read(path)
    try:
        roster = Roster.model_validate(rows.content)
    except ValidationError as error:
        raise ConfigurationError("\n".join(rows.faults(error))) from None
    if faults := [*_faults(rows, roster, bodies, channels)]:
        raise ConfigurationError("\n".join(faults))
    return roster


def _faults(rows: Rows, roster: Roster, bodies: Collection[str], channels: Collection[str]) -> Iterator[str]:
    for body in sorted(set(bodies) - roster.bodies):
        yield rows.fault([], f"cơ quan '{body}' chưa có lịch trực; hãy thêm '{body}:' với ít nhất một người trực")
    uses = Counter(duty.name for ladder in roster.root.values() for duty in ladder.duties)
    for body, ladder in roster.root.items():
        if body not in bodies:
            yield rows.fault([body], f"không có cơ quan '{body}'; hãy sửa mã hoặc thêm vào bodies.yaml")
        for level, duty in enumerate(ladder.duties):
            where = (body, "duties", level)
            if uses[duty.name] > 1:
                yield rows.fault([*where, "name"], f"tên '{duty.name}' dùng hai lần; mỗi người trực cần một tên riêng")
            yield from _duty_faults(rows, where, duty, channels)


def _duty_faults(rows: Rows, where: tuple[int | str, ...], duty: Duty, channels: Collection[str]) -> Iterator[str]:
    for number, contact in enumerate(duty.contacts):
        if contact.channel not in channels:
            what = f"không có kênh '{contact.channel}'; hãy sửa tên kênh hoặc thêm vào channels.yaml"
            yield rows.fault([*where, "contacts", number, "channel"], what)
    for channel in duty.channels:
        if moment := _uncovered(duty.by(channel)):
            what = f"kênh '{channel}' lúc {moment:%H:%M} phải có đúng một người; hãy sửa 'hours' cho kín 24 giờ"
            yield rows.fault([*where, "contacts"], what)


def _uncovered(contacts: tuple[Contact, ...]) -> time | None:
    """A moment at which not exactly one contact is on duty. Only where a shift begins or ends can that change."""
    hours = [contact.hours for contact in contacts if contact.hours]
    moments = [time(0, 1), *(time.fromisoformat(part) for shift in hours for part in shift.split("-"))]
    return next((at for at in moments if sum(contact.on(at) for contact in contacts) != 1), None)
