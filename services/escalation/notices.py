"""The notice of a sealed case: ground and day alone, under an id that leads nowhere."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.vocabulary import CaseState, Ground

SHORTEST_KEY = 32


class NoticeIds:
    """Derives a notice's id from its case's; without the key nobody can tell which case it stands for."""

    def __init__(self, key: str) -> None:
        """Raises `ValueError` for a key that could be guessed."""
        if len(key) < SHORTEST_KEY:
            raise ValueError(f"LANGNGHE_SEAL_KEY: at least {SHORTEST_KEY} characters are needed, it has {len(key)}")
        self._key = key.encode()

    def of(self, case_id: str) -> str:
        """The id under which the committee sees that this case exists."""
        digest = hmac.digest(self._key, case_id.encode(), "sha256")
        return str(UUID(bytes=digest[:16], version=4))


@dataclass(frozen=True, slots=True)
class Notice:
    """All that the committee knows of a sealed case. `opened_on` is midnight of the day, local time."""

    id: str
    grounds: tuple[Ground, ...]
    opened_on: datetime
    state: CaseState

    @property
    def version(self) -> int:
        """1 while open, 2 once closed: what happens between is nobody's business."""
        return 1 if self.state is CaseState.NEW else 2
