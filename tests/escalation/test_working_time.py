"""Clocks: a table of instants that can be checked by hand, and what must hold for any."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.escalation.policy import Policy
from services.escalation.working_time import Amount, Calendar, Clock, due

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HOLIDAY = date(2026, 11, 24)
CALENDAR = Calendar(
    zone=ZONE,
    hours=((time(7), time(11)), (time(13), time(17))),
    weekdays=frozenset(range(5)),
    closed=frozenset({HOLIDAY}),
    open=frozenset({date(2026, 11, 28)}),
)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of November 2026 in the province; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("start", "amount", "clock", "expected"),
    [
        (at(23, 9, 30), "15m", "always", at(23, 9, 45)),
        (at(23, 23, 50), "1h", "always", at(24, 0, 50)),
        (at(23, 9, 30), "1d", "always", at(24, 9, 30)),
        (at(23, 9, 30), "24h", "always", at(24, 9, 30)),
        (at(23, 7), "4h", "working", at(23, 11)),
        (at(23, 9, 30), "4h", "working", at(23, 15, 30)),
        (at(23, 12), "1h", "working", at(23, 14)),
        (at(23, 5), "15m", "working", at(23, 7, 15)),
        (at(23, 9, 30), "1d", "working", at(25, 9, 30)),  # the 24th is a holiday
        (at(23, 16, 30), "1h", "working", at(25, 7, 30)),
        (at(24, 10), "1h", "working", at(25, 8)),
        (at(23, 18), "1d", "working", at(25, 17)),
        (at(27, 16), "2h", "working", at(28, 8)),  # a Saturday on which the offices work
        (at(28, 16), "2h", "working", at(30, 8)),  # over the Sunday
        (at(16, 7), "5d", "working", at(20, 17)),
    ],
)
def test_when_a_clock_runs_out(start: datetime, amount: str, clock: str, expected: datetime) -> None:
    assert due(start, Amount.parse(amount), Clock(clock), CALENDAR) == expected


@pytest.mark.parametrize("words", ["", "0m", "15", "m", "1w", "-1h", "1.5h", "1h30m", "15 m", "99999d"])
def test_what_is_no_amount_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Amount.parse(words)


starts = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
amounts = st.one_of(
    st.builds(lambda days: Amount(days=days), st.integers(1, 30)),
    st.builds(lambda minutes: Amount(time=timedelta(minutes=minutes)), st.integers(1, 6000)),
)


@given(start=starts, amount=amounts, clock=st.sampled_from(Clock))
def test_never_before_its_start_and_never_sooner_when_longer(start: datetime, amount: Amount, clock: Clock) -> None:
    once, twice = due(start, amount, clock, CALENDAR), due(start, amount * 2, clock, CALENDAR)
    assert start < once < twice


@given(start=starts, later=st.timedeltas(timedelta(0), timedelta(days=20)), amount=amounts)
def test_who_starts_later_is_due_no_sooner(start: datetime, later: timedelta, amount: Amount) -> None:
    assert due(start, amount, Clock.WORKING, CALENDAR) <= due(start + later, amount, Clock.WORKING, CALENDAR)


@given(start=starts, amount=amounts)
def test_it_runs_out_inside_office_hours(start: datetime, amount: Amount) -> None:
    instant = due(start, amount, Clock.WORKING, CALENDAR).astimezone(ZONE)
    assert CALENDAR.works_on(instant.date())
    assert any(begin < instant.time() <= until for begin, until in CALENDAR.hours)


@given(start=starts, amount=amounts)
def test_exactly_the_amount_is_worked_between(start: datetime, amount: Amount) -> None:
    end = due(start, amount, Clock.WORKING, CALENDAR)
    worked = timedelta(0)
    for begin, until in CALENDAR.windows_from(start):
        if begin >= end:
            break
        worked += min(until, end) - begin
    assert worked == amount.days * timedelta(hours=8) + amount.time


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 16), False),  # Tết
        (date(2026, 2, 20), False),
        (date(2026, 4, 27), False),  # a day off for a holiday on a Sunday
        (date(2026, 8, 31), False),  # a day off, and the Saturday worked for it
        (date(2026, 8, 22), True),
        (date(2026, 8, 29), False),
        (date(2026, 11, 23), True),
    ],
)
def test_the_provinces_calendar(policy: Policy, day: date, works: bool) -> None:
    assert policy.calendar.works_on(day) is works
    assert policy.calendar.day_length == timedelta(hours=8)
