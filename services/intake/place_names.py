"""How names of places are written: type words and their abbreviations, parts of an address, alphabetical order."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.text.fold import fold, folded, spelling

COMMUNE_TYPES = {
    "xa": "xã",
    "x": "xã",
    "phuong": "phường",
    "p": "phường",
    "f": "phường",
    "thi tran": "thị trấn",
    "tt": "thị trấn",
    "dac khu": "đặc khu",
    "dk": "đặc khu",
}
DISTRICT_TYPES = {
    "huyen": "huyện",
    "h": "huyện",
    "thanh pho": "thành phố",
    "tp": "thành phố",
    "thi xa": "thị xã",
    "tx": "thị xã",
    "quan": "quận",
}
_TYPES = COMMUNE_TYPES | DISTRICT_TYPES | {"tinh": "tỉnh"}
_BREAK = re.compile(r"[,;:()\n/]| - ")
_WORD = re.compile(r"\w+")
_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = "\u0300\u0309\u0303\u0301\u0323"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of an address: its type word in full (or none) and the words after it, folded and as typed."""

    type: str
    words: tuple[str, ...]
    typed: tuple[str, ...]


def split_type(name: str) -> tuple[str, str]:
    """`Thị trấn Cái Dầu` → (`thị trấn`, `Cái Dầu`); a name without a type word keeps all of it."""
    words = name.split()
    for length in (2, 1):
        if (kind := _TYPES.get(folded(" ".join(words[:length])))) and len(words) > length:
            return kind, " ".join(words[length:])
    return "", name


def parts(text: str) -> list[Part]:
    """The parts of an address in order: `X. Tân Hội, huyện Tân Hiệp` → xã tan hoi, huyện tan hiep."""
    page = fold(text)
    found: list[Part] = []
    start = 0
    for end in [*(match.start() for match in _BREAK.finditer(page.text)), len(page.text)]:
        words = [match.span() for match in _WORD.finditer(page.text, start, end)]
        typed = [page.nfc[slice(*page.span(*span))] for span in words]
        found += _typed_parts([page.text[a:b] for a, b in words], typed)
        start = end
    return found


def _typed_parts(words: Sequence[str], typed: Sequence[str]) -> Iterator[Part]:
    """Cut one stretch at its type words: what stands before the first has none."""
    kind, start, at = "", 0, 0
    while at <= len(words):
        length = _type_length(words, typed, at) if at < len(words) else 0
        if (length or at == len(words)) and (kind or at > start):
            yield Part(kind, tuple(words[start:at]), tuple(typed[start:at]))
        if length:
            kind, start = _TYPES[" ".join(words[at : at + length])], at + length
        at += length or 1


def _type_length(words: Sequence[str], typed: Sequence[str], at: int) -> int:
    """How many words here are a type word; a lower-case letter is one only where a stretch begins (x. Tân Hội)."""
    if " ".join(words[at : at + 2]) in _TYPES and _means(typed[at : at + 2], _TYPES[" ".join(words[at : at + 2])]):
        return 2
    short = len(words[at]) == 1 and at and not typed[at].isupper()
    return 1 if words[at] in _TYPES and not short and _means(typed[at : at + 1], _TYPES[words[at]]) else 0


def _means(typed: Sequence[str], kind: str) -> bool:
    """Whether typed words are this type word or its abbreviation: `xa` and `xã` are, `xà` is not."""
    return all(word.isascii() for word in typed) or spelling(" ".join(typed)) == spelling(kind)


def collation(name: str) -> tuple[object, ...]:
    """A key that sorts as Vietnamese dictionaries do: ă, â, đ, ê, ô, ơ, ư are letters, tones decide between equals."""
    letters, tones = [], []
    for char in unicodedata.normalize("NFC", name.lower()):
        base, tone = _letter(char)
        letters.append(_LETTERS.find(base) + 1)
        tones.append(tone)
    return tuple(letters), tuple(tones), name


def _letter(char: str) -> tuple[str, int]:
    marks = unicodedata.normalize("NFD", char)
    tone = next((_TONES.index(mark) + 1 for mark in marks if mark in _TONES), 0)
    return unicodedata.normalize("NFC", "".join(mark for mark in marks if mark not in _TONES)), tone
