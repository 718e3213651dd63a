"""Digit runs: which kind each is, by the words beside it and by its shape. None of nine digits or more is left."""

import re
from collections.abc import Iterator, Sequence

from shared.text.fold import Folded, digit_view
from shared.text.leaks import LONG, Group, count, joined, long_stretches, runs
from shared.text.masking import banks, dossiers, identity, money, phones
from shared.text.masking.kinds import Kind, Mark

_CUES = re.compile(
    rf"(?<![a-z])(?:(?P<phone>{phones.CUE})|(?P<identity>{identity.CUE})|(?P<bank>{banks.CUE})|(?P<dossier>{dossiers.CUE}))"
    r"(?![a-z])"
)
_CUE_REACH = 40
_NEAR = 16
_AFTER_LAST_NUMBER = re.compile(r"[^0-9\x00]*$")
_FITS_CUE = {Kind.PHONE: phones.fits_cue, Kind.IDENTITY: identity.fits_cue, Kind.BANK: banks.fits_cue}
_DATE = re.compile(r"(?:0?[1-9]|[12][0-9]|3[01])([./\-])(?:0?[1-9]|1[0-2])\1(?:19|20)?[0-9]{2}")
_LOOSE = re.compile(r"[\s,]")


class Numbers:
    """Finds digit runs to mask; `hotlines` (bare digits) may stand."""

    def __init__(self, hotlines: frozenset[str]) -> None:
        self._hotlines = hotlines

    def find(self, page: Folded) -> Iterator[Mark]:
        """Every run of LONG digits, and shorter ones that a cue tells to be a phone or an account."""
        view = ""
        for run in runs(page.text):
            if count(run) < 6:
                continue
            view = view or digit_view(page.text)
            if count(run) < LONG:
                yield from self._short(view, run)
            for stretch in long_stretches(run, self._hotlines):
                yield from _long(view, stretch)

    def _short(self, view: str, run: Sequence[Group]) -> Iterator[Mark]:
        kind = _cue(view, run, _NEAR)
        if kind not in _FITS_CUE or not _FITS_CUE[kind](joined(run)) or joined(run) in self._hotlines:
            return
        amount = money.fits(view, run) or joined(run).endswith("000")
        if not amount and not _DATE.fullmatch(view, run[0].start, run[-1].end):
            yield _mark(kind, view, run)


def _long(view: str, run: Sequence[Group]) -> Iterator[Mark]:
    """Mark a run whole when it is one thing; else the phones inside it; else all of it but one date."""
    parts = _without_dates(view, run)
    # A date may lurk in a phone number or an account (03000 1.1.00 0): what is known as one is masked whole.
    known = phones.fits(joined(run)) or _cue(view, run, _CUE_REACH) in (Kind.IDENTITY, Kind.BANK)
    if (known or parts == [run]) and (kind := _kind(view, run)):
        yield _mark(kind, view, run)
    elif found := [phone for part in parts for phone in phones.inside(part)]:
        yield from (_mark(Kind.PHONE, view, phone) for phone in found)
    else:
        yield from (_mark(Kind.NUMBER, view, part) for part in _around_first_date(view, run))


def _kind(view: str, run: Sequence[Group]) -> Kind | None:
    digits, cue = joined(run), _cue(view, run, _CUE_REACH)
    if money.fits(view, run):
        return Kind.MONEY
    if cue is Kind.BANK or banks.FOLLOWS.match(view, run[-1].end):
        return Kind.BANK
    if phones.fits(digits):
        return Kind.PHONE
    if identity.fits_cue(digits) if cue is Kind.IDENTITY else cue is None and identity.fits(digits):
        return Kind.IDENTITY
    if cue is Kind.PHONE and phones.fits_cue(digits) and not any(phones.inside(run)):
        return Kind.PHONE
    return Kind.DOSSIER if cue is Kind.DOSSIER else None


def _cue(view: str, run: Sequence[Group], reach: int) -> Kind | None:
    """The nearest cue before the run and after any other number."""
    start = run[0].start
    before = _AFTER_LAST_NUMBER.search(view, max(0, start - reach), start)
    cues = list(_CUES.finditer(view, before.start(), start)) if before else []
    return Kind(cues[-1].lastgroup or "") if cues else None


def _around_first_date(view: str, run: Sequence[Group]) -> list[Sequence[Group]]:
    """The run but its first date: of `12/09/2025, 13/09/2025` the first may stand, it is eight digits."""
    at = next(_dates(view, run), None)
    return [run] if at is None else [part for part in (run[:at], run[at + 3 :]) if part]


def _without_dates(view: str, run: Sequence[Group]) -> list[Sequence[Group]]:
    parts, start = [], 0
    for at in _dates(view, run):
        parts.append(run[start:at])
        start = at + 3
    return [part for part in [*parts, run[start:]] if part]


def _dates(view: str, run: Sequence[Group]) -> Iterator[int]:
    """Where in a run a date begins: three groups, and a space or a comma before any further digits."""
    free = 0
    for at in range(len(run) - 2):
        if at >= free and _DATE.fullmatch(view, run[at].start, run[at + 2].end) and not _tight(view, run, at):
            free = at + 3
            yield at


def _tight(view: str, run: Sequence[Group], at: int) -> bool:
    before = view[run[at - 1].end : run[at].start] if at else " "
    after = view[run[at + 2].end : run[at + 3].start] if at + 3 < len(run) else " "
    return not (_LOOSE.search(before) and _LOOSE.search(after))


def _mark(kind: Kind, view: str, run: Sequence[Group]) -> Mark:
    """From the plus sign or the bracket that opens the number to its last digit."""
    start, end = run[0].start, run[-1].end
    while start and view[start - 1] in "+(" and (view[start - 1] == "+" or ")" in view[start:end]):
        start -= 1
    return Mark(kind, start, end)
