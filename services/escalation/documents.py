"""A case as a document of MongoDB and back, and the fields that only searching needs."""

import re
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from services.escalation.case import Case
from services.escalation.notices import Notice
from shared.contracts.vocabulary import STEERING_COMMITTEE_35
from shared.text.fold import folded

Document = dict[str, Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Before every clock: what is set sorts behind it, what is not set before."""

_CASES = TypeAdapter(Case)
_STORED = frozenset(field.name for field in fields(Case)) - {"id"}
_WORDS = re.compile(r"[^\W_]+")


def to_document(case: Case) -> Document:
    """Every field of the case, and those that are looked for: `due.next`, `wakes_at`, `unverified`, `finds`."""
    document: Document = _CASES.dump_python(case)
    document["_id"] = document.pop("id")
    document["due"]["next"] = case.due.next
    return document | {"wakes_at": case.wakes_at, "unverified": case.unverified, "finds": _finds(case)}


def to_case(document: Document) -> Case:
    """The case of a stored document."""
    stored = {name: value for name, value in document.items() if name in _STORED}
    return _CASES.validate_python({"id": document["_id"], **stored})


def changed(before: Case, after: Case) -> Document:
    """The fields that a write sets."""
    old, new = to_document(before), to_document(after)
    return {name: value for name, value in new.items() if old[name] != value}


def notice_document(notice: Notice) -> Document:
    """A notice stands in the committee's queue beside the cases, and has nothing of the case that it stands for."""
    return {
        "_id": notice.id,
        "notice": True,
        "queue": STEERING_COMMITTEE_35,
        "sealed": True,
        "grounds": [{"ground": ground} for ground in notice.grounds],
        "opened_at": notice.opened_on,
        "state": notice.state,
        "version": notice.version,
    }


def starts(words: str) -> list[str]:
    """Folded words from each of their beginnings on: `ấp Phú Mỹ` is found by `phu my`, `my` and `ap`."""
    folded_words = _WORDS.findall(folded(words))
    return [" ".join(folded_words[at:]) for at in range(len(folded_words))]


def sought(query: str) -> str:
    """What somebody looks for, in the form of `starts`."""
    return " ".join(_WORDS.findall(folded(query)))


def _finds(case: Case) -> list[str]:
    places = [case.place.words] if case.place else []
    return [start for words in (*case.references, *places) for start in starts(words)]
