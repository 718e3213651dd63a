"""Finds the words of all rules in one pass over a text."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import ahocorasick
import re2

from services.classification.reading import NUMBER, Reading

ANY_NUMBER = "<số>"

_QUIET = re2.Options()
_QUIET.log_errors = False

Words = tuple[str, ...]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonWords:
    """What every rule reads alike: figures of speech, thanks and courtesy hide what they cover."""

    figures: Words = ()
    thanks: Words = ()
    courtesy: Words = ()
    landmarks: Words = ()
    authority: Words = ()
    impostor: Words = ()


@dataclass(slots=True)
class Found:
    """A text that was read once: where each term stands in it."""

    reading: Reading
    hits: dict[int, list[Span]] = field(default_factory=dict)

    def spans(self, term: int) -> Sequence[Span]:
        """Where this term stands, in the order of the text."""
        return self.hits.get(term, ())

    def same_sentence(self, one: Span, other: Span) -> bool:
        return self.reading.sentences[one[0]] == self.reading.sentences[other[0]]

    def same_clause(self, one: Span, other: Span) -> bool:
        return self.reading.clauses[one[0]] == self.reading.clauses[other[0]]


class Phrases:
    """All words of all rules in one automaton: a term has the number it got when a rule first asked for it."""

    def __init__(self, common: CommonWords | None = None) -> None:
        self._numbers: dict[Words, int] = {}
        self._spelt: dict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
        self._patterns: list[tuple[Any, int]] = []
        self._automaton: ahocorasick.Automaton | None = None
        self.common = common or CommonWords()
        self._figures = self.term(self.common.figures)
        self._thanks = self.term(self.common.thanks)
        self._courtesy = self.term(self.common.courtesy)

    def term(self, words: Words) -> int:
        """The number of the term that any of these words stands for."""
        if words not in self._numbers:
            number = self._numbers[words] = len(self._numbers)
            for word in words:
                self._add(word, number)
            self._automaton = None
        return self._numbers[words]

    def find(self, text: str) -> Found:
        """Read a text: every term that stands in it outside figures of speech, thanks and courtesy."""
        found = Found(Reading(text))
        for term, span in self._raw(found.reading):
            found.hits.setdefault(term, []).append(span)
        self._hide(found)
        for spans in found.hits.values():
            spans.sort()
        return found

    def _add(self, word: str, term: int) -> None:
        if is_pattern(word):
            self._patterns.append((compiled(word), term))
        else:
            spelling = spelt(word)
            self._spelt[spelling.line].append((tuple(map(spelling.marks, range(len(spelling)))), term))

    def _compiled(self) -> ahocorasick.Automaton:
        if self._automaton is None:
            self._automaton = ahocorasick.Automaton()
            for line, meanings in self._spelt.items():
                self._automaton.add_word(line, (len(meanings[0][0]), meanings))
            self._automaton.make_automaton()
        return self._automaton

    def _raw(self, reading: Reading) -> Iterable[tuple[int, Span]]:
        index = reading.index
        if self._spelt:
            for offset, (length, meanings) in self._compiled().iter(reading.line):
                end = index[offset]
                span = (end - length, end)
                for typed, term in meanings:
                    if reading.plain or _agrees(reading, span, typed):
                        yield term, span
        line = reading.line.encode("ascii", "replace")
        for pattern, term in self._patterns:
            for match in pattern.finditer(line):
                yield term, (index[match.start()], index[match.end() - 1])

    def _hide(self, found: Found) -> None:
        covers = [*found.spans(self._figures), *found.spans(self._courtesy)]
        covers += [_to_clause_end(found.reading, span) for span in found.spans(self._thanks)]
        if covers:
            kept = {self._figures, self._courtesy, self._thanks}
            for term, spans in found.hits.items():
                if term not in kept:
                    found.hits[term] = [span for span in spans if not any(_hides(cover, span) for cover in covers)]


def is_pattern(word: str) -> bool:
    """Whether a word of a rule is a pattern over the folded text."""
    return len(word) > 2 and word.startswith("/") and word.endswith("/")


def compiled(word: str) -> Any:
    """The pattern of a word, linear in the text; `re2.error` if it is none."""
    return re2.compile(f" (?:{word[1:-1]}) ".encode(), _QUIET)  # type: ignore[no-untyped-call]


def spelt(word: str) -> Reading:
    """A word of a rule, read as a text is read."""
    return Reading(word.replace(ANY_NUMBER, NUMBER))


def _agrees(reading: Reading, span: Span, typed: tuple[str, ...]) -> bool:
    # A word typed without marks agrees with any; one typed with marks must be the same word: "đòn" is not "đồn".
    return all(reading.marks(at) in ("", wanted) for at, wanted in zip(range(*span), typed, strict=True))


def _hides(cover: Span, span: Span) -> bool:
    overlaps = span[0] < cover[1] and cover[0] < span[1]
    return overlaps and not (span[0] <= cover[0] and cover[1] <= span[1])


def _to_clause_end(reading: Reading, span: Span) -> Span:
    # Unpunctuated texts are one clause: thanks then cover only what follows closely.
    end = span[1]
    while end < len(reading) and end - span[1] < 12 and reading.clauses[end] == reading.clauses[span[0]]:
        end += 1
    return span[0], end
