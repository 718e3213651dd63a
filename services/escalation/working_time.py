"""When a clock runs out: always ticking, or only in the office hours of the province."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

_AMOUNT = re.compile(r"([1-9][0-9]{0,3})([mhd])")

Window = tuple[datetime, datetime]
"""One stretch of office hours, in UTC."""


class Clock(StrEnum):
    """Whether nights, weekends and holidays count."""

    ALWAYS = "always"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class Amount:
    """How long a clock runs. A day is 24 hours where it always ticks, and a day's office hours where it does not."""

    days: int = 0
    time: timedelta = timedelta(0)

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read `15m`, `4h` or `10d`. Raises `ValueError` for anything else."""
        match = _AMOUNT.fullmatch(words)
        if not match:
            raise ValueError(f"{words!r} is not an amount of time such as 15m, 4h or 10d")
        number, unit = int(match[1]), match[2]
        if unit == "d":
            return cls(days=number)
        return cls(time=timedelta(minutes=number) if unit == "m" else timedelta(hours=number))

    def __mul__(self, times: int) -> "Amount":
        return Amount(self.days * times, self.time * times)


@dataclass(frozen=True)
class Calendar:
    """Office hours of a working day, in the province's time; `closed` holds the public holidays among others.

    `open` are days on which the offices work although they would be closed.
    """

    zone: ZoneInfo
    hours: tuple[tuple[time, time], ...]
    weekdays: frozenset[int]
    closed: Container[date] = frozenset()
    open: Container[date] = frozenset()
    _windows: dict[date, tuple[Window, ...]] = field(default_factory=dict, repr=False, compare=False)

    def works_on(self, day: date) -> bool:
        """Whether the offices are open at all on this day."""
        return day in self.open or (day.weekday() in self.weekdays and day not in self.closed)

    @property
    def day_length(self) -> timedelta:
        """The office hours of one day, added up."""
        midnight = date.min
        return sum(
            (datetime.combine(midnight, until) - datetime.combine(midnight, begin) for begin, until in self.hours),
            timedelta(0),
        )

    def windows(self, day: date) -> tuple[Window, ...]:
        """The office hours of a day; none when it is not worked."""
        found = self._windows.get(day)
        if found is None:
            hours = self.hours if self.works_on(day) else ()
            found = self._windows[day] = tuple((self._at(day, begin), self._at(day, until)) for begin, until in hours)
        return found

    def windows_from(self, start: datetime) -> Iterator[Window]:
        """The office hours from `start` on, for ever, the first one cut to what is left of it."""
        day = start.astimezone(self.zone).date()
        while True:
            for begin, until in self.windows(day):
                if until > start:
                    yield max(begin, start), until
            day += timedelta(days=1)

    def midnight(self, at: datetime) -> datetime:
        """The beginning of the local day, in UTC."""
        return self._at(at.astimezone(self.zone).date(), time(0))

    def _at(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)


def due(start: datetime, amount: Amount, clock: Clock, calendar: Calendar) -> datetime:
    """The instant, in UTC, at which a clock started at `start` has run for `amount`."""
    if clock is Clock.ALWAYS:
        return start.astimezone(UTC) + timedelta(days=amount.days) + amount.time
    left = amount.days * calendar.day_length + amount.time
    for begin, until in calendar.windows_from(start):
        if left <= until - begin:
            return begin + left
        left -= until - begin
    raise AssertionError("a calendar has no last day")
