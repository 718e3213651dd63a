"""A case about its own lead goes to somebody else: which bodies a text speaks of, and who takes their place."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.text.fold import folded

_GAP = r"[^\w.!?;\n]+"


@dataclass(frozen=True, slots=True)
class Body:
    """A competent body: its name on screen, who takes a case about it, and the words that speak of it (folded)."""

    name: str
    alternate: str | None = None
    names: tuple[str, ...] = ()


class Mentions:
    """Finds bodies by the names that the province lists. A name right behind an addressing word is asked, not accused:

    "đề nghị Thanh tra tỉnh kiểm tra" is a request to the inspectorate, "cán bộ Thanh tra tỉnh đòi tiền" is about it.
    """

    def __init__(self, bodies: Mapping[str, Body], addressing: Iterable[str] = ()) -> None:
        self._alternates = {slug: body.alternate for slug, body in bodies.items()}
        asked = _any_of(addressing)
        # In the same sentence, with at most two words between: "kính gửi lãnh đạo Thanh tra tỉnh".
        asking = rf"(?P<asked>(?<!\w){asked}(?:{_GAP}\w+){{0,2}}?{_GAP})?" if asked else "(?P<asked>(?!))?"
        self._patterns = {
            slug: re.compile(rf"{asking}(?<!\w){_any_of(body.names)}(?!\w)")
            for slug, body in bodies.items()
            if body.names
        }

    def speaks_of(self, body: str, text: str) -> bool:
        """Whether a masked text is about this body."""
        pattern = self._patterns.get(body)
        return pattern is not None and any(not match["asked"] for match in pattern.finditer(folded(text)))

    def unconcerned(self, lead: str, text: str) -> str:
        """The lead, or the first of its alternates that the text does not speak of; the lead if there is none."""
        seen: list[str] = []
        body: str | None = lead
        while body is not None and body not in seen:
            if not self.speaks_of(body, text):
                return body
            seen.append(body)
            body = self._alternates.get(body)
        return lead


def _any_of(names: Iterable[str]) -> str:
    alternatives = "|".join(re.escape(name) for name in sorted(map(folded, names), key=len, reverse=True))
    return f"(?:{alternatives})" if alternatives else ""
