"""What a message to a person on duty says: never a report's text, never a name, of a sealed case no detail at all."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from shared.contracts.vocabulary import GROUND_WORDS, TOPIC_WORDS, Ground, Step, Topic


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a message is made from. `at` is when the case's event happened, so that a repeat reads the same."""

    at: datetime
    link: str
    sealed: bool = False
    reference: str | None = None
    grounds: tuple[Ground, ...] = ()
    topic: Topic | None = None
    commune: str | None = None
    """The commune's five-digit code."""
    unverified: bool = False
    due: datetime | None = None
    """Until when the case must be acknowledged."""
    missed: Step | None = None
    """The step whose clock ran out; nothing for a new case."""


@dataclass(frozen=True, slots=True)
class Message:
    """What goes to a channel."""

    title: str
    text: str
    reference: str | None
    link: str


MISSED = {
    Step.ACKNOWLEDGE: ("Quá hạn tiếp nhận", "Chưa có ai tiếp nhận; hãy tiếp nhận ngay."),
    Step.ACT: ("Quá hạn xử lý", "Chưa có kết quả xử lý; hãy xử lý ngay."),
}
UNVERIFIED = "người gửi báo, chưa xác minh"


def message(facts: Facts, communes: dict[str, str], zone: tzinfo) -> Message:
    """Say `facts` in Vietnamese, times in the province's `zone`; `communes` are names (`Xã Châu Phú`) by code."""
    title = f"{_head(facts)}: {_subject(facts)}"
    commune = _within(communes.get(facts.commune, facts.commune)) if facts.commune else None
    where = ", ".join(part for part in (facts.reference, commune) if part)
    parts = [title, f" — {where}" if where else "", f". {_urge(facts, zone)}" if _urge(facts, zone) else ".", " "]
    return Message(title, "".join(parts) + facts.link, facts.reference, facts.link)


def _within(name: str) -> str:
    """A name as it stands inside a sentence: `xã Châu Phú`."""
    return name[:1].lower() + name[1:]


def _head(facts: Facts) -> str:
    if facts.missed:
        return MISSED[facts.missed][0]
    return "Cần ưu tiên" if facts.grounds or facts.sealed else "Việc mới"


def _subject(facts: Facts) -> str:
    if facts.sealed:
        return "vụ việc giữ kín"
    words = "; ".join(GROUND_WORDS[ground] for ground in facts.grounds)
    if not words:
        return TOPIC_WORDS[facts.topic].lower() if facts.topic else "việc thường"
    return f"{words} ({UNVERIFIED})" if facts.unverified else words


def _urge(facts: Facts, zone: tzinfo) -> str:
    if facts.missed:
        return MISSED[facts.missed][1]
    if facts.due is None:
        return ""
    until, at = facts.due.astimezone(zone), facts.at.astimezone(zone)
    day = "" if until.date() == at.date() else f" ngày {until:%d/%m/%Y}"
    left = remaining(facts.due - facts.at)
    # A message may arrive late or again: what is left is said with the time at which it was left.
    return f"Tiếp nhận trước {until:%H:%M}{day}" + (f" (còn {left} lúc {at:%H:%M})." if left else ".")


def remaining(span: timedelta) -> str:
    """`15 phút`, `1 giờ 30 phút`, `2 ngày 3 giờ`: the two largest units; nothing below half a minute."""
    minutes = round(span.total_seconds() / 60)
    units = ((minutes // 1440, "ngày"), (minutes // 60 % 24, "giờ"), (minutes % 60, "phút"))
    first = next((index for index, (amount, _) in enumerate(units) if amount > 0), None)
    if minutes <= 0 or first is None:
        return ""
    return " ".join(f"{amount} {unit}" for amount, unit in units[first : first + 2] if amount)
