"""The local stack's passwords and keys: drawn once, kept in files that only this user reads."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path


class Secrets:
    """Each secret is a file of its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, name: str) -> str:
        """The secret of this name, at least 40 characters that need no quoting anywhere; drawn at the first call."""
        path = self._folder / name
        if not path.exists():
            write_private(path, secrets.token_hex(32))
        return path.read_text(encoding="ascii")

    def derived(self, *purpose: str) -> bytes:
        """32 bytes that are always the same for this stack and purpose, and tell nothing about another's."""
        return hmac.digest(self.get("stack").encode(), "\0".join(purpose).encode(), hashlib.sha256)

    def derived_text(self, *purpose: str) -> str:
        """The same as base64url, without padding."""
        return base64.urlsafe_b64encode(self.derived(*purpose)).decode().rstrip("=")


def write_private(path: Path, content: str) -> None:
    """Write a file that only this user may read, from its first byte on, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(content, encoding="utf-8")
    draft.replace(path)
