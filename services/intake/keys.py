"""The collection `keys`: which commune or organisation may send, kept as hashes. A key only sends; it opens nothing."""

import hashlib
import secrets
import string
import time
from datetime import datetime
from typing import Any

from services.intake.report import EVERYWHERE, Sender
from shared.runtime.mongo import Document, Mongo

COLLECTION = "keys"
TRUST = 5.0
"""Seconds for which a key that was found good is not looked up again; a revoked one works so much longer."""


class Keys:
    """Issues, finds, lists and revokes keys."""

    def __init__(self, mongo: Mongo) -> None:
        self._keys = mongo.collection(COLLECTION)
        self._clock = mongo.clock
        self._trusted: dict[str, tuple[float, Sender]] = {}

    async def issue(self, communes: list[str], label: str, expires_at: datetime | None = None) -> str:
        """Make a key for one commune (`["30337"]`), or for an organisation that works everywhere (`["*"]`).

        The key is returned once and kept nowhere; `label` names the office that holds it.
        """
        key = f"ln_{secrets.token_urlsafe(24)}"
        origin = f"commune:{communes[0]}" if communes != [EVERYWHERE] else f"organisation:{label}"
        await self._keys.insert_one(
            {
                "_id": key_hash(key),
                "communes": communes,
                "origin": origin,
                "label": label,
                "issued_at": self._clock.now(),
                "expires_at": expires_at,
                "revoked_at": None,
            }
        )
        return key

    async def sender(self, key: str) -> Sender | None:
        """Whose key this is, or nothing where it is unknown, revoked or expired."""
        key_id = key_hash(key)
        found = self._trusted.get(key_id)
        if found and time.monotonic() - found[0] < TRUST:
            return found[1]
        document = await self._keys.find_one({"_id": key_id})
        if document is None or not self._good(document):
            self._trusted.pop(key_id, None)
            return None
        sender = Sender(key_id, document["origin"], frozenset(document["communes"]))
        self._trusted[key_id] = (time.monotonic(), sender)
        return sender

    async def all(self) -> list[dict[str, Any]]:
        """Every key's label, scope and times, newest first; `id` is what `revoke` takes."""
        return [
            {**{name: value for name, value in document.items() if name != "_id"}, "id": document["_id"][:12]}
            async for document in self._keys.find().sort("issued_at", -1)
        ]

    async def revoke(self, key_id: str) -> int:
        """Revoke the keys whose id begins with `key_id` (at least 8 characters); returns how many."""
        if len(key_id) < 8 or not set(key_id) <= set(string.hexdigits):
            raise ValueError("give at least 8 characters of the key's id, as `langnghe keys list` shows it")
        result = await self._keys.update_many(
            {"_id": {"$regex": f"^{key_id}"}, "revoked_at": None}, {"$set": {"revoked_at": self._clock.now()}}
        )
        return int(result.modified_count)

    def _good(self, document: Document) -> bool:
        expires = document["expires_at"]
        return document["revoked_at"] is None and (expires is None or expires > self._clock.now())


def key_hash(key: str) -> str:
    """A key has 192 random bits, so a plain hash keeps it."""
    return hashlib.sha256(key.encode()).hexdigest()
