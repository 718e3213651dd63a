"""What may never pass, whatever masking missed: long digit runs, an @, a link. The contracts' text type asks here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from shared.text.fold import fold

LONG = 9
"""A run of this many digits may identify somebody."""

RUN = re.compile(r"[0-9](?:[\s.\-*_/,()·•]*[0-9])*")
_GROUP = re.compile(r"[0-9]+")

# Endings that are no Vietnamese syllable link anywhere; short hosts such as zalo.me only by name (khóc.me is a slip).
_ENDINGS = (
    "com|vn|net|org|info|biz|gov|edu|xyz|site|online|website|shop|store|club|app|dev|blog|link|click|live|asia|page|"
    "vip|icu|tv|ly|gl|gg|cc|ru|jp|kr|uk|eu|io|pro|top|win"
)
_HOSTS = (
    r"(?:zalo|m|t|wa|telegram|youtu|fb|ig|line|vk|bit|tinyurl|goo|maps|plus|discord)\.(?:me|be|to|la|co|gd|app|ws|page)"
)
_LABEL = r"[a-z0-9][a-z0-9_\-]*"
_LABELS = rf"{_LABEL}(?:\.{_LABEL})*"
_TAIL = r"(?:[/?#:][^\s\[\]\x00]*)?"
LINK = re.compile(
    r"(?<![a-z0-9])(?:"
    rf"(?:https?|hxxps?|ftp|tg|zalo|fb)\s?:\s?//[^\s\[\]\x00]+"
    rf"|www\.[^\s\[\]\x00]+"
    rf"|{_HOSTS}(?![a-z0-9]){_TAIL}"
    rf"|(?P<host>{_LABELS})(?:/[^\s\[\]\x00]*)?"
    r")"
)
_ENDING = re.compile(rf"\.(?:{_ENDINGS})$")


@dataclass(frozen=True, slots=True)
class Group:
    """Digits that stand together in a run: `digits` at folded offsets [start, end)."""

    digits: str
    start: int
    end: int


def leaks(text: str, hotlines: frozenset[str] = frozenset()) -> str | None:
    """The name of what would leak (`digits`, `at_sign`, `link`), or None. `hotlines` are numbers that may stand."""
    folded = fold(text).text
    if "@" in folded:
        return "at_sign"
    if next(links(folded), None):
        return "link"
    return "digits" if any(long_stretches(folded, hotline_digits(hotlines))) else None


def links(folded: str) -> Iterable[tuple[int, int]]:
    """Folded offsets of every link: with a scheme, a known short host, or a bare domain."""
    raise NotImplementedError


@lru_cache(maxsize=64)
def hotline_digits(hotlines: frozenset[str]) -> frozenset[str]:
    """Hotlines as bare digits, however the province wrote them."""
    return frozenset(filter(None, (re.sub(r"[^0-9]", "", fold(line).text) for line in hotlines)))
