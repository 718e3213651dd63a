"""Amounts of money long enough to look like a number that identifies."""

import re
from collections.abc import Sequence

from shared.text.leaks import Group, joined

_UNIT = re.compile(r"\s?(?:d|dong|vnd|trieu|tr|ty|ti|ngan(?! hang)|nghin|k|usd|do la)(?![a-z])")
_AMOUNT = r"[1-9][0-9]{0,2}(?:[.,][0-9]{3})+"
_AMOUNTS = re.compile(rf"{_AMOUNT}(?:,[0-9]{{1,2}})?(?:\s?[,\-/]\s?{_AMOUNT})*|[1-9][0-9]{{0,2}}(?: [0-9]{{3}})+")


def fits(view: str, run: Sequence[Group]) -> bool:
    """Whether a run is one amount or a list of them: in thousands, or with a unit after it."""
    unit = _UNIT.match(view, run[-1].end)
    if _AMOUNTS.fullmatch(view, run[0].start, run[-1].end):
        return bool(unit) or joined(run).endswith("000")
    return bool(unit) and len(run) == 1
