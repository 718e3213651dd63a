"""Officers: whose key it is, which cases they see and what they may do to them."""

import hashlib
import hmac
from collections.abc import Container, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from services.escalation.case import Case
from services.escalation.entries import By, Move
from shared.contracts.vocabulary import ActorRole, Body


class OfficerRole(StrEnum):
    """What somebody is there for. Auditors and administrators never see why people complained."""

    DUTY_OFFICER = "duty_officer"
    CASE_OFFICER = "case_officer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


_ACTING = {
    OfficerRole.DUTY_OFFICER: ActorRole.DUTY_OFFICER,
    OfficerRole.CASE_OFFICER: ActorRole.CASE_OFFICER,
}


class Officer(BaseModel):
    """Somebody on a duty. `duty` is the duty's name on screen and in the history, never a person's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    duty: Annotated[str, Field(min_length=2, max_length=80)]
    role: OfficerRole
    body: Body | None = None
    key_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", repr=False)]

    @model_validator(mode="after")
    def _stands_in_a_body(self) -> Self:
        if (self.role in _ACTING) != (self.body is not None):
            raise ValueError("duty and case officers have a body, auditors and administrators have none")
        return self

    @property
    def by(self) -> By | None:
        """As whom they act; nothing for who never acts on cases."""
        return By(_ACTING[self.role], self.duty) if self.role in _ACTING else None

    def sees(self, case: Case) -> bool:
        """Whether the case exists for them: in their own queue, or where they are told with another body."""
        return self.body in (case.queue, *case.told)

    def may(self, move: Move, case: Case) -> bool:
        """Whoever is told may acknowledge; only the body whose queue it is answers."""
        return self.body == case.queue or (move is Move.ACKNOWLEDGE and self.body in case.told)


class OfficersError(ValueError):
    """The file of seeded officers cannot be used; says why and what to do."""


class Officers:
    """The officers of the local stack, by their keys. A server has none: its officers sign in elsewhere."""

    def __init__(self, officers: Iterable[Officer]) -> None:
        self._officers = tuple(officers)

    @classmethod
    def load(cls, path: Path | None, *, local: bool, bodies: Container[str]) -> Self:
        """Read the file of seeded officers; none without a file. Raises `OfficersError`."""
        if path is None:
            return cls(())
        if not local:
            raise OfficersError("LANGNGHE_OFFICERS_FILE: seeded officers exist only where LANGNGHE_ENV=local; unset it")
        try:
            rows = yaml.safe_load(path.read_text("utf-8"))
            officers = TypeAdapter(list[Officer]).validate_python(rows)
        except (OSError, yaml.YAMLError) as error:
            raise OfficersError(f"{path.name}: cannot be read ({type(error).__name__})") from error
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise OfficersError(f"{path.name}: officer {where}: {first['msg']}") from None
        for number, officer in enumerate(officers):
            if officer.body is not None and officer.body not in bodies:
                raise OfficersError(f"{path.name}: officer {number}: no body '{officer.body}' in bodies.yaml")
        return cls(officers)

    def officer(self, key: str) -> Officer | None:
        """Whose key it is. Every officer is compared, in constant time, so that timing tells nothing."""
        digest = hashlib.sha256(key.encode()).hexdigest()
        found = [officer for officer in self._officers if hmac.compare_digest(officer.key_sha256, digest)]
        return found[0] if found else None
