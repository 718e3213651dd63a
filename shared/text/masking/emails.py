"""E-mail addresses, also with spaces in them or the @ spelt out."""

import re
from collections.abc import Iterator

from shared.text.fold import Folded
from shared.text.masking.kinds import Kind, Mark

_LOCAL = r"(?<![\w.+\-])[\w.+\-]+"
_AT = r"(?:\s?@\s?|\s?[(\[{]\s?(?:at|a cong|a moc)\s?[)\]}]\s?|\s(?:a cong|a moc)\s)"
_DOT = r"(?:\s?\.\s?|\s?[(\[]\s?(?:dot|cham)\s?[)\]]\s?|\s(?:dot|cham)\s)"
_ENDING = r"(?:com|vn|net|org|info|edu|gov|me|io|asia)"
_HOST = r"[\w\-]+(?:\.[\w\-]+){0,4}"
_TIGHT = rf"@{_HOST}(?:{_DOT}{_ENDING}(?!\w)){{0,3}}"
_LOOSE = rf"{_AT}{_HOST}?(?:{_DOT}{_ENDING}(?!\w)){{1,3}}"
_ADDRESS = re.compile(rf"{_LOCAL}(?:{_TIGHT}|{_LOOSE})")
_UNSIGNED = re.compile(
    rf"(?<![\w.+\-])(?=[\w.+\-]*[0-9._])[\w.+\-]+\s?(?:gmail|yahoo|outlook|hotmail|icloud)(?:{_DOT}{_ENDING}){{1,2}}(?!\w)"
)
_HINT = re.compile(r"@|\bat\b|a cong|a moc")


def find(page: Folded) -> Iterator[Mark]:
    """`a.b@c.vn`, `a @ c . com`, `a(at)c.com`, `a a còng c chấm com`."""
    if not _HINT.search(page.text):
        return
    yield from (Mark(Kind.EMAIL, *match.span()) for match in _ADDRESS.finditer(page.text))


def find_unsigned(page: Folded) -> Iterator[Mark]:
    """`lan.80 gmail.com`, without any @."""
    if "mail" in page.text or "yahoo" in page.text or "outlook" in page.text:
        yield from (Mark(Kind.EMAIL, *match.span()) for match in _UNSIGNED.finditer(page.text))
