"""`roster.yaml`, read and held against the province's bodies and channels."""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import time
from pathlib import Path

from services.notification.roster import Contact, Duty, Roster
from shared.runtime.configuration import ConfigurationError, ConfigurationFile, Key


def load(path: Path, bodies: Collection[str], channels: Collection[str]) -> Roster:
    """Read the roster of a province's `bodies` over its `channels`. Raises `ConfigurationError` with every fault."""
    file = ConfigurationFile.read(path)
    roster = file.parse(Roster)
    if faults := [*_faults(file, roster, bodies, channels)]:
        raise ConfigurationError(*faults)
    return roster


def _faults(
    file: ConfigurationFile, roster: Roster, bodies: Collection[str], channels: Collection[str]
) -> Iterator[str]:
    for body in sorted(set(bodies) - roster.bodies):
        yield file.fault(f"cơ quan '{body}' chưa có lịch trực; hãy thêm '{body}:' với ít nhất một người trực")
    uses = Counter(duty.name for ladder in roster.root.values() for duty in ladder.duties)
    for body, ladder in roster.root.items():
        if body not in bodies:
            yield file.fault(f"không có cơ quan '{body}'; hãy sửa mã hoặc thêm vào bodies.yaml", body)
        for level, duty in enumerate(ladder.duties):
            where = (body, "duties", level)
            if uses[duty.name] > 1:
                yield file.fault(
                    f"tên '{duty.name}' dùng hai lần; hãy đặt cho mỗi người trực một tên riêng", *where, "name"
                )
            yield from _duty_faults(file, where, duty, channels)


def _duty_faults(
    file: ConfigurationFile, where: tuple[Key, ...], duty: Duty, channels: Collection[str]
) -> Iterator[str]:
    for number, contact in enumerate(duty.contacts):
        if contact.channel not in channels:
            what = f"không có kênh '{contact.channel}'; hãy sửa tên kênh hoặc thêm vào channels.yaml"
            yield file.fault(what, *where, "contacts", number, "channel")
    for channel in duty.channels:
        if moment := _uncovered(duty.by(channel)):
            what = f"kênh '{channel}' lúc {moment:%H:%M} phải có đúng một người; hãy sửa 'hours' cho kín 24 giờ"
            yield file.fault(what, *where, "contacts")


def _uncovered(contacts: tuple[Contact, ...]) -> time | None:
    """A moment at which not exactly one contact is on duty. Only where a shift begins or ends can that change."""
    hours = [contact.hours for contact in contacts if contact.hours]
    moments = [time(0, 1), *(time.fromisoformat(part) for shift in hours for part in shift.split("-"))]
    return next((at for at in moments if sum(contact.on(at) for contact in contacts) != 1), None)
