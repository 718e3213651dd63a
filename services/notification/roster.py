"""The duty roster: for every body a ladder of duties, and for every duty whom to reach, by channel and shift."""

import re
from collections.abc import Mapping
from datetime import time
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

Words = Annotated[str, Field(min_length=1)]

_HOURS = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contact(_Entry):
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


class Duty(_Entry):
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


class Ladder(_Entry):
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
