"""Links and profile handles: they lead to a person's page."""

import re
from collections.abc import Iterator

from shared.text import leaks
from shared.text.fold import Folded
from shared.text.masking.kinds import Kind, Mark

_LOOSE_LINK = re.compile(
    r"@[\w.]*|(?<!\w)(?:(?:facebook|fb|zalo|tiktok|youtube|instagram|telegram|messenger)\s?(?:\.|cham)\s?(?:com|me|vn))(?!\w)"
    r"(?:\s?/\s?[\w.\-/?=&]*)?"
)
_PROFILE = re.compile(
    r"(?<!\w)(?:facebook|face|fb|tiktok|zalo|telegram|instagram|insta|youtube|nick)\s?:?\s(?P<name>\w+(?:[._]\w+)+)"
)


def find(page: Folded) -> Iterator[Mark]:
    """Links in any writing, then what is left of an @: a handle, or the sign alone."""
    found = [*leaks.links(page)] or [match.span() for match in _LOOSE_LINK.finditer(page.text)]
    yield from (Mark(Kind.LINK, start, end) for start, end in found)


def find_profiles(page: Folded) -> Iterator[Mark]:
    """A profile's name after the network's: `fb nguyen.van.a`."""
    yield from (Mark(Kind.LINK, *match.span("name")) for match in _PROFILE.finditer(page.text))
