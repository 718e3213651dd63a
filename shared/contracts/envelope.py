"""The CloudEvents 1.0 envelope around every event, and what is said to the bus with it."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar
from uuid import UUID, uuid5

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

NAMESPACE = UUID("6c4e1c9a-6f0e-5d0b-9c55-6a2f1b7f3d35")
"""The namespace of every derived id: cases, events, deliveries."""

TYPE_PREFIX = "vn.langnghe"

LARGEST_EVENT = 256 * 1024
"""Bytes. A larger event is refused before it is stored, and is a dead letter where it arrives all the same."""


class Contract(BaseModel):
    """A shape that crosses a boundary: closed to whoever makes it, open to whoever reads it (`Event.read`)."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Data(Contract):
    """The data of one kind of event. Its class name is its name: `ReportSubmitted` is `report-submitted`."""

    version: ClassVar[int] = 1

    @classmethod
    def event_name(cls) -> str:
        """`report-submitted`"""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def event_type(cls) -> str:
        """`vn.langnghe.report-submitted.v1`"""
        return f"{TYPE_PREFIX}.{cls.event_name()}.v{cls.version}"

    @classmethod
    def schema_name(cls) -> str:
        """`urn:langnghe:schema:report-submitted:v1`, the `dataschema` of the envelope."""
        return f"urn:langnghe:schema:{cls.event_name()}:v{cls.version}"


D = TypeVar("D", bound=Data)


class Event(Contract, Generic[D]):
    """One event, as structured JSON, one a record.

    `id` is derived from subject, type and sequence, so that a repeat carries the id of the first.
    `sequence` counts per subject and source, from 1.
    """

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str = Field(examples=["/angiang/intake"])
    type: str
    subject: str
    time: AwareDatetime
    sequence: int = Field(ge=1)
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    traceparent: str | None = None
    data: D

    @classmethod
    def of(
        cls,
        data: D,
        *,
        subject: str,
        sequence: int,
        time: datetime,
        source: str,
        traceparent: str | None = None,
    ) -> Self:
        """Wrap `data`; everything else of the envelope follows from it."""
        return cls(
            id=event_id(subject, data.event_type(), sequence),
            source=source,
            type=data.event_type(),
            subject=subject,
            time=time,
            sequence=sequence,
            dataschema=data.schema_name(),
            traceparent=traceparent,
            data=data,
        )

    @classmethod
    def read(cls, record: bytes) -> Self:
        """Read what a producer wrote, ignoring fields that it knows and we do not yet.

        Raises `pydantic.ValidationError` where a field that we need is missing or wrong.
        """
        return cls.model_validate_json(record, extra="ignore")

    def to_json(self) -> bytes:
        """The record's value."""
        return self.model_dump_json(exclude_none=True).encode()


def event_id(subject: str, event_type: str, sequence: int) -> UUID:
    """The same subject, type and sequence always have the same id."""
    return uuid5(NAMESPACE, f"{subject}/{event_type}/{sequence}")


@dataclass(frozen=True, slots=True)
class Publication:
    """An event on its way to a topic. `topic` is without the province's prefix; `key` keeps one matter in order."""

    topic: str
    key: str
    event: Event[Any]
