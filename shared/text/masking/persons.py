"""Names of people: after a form of address, from a surname on, by birth rank, as initials."""

import re
from collections.abc import Iterable, Iterator

from shared.text.fold import Folded
from shared.text.masking.kinds import Kind, Mark
from shared.text.masking.lexicon import Words, phrases, split
from shared.text.masking.name_reading import Reading

_TYPE_WORD = re.compile(r"^(?:xã|phường|thị trấn|đặc khu|thành phố|huyện|quận|thị xã)\s", re.IGNORECASE)
_INITIALS = re.compile(r"(?<![\w.])(?:[a-z]\.\s?){2,4}(?:[a-z](?!\w))?")
_NO_INITIALS = frozenset(
    ("ubnd", "hdnd", "hcm", "tp", "tt", "tx", "px", "ql", "ca", "bhyt", "bhxh", "ub", "mttq", "tw", "vn")
)


class Persons:
    """Finds names; `places` are communes and districts, with or without their type word."""

    def __init__(self, places: Iterable[str]) -> None:
        self._places = Words([*phrases("landmarks"), *(_TYPE_WORD.sub("", place) for place in places)])

    def find(self, page: Folded) -> Iterator[Mark]:
        """Marks of whole names, without the form of address before them."""
        yield from _initials(page)
        words = split(page)
        reading = Reading(words, self._places)
        at = 0
        while at < len(words):
            start, end = reading.name_at(at)
            if end:
                yield Mark(Kind.PERSON, words[start].start, words[end - 1].end)
            at = max(end, reading.place_at(at), at + 1)


def _initials(page: Folded) -> Iterator[Mark]:
    for match in _INITIALS.finditer(page.text):
        start, end = page.span(*match.span())
        letters = re.sub(r"[^a-z]", "", match[0])
        if (page.nfc[start:end].isupper() or len(letters) >= 3) and letters not in _NO_INITIALS:
            yield Mark(Kind.PERSON, match.start(), match.start() + len(match[0].rstrip()))
