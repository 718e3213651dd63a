"""Phone numbers in every form: grouped, spoken in words, cut up by signs."""

import re
from collections.abc import Iterator, Sequence

from shared.text.fold import Folded
from shared.text.leaks import Group
from shared.text.masking.kinds import Kind, Mark

CUE = (
    r"sdt|so dt|dt|dien thoai|d/t|tel|phone|mobile|di dong|zalo|viber|goi|alo|lien he|lien lac|lh|hotline|so may|"
    r"nhan tin|call|sms"
)
_SHAPE = re.compile(r"(?:0|(?:00)?840?)(?:[35789][0-9]{8}|2[0-9]{9}|1[2689][0-9]{8})")
_WORD = r"(?:khong|ko|mot|hai|ba|bon|tu|nam|lam|nham|sau|bay|tam|chin|muoi|linh|le|o|[0-9]+)"
_SPOKEN = re.compile(rf"(?<![a-z0-9]){_WORD}(?:[\s,.\-*_/]+{_WORD})+(?![a-z0-9])")
_SILENT = frozenset(("muoi", "linh", "le"))
_ODD = re.compile(r"(?<![0-9a-z])(?:84|0)[0-9]*(?:[^0-9a-z\x00\[\]]{1,3}[0-9]+)+")
_LONGEST = len("00840") + 10
_GROUP = re.compile(r"[0-9]+")
_SIGN = re.compile(r"[^0-9\s]")
_USUAL = frozenset(".-*_/,()·•")


def fits(digits: str) -> bool:
    """Whether bare digits are a Vietnamese number, trunk or country code included."""
    return bool(_SHAPE.fullmatch(digits))


def fits_cue(digits: str) -> bool:
    """Whether digits next to a cue are one: also foreign ones, and those without their area code.

    Service lines (1800, 1900) belong to nobody.
    """
    return 6 <= len(digits) <= 14 and not (len(digits) < 11 and digits.startswith(("1800", "1900")))


def find_spoken(page: Folded) -> Iterator[Mark]:
    """`không chín một tám hai hai hai ba ba ba`, words and digits mixed."""
    for match in _SPOKEN.finditer(page.text):
        if _is_number(re.findall(_WORD, match[0])):
            yield Mark(Kind.PHONE, *match.span())


def _is_number(words: list[str]) -> bool:
    spoken = [word for word in words if not word[0].isdigit() and word not in _SILENT]
    digits = len(spoken) + sum(len(word) for word in words if word[0].isdigit())
    mixed = len(words) > len(spoken) and any(word[0].isdigit() for word in words)
    return digits >= 8 and len(spoken) >= 3 and (not mixed or words[0] in ("khong", "ko", "o") or words[0][0] == "0")


def find_oddly_separated(page: Folded) -> Iterator[Mark]:
    """`0939:111:222`, `0939~111~222`: one unusual sign between the groups."""
    for match in _ODD.finditer(page.text):
        at = match.start()
        for phone in inside([Group(g[0], at + g.start(), at + g.end()) for g in _GROUP.finditer(match[0])]):
            signs = set(_SIGN.findall(page.text, phone[0].start, phone[-1].end))
            if len(signs) == 1 and not signs & _USUAL:
                yield Mark(Kind.PHONE, phone[0].start, phone[-1].end)


def inside(run: Sequence[Group]) -> Iterator[Sequence[Group]]:
    """Groups of a run that together are a phone number, as many as fit, from the left."""
    start = 0
    while start < len(run):
        end = _phone_end(run, start)
        if end:
            yield run[start:end]
        start = end or start + 1


def _phone_end(run: Sequence[Group], start: int) -> int:
    digits, last = "", 0
    for end in range(start, len(run)):
        digits += run[end].digits
        if len(digits) > _LONGEST:
            break
        if fits(digits):
            last = end + 1
    return last
