"""Words of a text and sets of words, compared on the fold; a word's own marks veto a false match."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from shared.text.fold import Folded, folded, spelling

WORDS = Path(__file__).parent / "words"
_WORD = re.compile(r"[^\W\d_]+")
_SHOUT, _TITLE = 6, 9
"""Words in capitals, or with a capital each, in a row longer than any name: then a capital says nothing."""


class Word(NamedTuple):
    """A word at folded offsets [start, end): folded, as typed, and whether it joins the one before it by spaces."""

    start: int
    end: int
    fold: str
    typed: str
    joins: bool
    capital: bool


class Words:
    """A set of words or phrases. In a text with marks a word without marks matches only what is written so."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._spellings: dict[str, set[str]] = {}
        for entry in entries:
            self._spellings.setdefault(folded(entry), set()).add(_spell(entry.split()))

    def has_word(self, word: Word, marked: bool) -> bool:
        """Whether one word is in the set."""
        if (spellings := self._spellings.get(word.fold)) is None:
            return False
        typed = spelling(word.typed)
        return typed in spellings or (not marked and typed.isascii())

    def has(self, words: Sequence[Word], marked: bool) -> bool:
        """Whether these words, joined by single spaces, are in the set."""
        if (spellings := self._spellings.get(" ".join(word.fold for word in words))) is None:
            return False
        typed = _spell([word.typed for word in words])
        return typed in spellings or (not marked and typed.isascii())


def _spell(words: Iterable[str]) -> str:
    return " ".join(map(spelling, words))


def split(page: Folded) -> list[Word]:
    """The words of a page in order; in a row of capitals none counts as capitalised."""
    words: list[Word] = []
    for match in _WORD.finditer(page.text):
        start, end = match.span()
        typed = page.nfc[slice(*page.span(start, end))]
        gap = page.text[words[-1].end : start] if words else "."
        words.append(Word(start, end, match[0], typed, gap.strip(" ") == "" != gap, typed[0].isupper()))
    if sum(word.capital for word in words) < _SHOUT:
        return words
    words = _lowered(words, _SHOUT, [word.typed.isupper() for word in words])
    return _lowered(words, _TITLE, [word.capital and (word.joins or not at) for at, word in enumerate(words)])


def _lowered(words: list[Word], longest: int, capital: list[bool]) -> list[Word]:
    start = 0
    for end in range(len(words) + 1):
        if end == len(words) or not capital[end]:
            if end - start >= longest:
                words[start:end] = [word._replace(capital=False) for word in words[start:end]]
            start = end + 1
    return words


def is_marked(words: Sequence[Word]) -> bool:
    """Whether a text is typed with diacritics: then a word without them is meant without them."""
    return sum(not word.typed.isascii() for word in words) * 5 >= len(words)


@cache
def listed(name: str) -> tuple[str, ...]:
    """The words of a list in `words/`, one or more a line."""
    return tuple(" ".join(_lines(name)).split())


@cache
def phrases(name: str) -> tuple[str, ...]:
    """The lines of a list in `words/`."""
    return tuple(_lines(name))


def _lines(name: str) -> list[str]:
    lines = (WORDS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
