"""The invented officers of the local stack: one a role and body, with keys that open nothing elsewhere."""

import hashlib
from pathlib import Path

import yaml

from deploy.local.secrets import Secrets, write_private

COMMITTEE = "steering-committee-35"
AUDITOR = "auditor"
ADMINISTRATOR = "administrator"


def keys(bodies: list[str], secrets: Secrets) -> dict[str, str]:
    """The bearer key of each body's officer, by the body's slug, and of the auditor and the administrator."""
    return {who: secrets.derived_text("officer", who) for who in (*bodies, AUDITOR, ADMINISTRATOR)}


def write_officers(path: Path, bodies: dict[str, str], secrets: Secrets) -> None:
    """Write what escalation reads: each officer's duty, role, body and hashed key. `bodies` are names by slug."""
    clear = keys(list(bodies), secrets)
    officers = [
        _officer(_duty(slug, name), "duty_officer" if slug == COMMITTEE else "case_officer", slug, clear[slug])
        for slug, name in bodies.items()
    ]
    officers.append(_officer("Kiểm tra viên", "auditor", None, clear[AUDITOR]))
    officers.append(_officer("Quản trị viên", "administrator", None, clear[ADMINISTRATOR]))
    write_private(path, yaml.safe_dump(officers, allow_unicode=True, sort_keys=False))


def _duty(slug: str, name: str) -> str:
    return "Trực ban BCĐ 35" if slug == COMMITTEE else f"Cán bộ xử lý: {name}"


def _officer(duty: str, role: str, body: str | None, key: str) -> dict[str, str | None]:
    return {"duty": duty, "role": role, "body": body, "key_sha256": hashlib.sha256(key.encode()).hexdigest()}
