"""Folds Vietnamese text for matching, with a map back: every way of typing a word becomes one, offsets stay valid."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_STROKED_D = dict.fromkeys("đĐðÐɖƉ", "d")
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0")
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")

# In a digit run people type o for 0 and l or I for 1; a letter glued to another letter is a word.
_GLUED_TO_DIGIT = re.compile(r"(?<=[0-9])[oil]+(?![a-z])|(?<![a-z])[oil]+(?=[0-9])")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9][.\-])[oil]+(?=[.\-][0-9])|(?<=[0-9] )[oil]{2,4}(?= [0-9])")
_ONE_BY_ONE = re.compile(r"(?<![a-z0-9])[0-9oil](?:[ .\-]{1,2}[0-9oil]){6,}(?![a-z0-9])")
_LOOKALIKES = str.maketrans("oil", "011")


@dataclass(frozen=True, slots=True)
class Folded:
    """A text in NFC beside its folded form; `origin[i]` is the NFC offset of folded character `i`."""

    nfc: str
    text: str
    origin: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """NFC offsets of the folded range [start, end), with the invisible characters that trail it."""
        return self._offset(start), self._offset(end)

    def _offset(self, index: int) -> int:
        return self.origin[index] if index < len(self.origin) else len(self.nfc)


class _Table(dict[int, str | None]):
    """Code point → its folded character, or None when it has no width; filled as characters are met."""

    def __missing__(self, code: int) -> str | None:
        self[code] = folded = _fold_character(chr(code))
        return folded


def _fold_character(char: str) -> str | None:
    if char in _STROKED_D:
        return _STROKED_D[char]
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Cf") or char in _INVISIBLE:
        return None
    if category == "Pd":
        return "-"
    if category in ("Zs", "Zl", "Zp"):
        return " "
    digit = unicodedata.digit(char, None)
    # One character stays one: of a compatibility sequence such as ⑩ or № the first character stands for it.
    return str(digit) if digit is not None else unicodedata.normalize("NFKD", char)[0].lower()[0]


_TABLE = _Table()


def fold(text: str) -> Folded:
    """Fold any text: lower-case, marks and zero-width characters dropped, đ and Eth → d, full-width → ASCII."""
    nfc = unicodedata.normalize("NFC", text)
    folded = nfc.translate(_TABLE)
    if len(folded) == len(nfc):
        return Folded(nfc, folded, range(len(nfc)))
    return Folded(nfc, folded, [i for i, char in enumerate(nfc) if _TABLE[ord(char)] is not None])


def folded(text: str) -> str:
    """Only the folded text, for a lookup key: `Châu Đốc` and `chau doc` give the same."""
    return unicodedata.normalize("NFC", text).translate(_TABLE)


def digit_view(folded_text: str) -> str:
    """The folded text, same length, with o read as 0 and l or I as 1 inside digit runs: `o9l8` → `0918`."""
    view = _GLUED_TO_DIGIT.sub(_as_digits, folded_text)
    return _ONE_BY_ONE.sub(_as_digits, _BETWEEN_DIGITS.sub(_as_digits, view))


def _as_digits(match: re.Match[str]) -> str:
    return match[0].translate(_LOOKALIKES)


@lru_cache(maxsize=16_384)
def spelling(word: str) -> str:
    """A word with its marks, lower-case and blind to where the tone is placed: `hoà` and `hòa` give the same."""
    letters = unicodedata.normalize("NFKD", word).lower().replace("ð", "đ")
    tones = "".join(sorted(char for char in letters if char in _TONES))
    return "".join(char for char in letters if char not in _TONES and unicodedata.category(char) != "Cf") + tones


def agrees(word: str, spellings: frozenset[str]) -> bool:
    """Whether a typed word can be one of these spellings: a word without marks can, one with other marks cannot."""
    typed = spelling(word)
    return typed.isascii() or typed in spellings
