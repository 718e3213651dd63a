"""Dates of birth: a date or a year, only next to a word that says birth. The date of an event survives."""

import re
from collections.abc import Iterator

from shared.text.fold import Folded
from shared.text.masking.kinds import Kind, Mark

# "học sinh năm 2025" and "vệ sinh ngày 5/9" are no births.
_NO_BIRTH = "".join(
    rf"(?<!{word} )"
    for word in ("hoc", "ve", "phat", "thi", "tuyen", "giao", "hy", "hi", "dan", "an", "ho", "ky", "ki", "nhan", "moi")
)
_CUE = (
    rf"(?:ngay,? thang,? nam sinh|ngay sinh|nam sinh|sinh nhat|dob|ns|sn|{_NO_BIRTH}sinh(?: vao)?"
    r"(?: (?:ngay|nam|thang|hom|luc))?)"
)
_YEAR = r"(?:19|20)[0-9]{2}"
_DATE = (
    rf"[0-3]?[0-9]\s?[./\-]\s?[01]?[0-9]\s?[./\-]\s?(?:{_YEAR}|[0-9]{{2}})|[0-3][0-9][01][0-9]{_YEAR}"
    rf"|(?:ngay )?(?:m[uo]ng )?[0-3]?[0-9] thang [01]?[0-9](?:,? nam {_YEAR})?|(?:thang )?[01]?[0-9]\s?[./\-]\s?{_YEAR}"
    rf"|(?:thang )?[01]?[0-9],? nam {_YEAR}|{_YEAR}"
)
_BIRTH = re.compile(rf"(?<![a-z]){_CUE}\s?[:.\-]?\s?(?:la )?(?P<date>{_DATE})(?![0-9])")
_SHORT_YEAR = re.compile(rf"(?<![a-z])(?:nam sinh|{_NO_BIRTH}sinh nam)\s?:?\s(?P<date>[0-9]{{2}})(?![0-9]|\s?[./%])")


def find(page: Folded) -> Iterator[Mark]:
    """`sinh ngày 15/03/2017`, `SN 1997`, `sinh 5 tháng 9 năm 1980`: the date, not the word before it."""
    if "s" in page.text and any(digit in page.text for digit in "0123456789"):
        matches = [*_BIRTH.finditer(page.text)] or [*_SHORT_YEAR.finditer(page.text)]
        yield from (Mark(Kind.BIRTH_DATE, *match.span("date")) for match in matches)
