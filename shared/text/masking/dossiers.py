"""Numbers of dossiers handed in at an office: they open the file of one citizen."""

import re
from collections.abc import Iterator

from shared.text.fold import Folded
from shared.text.masking.kinds import Kind, Mark

CUE = (
    r"ho so|ma hs|bien nhan|phieu hen|so phieu|ma so|so hieu|mst|ma khach hang|ma kh|bhyt|bhxh|bao hiem|so seri|"
    r"seri|don thu|van don|ma don"
)
_ONE_DOOR = re.compile(
    r"(?<![0-9a-z])(?:[0-9]{3}\.[0-9]{2}\.(?:[0-9]{2}\.)?)?[a-z][0-9]{2}[.\-/][0-9]{6}[.\-/][0-9]{3,6}"
)


def find(page: Folded) -> Iterator[Mark]:
    """The one-door offices' own shape: `000.23.45.H01-250901-0012`."""
    yield from (Mark(Kind.DOSSIER, *match.span()) for match in _ONE_DOOR.finditer(page.text))
