"""Joins what every kind's module finds and writes the placeholders."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from shared.text.fold import Folded, fold
from shared.text.leaks import bare
from shared.text.masking import addresses, birth_dates, coordinates, dossiers, emails, links, numbers, phones, plates
from shared.text.masking.kinds import PLACEHOLDERS, Mark, Masked, Span
from shared.text.masking.persons import Persons

Finder = Callable[[Folded], Iterable[Mark]]

_PLACEHOLDER = re.compile("|".join(map(re.escape, PLACEHOLDERS.values())))


class Masker:
    """Masks a text. `hotlines` are numbers that may stand, `places` names of places that are nobody's name."""

    def __init__(self, hotlines: Iterable[str] = (), places: Iterable[str] = ()) -> None:
        digits = numbers.Numbers(bare(frozenset(hotlines)))
        # Each finder sees the text with what was found before blanked out: the surest kinds come first.
        self._finders: tuple[Finder, ...] = (
            emails.find,
            emails.find_unsigned,
            links.find,
            coordinates.find,
            dossiers.find,
            plates.find,
            birth_dates.find,
            phones.find_spoken,
            phones.find_oddly_separated,
            digits.find,
            links.find_profiles,
            addresses.find,
            Persons(places).find,
        )

    def mask(self, text: str) -> Masked:
        """Put a typed placeholder for every piece of personal data. Masking a masked text changes nothing."""
        page = fold(text)
        marks = sorted(self._marks(_without_placeholders(page)), key=lambda mark: mark.start)
        spans = tuple(Span(mark.kind, *page.span(mark.start, mark.end)) for mark in marks)
        return Masked(_write(page.nfc, spans), dict(Counter(span.kind.value for span in spans)), spans)

    def _marks(self, page: Folded) -> Iterator[Mark]:
        """Look until nothing is found: what is left over beside a mark may itself be personal data."""
        found = True
        while found:
            found = False
            for finder in self._finders:
                if marks := _apart(finder(page)):
                    found = True
                    page = _blank(page, marks)
                    yield from marks


def _apart(marks: Iterable[Mark]) -> list[Mark]:
    """The marks without those that overlap an earlier or a longer one: `N.V.T.` is one name."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda mark: (mark.start, -mark.end)):
        if not kept or mark.start >= kept[-1].end:
            kept.append(mark)
    return kept


def _without_placeholders(page: Folded) -> Folded:
    """A text masked before keeps its placeholders: they read as a gap."""
    if "[" not in page.nfc:
        return page
    return _with_gaps(page, [match.span() for match in _PLACEHOLDER.finditer(page.nfc)])


def _with_gaps(page: Folded, gaps: Iterable[tuple[int, int]]) -> Folded:
    """The page with the folded characters that stem from these NFC ranges blanked out."""
    inside = {offset for start, end in gaps for offset in range(start, end)}
    text = "".join("\0" if page.origin[i] in inside else char for i, char in enumerate(page.text))
    return replace(page, text=text)


def _blank(page: Folded, marks: Iterable[Mark]) -> Folded:
    text = page.text
    for _, start, end in marks:
        text = text[:start] + "\0" * (end - start) + text[end:]
    return replace(page, text=text)


def _write(nfc: str, spans: Iterable[Span]) -> str:
    pieces, at = [], 0
    for span in spans:
        pieces += [nfc[at : span.start], PLACEHOLDERS[span.kind]]
        at = span.end
    return "".join([*pieces, nfc[at:]])
