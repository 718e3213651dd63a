"""Points on the map: a pair of decimal degrees, or degrees and minutes."""

import re
from collections.abc import Iterator

from shared.text.fold import Folded
from shared.text.masking.kinds import Kind, Mark

_LATITUDE = r"(?:[6-9]|1[0-9]|2[0-4])[.,][0-9]{3,}"
_LONGITUDE = r"1[01][0-9][.,][0-9]{3,}"
_DECIMAL = re.compile(rf"(?<![0-9.,])(?:{_LATITUDE}[\s,;/]{{1,3}}{_LONGITUDE}|{_LONGITUDE}[\s,;/]{{1,3}}{_LATITUDE})")
_DEGREES = re.compile(
    r"(?<![0-9])[0-9]{1,3}\s?[°º]\s?[0-9]{1,2}(?:[.,][0-9]+)?\s?['′’](?:\s?[0-9]{1,2}(?:[.,][0-9]+)?\s?[\"″”'′’]{1,2})?"
    r"(?:\s?[nsewbdt](?![a-z]))?"
)


def find(page: Folded) -> Iterator[Mark]:
    """Within and around Vietnam: latitudes 6-24, longitudes 100-119."""
    matches = [*_DECIMAL.finditer(page.text)] or [*_DEGREES.finditer(page.text)]
    yield from (Mark(Kind.COORDINATES, *match.span()) for match in matches)
