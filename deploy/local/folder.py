"""Where the local stack keeps what it writes: data, logs, secrets, and what is needed while it runs."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
"""The checkout: the services start here, and Kafka's jars are in its `.jgo`."""

LONGEST_SOCKET = 90
"""A unix socket's path holds 108 characters, and Supervisor adds its process id while it makes it."""


@dataclass(frozen=True)
class Folder:
    """The stack's folder. Everything in it belongs to one stack, and `make clean` removes it whole."""

    path: Path

    def make(self) -> None:
        """Make the folder and its parts, closed to other users."""
        for folder in (self.path, self.logs, self.secrets, self.run, self.kafka, self.mongodb, self.prometheus):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def logs(self) -> Path:
        """One log file a program."""
        return self.path / "logs"

    @property
    def secrets(self) -> Path:
        """Passwords and keys, each made once."""
        return self.path / "secrets"

    @property
    def run(self) -> Path:
        """Generated configuration."""
        return self.path / "run"

    @property
    def kafka(self) -> Path:
        """Kafka's logs, that is its data."""
        return self.path / "kafka"

    @property
    def mongodb(self) -> Path:
        """MongoDB's data."""
        return self.path / "mongodb"

    @property
    def prometheus(self) -> Path:
        """Prometheus's data."""
        return self.path / "prometheus"

    @property
    def sent(self) -> Path:
        """What the webhook receiver got, one JSON object a line."""
        return self.path / "webhook.jsonl"

    @property
    def socket(self) -> Path:
        """Supervisor's socket: in the folder, or where the path would be too long in a folder of its own under /tmp."""
        inside = self.run / "supervisor.sock"
        if len(str(inside)) <= LONGEST_SOCKET:
            return inside
        mark = hashlib.sha256(str(self.path).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"langnghe-{os.getuid()}-{mark}" / "supervisor.sock"
