"""The register of topics as it is read: its entries, its groups, and what a province makes of it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.runtime.configuration import ConfigurationError
from shared.runtime.province import bodies

REGISTER = Path(__file__).with_name("topics.yaml")


class RegisterError(ValueError):
    """The register or the broker is not as it must be: the message names the entry, the field and the remedy."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Permissions(_Strict):
    """Principals that may write and read."""

    write: Annotated[list[str], Field(min_length=1)]
    read: Annotated[list[str], Field(min_length=1)]


class Entry(_Strict):
    """One line of the register: a topic, or a template with `{body}` or `{group}`."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9.{}-]+$")]
    owner: str
    consumers: Annotated[list[str], Field(min_length=1)]
    permissions: Permissions
    events: Annotated[list[str], Field(alias="schema")]
    carries_text: bool
    cleanup: Literal["delete", "compact"]
    retention_ms: Annotated[int, Field(gt=0)] | None = None
    segment_ms: Annotated[int, Field(gt=0)]

    @model_validator(mode="after")
    def _retention_fits(self) -> "Entry":
        if (self.cleanup == "delete") != (self.retention_ms is not None):
            raise ValueError("retention_ms belongs to cleanup 'delete', and only to it")
        if self.carries_text and self.segment_ms > 86_400_000:
            raise ValueError("segment_ms of a topic that carries text is a day (86400000) at most")
        return self

    def filled(self, **values: str) -> "Entry":
        """This template with `{body}` or `{group}` filled in, everywhere it stands."""

        def fill(value: Any) -> Any:
            if isinstance(value, str):
                return value.format(**values)
            if isinstance(value, list):
                return [fill(item) for item in value]
            return {key: fill(item) for key, item in value.items()} if isinstance(value, dict) else value

        return Entry.model_validate(fill(self.model_dump(by_alias=True)))


class TopicSpec(_Strict):
    """A topic as it is on the broker: its full name, and what must be set."""

    name: str
    partitions: int
    config: dict[str, str]
    entry: Entry


class Register(_Strict):
    """The whole register: every topic, its owner, its readers and how long it is kept."""

    services: list[str]
    partitions: Annotated[int, Field(gt=0)]
    entries: Annotated[list[Entry], Field(alias="topics", min_length=1)]

    @property
    def groups(self) -> list[str]:
        """The consumer groups: every service that consumes some topic, in the register's order."""
        consuming = {consumer for entry in self.entries for consumer in entry.consumers}
        return [service for service in self.services if service in consuming]

    def expanded(self, bodies: Iterable[str]) -> list[Entry]:
        """Every entry with its templates filled in: a feed for each body, dead letters for each group."""
        every = list(bodies)
        return [filled for entry in self.entries for filled in self._filled(entry, every)]

    def _filled(self, entry: Entry, bodies: list[str]) -> list[Entry]:
        if "{body}" in entry.name:
            return [entry.filled(body=body) for body in bodies]
        if "{group}" in entry.name:
            return [entry.filled(group=group) for group in self.groups]
        return [entry]

    def topics(self, province: str, bodies: Iterable[str]) -> list[TopicSpec]:
        """Every topic of a province as its broker must have it."""
        return [
            TopicSpec(name=f"{province}.{entry.name}", partitions=self.partitions, config=_config(entry), entry=entry)
            for entry in self.expanded(bodies)
        ]


def load(path: Path = REGISTER) -> Register:
    """Read the register. Raises `RegisterError` that names the entry and the field."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return Register.model_validate(content)
    except ValidationError as error:
        raise RegisterError("\n".join(_named(path, content, found) for found in error.errors())) from error


def bodies_of(province: Path) -> list[str]:
    """The slugs of the bodies in a province's folder. Raises `RegisterError`: each body gets a topic of its own."""
    try:
        return list(bodies(province))
    except ConfigurationError as error:
        raise RegisterError(str(error)) from error


def _named(path: Path, content: Any, found: Any) -> str:
    where = list(found["loc"])
    if len(where) > 1 and where[0] == "topics":
        entry = content["topics"][where[1]]
        where[:2] = [entry.get("name", f"topics[{where[1]}]") if isinstance(entry, dict) else f"topics[{where[1]}]"]
    return f"{path.name}: {' → '.join(map(str, where))}: {found['msg']}"


def _config(entry: Entry) -> dict[str, str]:
    config = {"cleanup.policy": entry.cleanup, "segment.ms": str(entry.segment_ms)}
    return config if entry.retention_ms is None else config | {"retention.ms": str(entry.retention_ms)}
