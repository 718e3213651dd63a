"""What may never pass, whatever masking missed: long digit runs, an @, a link. The contracts' text type asks here."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from shared.text.fold import Folded, digit_view, fold

LONG = 9
"""Digits in a run that may identify somebody."""

_RUN = re.compile(r"[0-9](?:[\s.\-*_/,()·•]*[0-9])*")
_GROUP = re.compile(r"[0-9]+")

# Endings that seldom are a Vietnamese syllable; `me`, `ly` and the like are links only after a known short host.
_ENDINGS = (
    "com|vn|net|org|info|biz|gov|edu|xyz|site|online|website|shop|store|club|app|dev|blog|link|click|live|asia|page|"
    "vip|icu|tv|gl|gg|cc|ru|jp|kr|uk|eu|io|pro|top|win"
)
_SHORT_HOSTS = r"(?:zalo|m|t|wa|fb|ig|line|telegram)\.me|youtu\.be|bit\.ly|is\.gd|telegra\.ph"
_REST = r"[^\s\[\]\x00]*"
_LINK = re.compile(
    rf"(?:https?|hxxps?|ftp)\s?:\s?//{_REST}|(?<!\w)www\.{_REST}"
    rf"|(?<![\w\-])(?:{_SHORT_HOSTS}|[\w\-]+(?:\.[\w\-]+){{0,6}}\.(?:{_ENDINGS}))(?![\w\-])(?:[/?#:]{_REST})?"
)
_HOST_END = re.compile(r"[a-z]+(?=$|[/?#:])")


class Group(NamedTuple):
    """Digits that stand together: `digits` at folded offsets [start, end)."""

    digits: str
    start: int
    end: int


def leaks(text: str, hotlines: frozenset[str] = frozenset()) -> str | None:
    """The name of what would leak (`digits`, `at_sign`, `link`), or None. `hotlines` are numbers that may stand."""
    page = fold(text)
    if "@" in page.text:
        return "at_sign"
    if next(links(page), None):
        return "link"
    numbers = bare(hotlines)
    return "digits" if any(next(long_stretches(run, numbers), None) for run in runs(page.text)) else None


def links(page: Folded) -> Iterator[tuple[int, int]]:
    """Folded offsets of every link: one with a scheme, a known short host, a bare domain."""
    if "." not in page.text and "//" not in page.text:
        return
    for match in _LINK.finditer(page.text):
        end = match.start() + len(match[0].rstrip(".,;!?)\"'"))
        if not _is_slip(page, match):
            yield match.start(), end


def _is_slip(page: Folded, match: re.Match[str]) -> bool:
    """A full stop without its space: what looks like `.com` is a syllable with marks (`nấu.cơm`)."""
    ending = _HOST_END.search(match[0], match[0].rfind(".", 0, len(match[0])) + 1)
    if ending is None or "//" in match[0] or match[0].startswith("www."):
        return False
    start, end = page.span(match.start() + ending.start(), match.start() + ending.end())
    return not unicodedata.normalize("NFKC", page.nfc[start:end]).isascii()


def runs(folded: str) -> Iterator[list[Group]]:
    """Every run of digits over separators, as its groups."""
    if not any(digit in folded for digit in "0123456789"):
        return
    for run in _RUN.finditer(digit_view(folded)):
        yield [Group(g[0], run.start() + g.start(), run.start() + g.end()) for g in _GROUP.finditer(run[0])]


def long_stretches(run: Sequence[Group], hotlines: frozenset[str]) -> Iterator[list[Group]]:
    """The parts of a run that hold LONG digits or more once hotlines are taken out."""
    stretch: list[Group] = []
    pieces = _cut(run, hotlines) if count(run) >= LONG else []
    only_hotlines = all(is_hotline for is_hotline, _ in pieces)
    for is_hotline, groups in pieces:
        # A short hotline may be a part of a phone number: among other digits it protects nothing.
        if is_hotline and (only_hotlines or count(groups) >= LONG):
            yield from [stretch] if count(stretch) >= LONG else []
            stretch = []
        else:
            stretch += groups
    yield from [stretch] if count(stretch) >= LONG else []


def _cut(run: Sequence[Group], hotlines: frozenset[str]) -> list[tuple[bool, Sequence[Group]]]:
    if not hotlines:
        return [(False, run)]
    pieces: list[tuple[bool, Sequence[Group]]] = []
    at = 0
    while at < len(run):
        end = next((e for e in range(min(at + 8, len(run)), at, -1) if joined(run[at:e]) in hotlines), 0)
        pieces.append((end > 0, run[at : end or at + 1]))
        at = end or at + 1
    return pieces


def count(groups: Sequence[Group]) -> int:
    """How many digits the groups hold."""
    return sum(len(group.digits) for group in groups)


def joined(groups: Sequence[Group]) -> str:
    """The groups' digits in one piece."""
    return "".join(group.digits for group in groups)


@lru_cache(maxsize=64)
def bare(hotlines: frozenset[str]) -> frozenset[str]:
    """Hotlines as bare digits, however the province wrote them; a trunk 0 may be written +84."""
    digits = {re.sub(r"[^0-9]", "", fold(line).text) for line in hotlines} - {""}
    return frozenset(digits | {"84" + line[1:] for line in digits if line.startswith("0")})
