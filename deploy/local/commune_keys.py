"""Keys for the communes of the demonstration, issued as `langnghe keys issue` does."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.keys_cli import key_store
from deploy.local import demo_reports
from deploy.local.secrets import write_private

FILE = "commune_keys.json"
VALID = timedelta(days=365)
ALWAYS = "30337"
"""The commune that the documentation's examples use."""


def known(secrets: Path) -> dict[str, str]:
    """The clear keys of this stack, by the commune's code."""
    path = secrets / FILE
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


async def issue(mongo_url: str, secrets: Path) -> None:
    """Issue a key to each commune of the demonstration that has none; the clear ones stay in the stack's folder."""
    clear = known(secrets)
    async with key_store(mongo_url) as keys:
        for commune in sorted({ALWAYS, *demo_reports.communes()} - clear.keys()):
            clear[commune] = await keys.issue([commune], f"Xã {commune} (bản thử)", datetime.now(UTC) + VALID)
            # Written after each: a key that was issued and then forgotten could never be used.
            write_private(secrets / FILE, json.dumps(clear))
