"""A record that cannot be processed, kept as it came, with what is known about its failure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiokafka import ConsumerRecord

PREFIX = "langnghe-"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record given up: `reason` is a short word for counting, `detail` says more and quotes no text."""

    record: ConsumerRecord[bytes, bytes]
    reason: str
    detail: str


def letter(item: Rejected, at: datetime) -> list[tuple[str, bytes]]:
    """The headers of the dead letter: the record's own, then origin, error and attempt."""
    record = item.record
    own = [(name, value) for name, value in record.headers if not name.startswith(PREFIX)]
    facts = {
        "origin-topic": record.topic,
        "origin-partition": str(record.partition),
        "origin-offset": str(record.offset),
        "origin-timestamp": str(record.timestamp),
        "reason": item.reason,
        "error": item.detail[:1000],
        "attempt": str(attempts(record.headers) + 1),
        "failed-at": at.isoformat(),
    }
    return own + [(PREFIX + name, value.encode()) for name, value in facts.items()]


def attempts(headers: Sequence[tuple[str, bytes]]) -> int:
    """How often a replayed record was given up before."""
    found = [value for name, value in headers if name == f"{PREFIX}attempt"]
    return int(found[-1]) if found and found[-1].isdigit() else 0
