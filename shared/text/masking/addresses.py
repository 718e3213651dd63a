"""House addresses: house, alley, group or quarter with a number, and the street it stands on. Hamlet names survive."""

import re
from collections.abc import Iterator

from shared.text.fold import Folded, agrees, spelling
from shared.text.masking.kinds import Kind, Mark

_NUMBER = r"[0-9]{1,4}[a-z]?(?:\s?[/\-]\s?[0-9]{1,4}[a-z]?)*(?![0-9a-z])(?!\s?[./\-]\s?[0-9])"
_SLASHED = r"[0-9]{1,4}[a-z]?(?:/[0-9]{1,4}[a-z]?)+(?![0-9a-z/])"
_PART = r"(?:hem|ngo|ngach|kiet|to dan pho|to|khom|duong|pho|ap|khu pho|kp)"
_JOIN = r"\s?[,\-]?\s{0,2}"
_NAMED = re.compile(r"(?:duong|pho)\s+(?P<name>[^\W\d_]+(?:\s[^\W\d_]+){0,3})")
_STREET_NUMBER = r"(?:duong|pho)\s+(?:so\s+)?[0-9]{1,3}[a-z]?(?![0-9a-z])"
_SMALL = (
    r"(?P<{0}>hem|ngo|ngach|kiet|to dan pho|to|khom|khu pho|kp)\s?(?:so\s)?[0-9]{{1,4}}[a-z]?(?:/[0-9]{{1,4}}[a-z]?)*"
    r"(?![0-9a-z])(?!\s?[.,]\s?[0-9]{{3}})"
)
_HOUSE = (
    rf"(?:so nha|nha so|can nha so|can ho so|can ho)\s?:?\s?{_NUMBER}"
    rf"|(?:(?:so|nha)\s)?{_SLASHED}(?={_JOIN}{_PART}(?![a-z]))"
    rf"|(?:so|nha)\s{_NUMBER}(?={_JOIN}{_PART}(?![a-z]))"
)
_AT_DOOR = re.compile(
    rf"(?<![a-z])(?:dia chi|thuong tru|tam tru|ngu|o|tai|gan|truoc|sau|canh|ben)(?:\snha)?\s?:?\s"
    rf"(?P<house>so\s{_NUMBER}|(?:so\s)?{_SLASHED})"
)
_STREET_DOOR = re.compile(
    r"(?<![a-z])(?:dia chi|thuong tru|tam tru|ngu|o|tai|gan|truoc|nha|canh)\s?:?\s(?P<house>[0-9]{1,4}[a-z]?\s"
    r"(?P<name>[^\W\d_]+(?:\s[^\W\d_]+){1,3}))"
)
_NUMBER_STREET = re.compile(r"(?<![a-z])(?P<house>so\s[0-9]{1,4}[a-z]?\s(?P<name>[^\W\d_]+(?:\s[^\W\d_]+){1,3}))")
_ADDRESS = re.compile(rf"(?<![0-9a-z/.])(?:{_HOUSE}|{_SMALL.format('small')})")
_MORE = re.compile(rf"{_JOIN}(?:{_SMALL.format('more')}|{_STREET_NUMBER})")
_STREET = re.compile(rf"{_JOIN}{_NAMED.pattern}")
_NO_HOUSE = re.compile(
    r"(?:^|[^a-z])(?:nghi quyet|quyet dinh|cong van|thong tu|nghi dinh|ke hoach|chi thi|thong bao|van ban|giay|"
    r"bien ban|ho so|luat|thua|dat|ban do|to|tram|bom|cot|diem|chot|cum|cau|cong|kenh|doi|lop|phong|an|hop dong|cua|"
    r"ngay|lo|tuyen|xe|ben|du an|ty le|khoang)\s(?:so\s)?$"
)
_DATE = re.compile(r"(?:0?[1-9]|[12][0-9]|3[01])/(?:0?[1-9]|1[0-2])(?:/(?:19|20)[0-9]{2})?")
_SPELLINGS = {
    "to": frozenset({spelling("tổ")}),
    "hem": frozenset({spelling("hẻm")}),
    "khom": frozenset({spelling("khóm")}),
    "ngo": frozenset({spelling("ngõ")}),
    "kiet": frozenset({spelling("kiệt")}),
}
_PEOPLE = re.compile(r"\s(?:nguoi|thanh vien|ho|can bo|em|tv|ngay|met|m|ngan|nghin|trieu)(?![a-z])")


def find(page: Folded) -> Iterator[Mark]:
    """`số 125/4, tổ 6`, `337/14/2`, `hẻm 20 đường Nguyễn Huệ`, `ở 149 Lê Lợi`; of `thửa 245 tờ 12` nothing."""
    if not any(digit in page.text for digit in "0123456789"):
        return
    at = 0
    for start, end in sorted(_starts(page)):
        if start >= at:
            at = _extend(page, end)
            yield Mark(Kind.ADDRESS, start, at)


def _starts(page: Folded) -> Iterator[tuple[int, int]]:
    for match in _ADDRESS.finditer(page.text):
        if _is_address(page, match):
            yield match.span()
    for match in _AT_DOOR.finditer(page.text):
        if not _DATE.fullmatch(match["house"]):
            yield match.span("house")
    for match in [*_STREET_DOOR.finditer(page.text), *_NUMBER_STREET.finditer(page.text)]:
        if _NO_HOUSE.search(page.text, max(0, match.start() - 16), match.start("house")):
            continue
        if name := _street_name(page, *match.span("name")):
            yield match.start("house"), name


def _is_address(page: Folded, match: re.Match[str]) -> bool:
    if match["small"]:
        return _is_part(page, match, "small")
    if _NO_HOUSE.search(page.text, max(0, match.start() - 16), match.start()):
        return False
    return not (_DATE.fullmatch(match[0]) or _DATE.fullmatch(match[0].removeprefix("so ")))


def _is_part(page: Folded, match: re.Match[str], group: str) -> bool:
    """Whether a group, an alley, a quarter is meant: not `tờ 12` of a map, `to 2 người ôm`, `thua 245 to 12`."""
    word = match[group]
    if word not in _SPELLINGS:
        return True
    start, end = page.span(*match.span(group))
    typed = page.nfc[start:end].lower()
    if not agrees(typed, _SPELLINGS[word]) or (word == "to" and _PEOPLE.match(page.text, match.end())):
        return False
    if word == "to" and typed.isascii():
        return page.nfc.isascii() and "thua" not in page.text[max(0, start - 20) : start]
    return True


def _extend(page: Folded, end: int) -> int:
    """On over the parts that follow: further groups and alleys, the street's name."""
    while True:
        if (more := _MORE.match(page.text, end)) and (not more["more"] or _is_part(page, more, "more")):
            end = more.end()
        elif (street := _STREET.match(page.text, end)) and (
            name := _street_name(page, *street.span("name"), cued=True)
        ):
            end = name
        else:
            return end


def _street_name(page: Folded, start: int, end: int, *, cued: bool = False) -> int:
    """Where a street's name ends: at most four capitalised words, or 0. Without a cue two are needed."""
    words = [match.span() for match in re.finditer(r"[^\W\d_]+", page.text[start:end])]
    named = 0
    for named, (word, _) in enumerate(words, 1):
        if not page.nfc[page.span(start + word, start + word + 1)[0]].isupper():
            named -= 1
            break
    return start + words[named - 1][1] if named >= (1 if cued else 2) else 0
