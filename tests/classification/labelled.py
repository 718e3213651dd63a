"""The reports that the tests of classification share, and their labels as plain words."""

import json
from pathlib import Path
from typing import NamedTuple

from services.classification.rules import Rulebook

DATA = Path(__file__).parents[1] / "data"
RULEBOOK = Rulebook.load()


class Labelled(NamedTuple):
    """A report and what a person said it is."""

    text: str
    topic: str
    grounds: frozenset[str]


class Labels(NamedTuple):
    """What the rules say of a text."""

    topics: tuple[str, ...]
    grounds: frozenset[str]


def labels(text: str) -> Labels:
    """Topics, best first, and grounds."""
    found = RULEBOOK.classify(text)
    return Labels(tuple(one.topic for one in found.topics), frozenset(one.ground for one in found.grounds))


def _read(line: str) -> Labelled:
    row = json.loads(line)
    return Labelled(row["text"], row["topic"], frozenset(row["grounds"]))


REPORTS = [_read(line) for line in (DATA / "reports_labelled.jsonl").read_text(encoding="utf-8").splitlines()]
WRAPPERS = [
    wrapper
    for wrappers in json.loads((DATA / "stance_wrappers.json").read_text(encoding="utf-8")).values()
    for wrapper in wrappers
]
