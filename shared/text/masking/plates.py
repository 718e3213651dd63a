"""Number plates: 67C-123.45, 67-L1 4567, 67b112345."""

import re
from collections.abc import Iterator

from shared.text.fold import Folded
from shared.text.masking.kinds import Kind, Mark

_PLATE = re.compile(
    r"(?<![0-9a-z.,/])(?:1[1-9]|[2-9][0-9])(?P<gap>[\s.\-]{0,3})(?P<series>(?:ld|kt|da|mk|md[0-9]?|ng|nn|qt|hc|td|cd|[a-hk-np-vx-z][0-9a-h]?))"
    r"(?P<after>[\s.\-]{0,3})(?:[0-9]{3}[.\s]?[0-9]{2}|[0-9]{4,5})(?![0-9a-z])"
)
_CUE = re.compile(r"(?:xe|bien|bien so|bs|bks|bsx|chiec|may|o to|tai|honda|bang so)[\s:]{1,3}(?:[a-z]+\s){0,2}$")
_NO_PLATE = re.compile(r"(?:^|[^a-z])(?:lop|khoi|km|to|lo|so nha|nha|phong|hem|khu|ap)\s?$")
_UNITS = frozenset("dghklmt")


def find(page: Folded) -> Iterator[Mark]:
    """Plates with or without a cue; beside a unit of measure (50k 2000) only with a cue or capitals."""
    for match in _PLATE.finditer(page.text):
        if _is_plate(page, match):
            yield Mark(Kind.PLATE, *match.span())


def _is_plate(page: Folded, match: re.Match[str]) -> bool:
    before = page.text[max(0, match.start() - 24) : match.start()]
    if _NO_PLATE.search(before):
        return False
    start, end = page.span(*match.span("series"))
    tight = not match["gap"].strip(" ") and not match["after"].isspace()
    return page.nfc[start:end].isupper() or bool(_CUE.search(before)) or tight or match["series"][0] not in _UNITS
