"""A record that cannot be processed, kept as it came, with what is known about its failure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiokafka import ConsumerRecord

PREFIX = "langnghe-"

LARGEST_LETTER = 1_000_000
"""Bytes, a little less than what a broker takes in one record. A compressed record may unpack to more."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record given up: `reason` is a short word for counting, `detail` says more and quotes no text."""

    record: ConsumerRecord[bytes, bytes]
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What is sent to the dead letters."""

    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]


def letter(item: Rejected, at: datetime) -> Letter:
    """The record as it came; its headers, then origin, error and attempt.

    Of a record that no broker would take back, only where it stands: a letter that cannot be sent would hold its
    partition for ever.
    """
    record = item.record
    own = [(name, value) for name, value in record.headers if not name.startswith(PREFIX)]
    sizes = [len(record.key or b""), len(record.value or b""), *(len(name) + len(value or b"") for name, value in own)]
    if sum(sizes) > LARGEST_LETTER:
        return Letter(None, b"", [*_facts(item, at), (f"{PREFIX}left-out-bytes", str(sum(sizes)).encode())])
    # The producer refuses a record with neither key nor value.
    return Letter(record.key, record.value or b"", own + _facts(item, at))


def _facts(item: Rejected, at: datetime) -> list[tuple[str, bytes]]:
    record = item.record
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
    return [(PREFIX + name, value.encode()) for name, value in facts.items()]


def attempts(headers: Sequence[tuple[str, bytes]]) -> int:
    """How often a replayed record was given up before."""
    found = [value for name, value in headers if name == f"{PREFIX}attempt"]
    return int(found[-1]) if found and found[-1] and found[-1][:9].isdigit() and len(found[-1]) < 9 else 0
