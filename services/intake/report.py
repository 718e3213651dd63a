"""A report as it is sent and as it is kept: what is accepted, what is masked, what it is called. Pure."""

import hashlib
import hmac
import json
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import UUID4, AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from shared.contracts.envelope import Event, Publication
from shared.contracts.events import Place, ReportSubmitted
from shared.contracts.text import MaskedText
from shared.contracts.topics import REPORTS
from shared.contracts.vocabulary import CommuneCode, Kind, PeopleAffected, Privacy, Urgency
from shared.contracts.words import TwoLanguageError

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U, so that a reference can be read aloud and copied by hand."""

SHORTEST, LONGEST = 10, 2000
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
EVERYWHERE = "*"
"""The scope of an organisation that works in every commune."""


def _plain(text: str) -> str:
    """NFC without surrounding space. Refuses control characters other than line breaks and tabs.

    Those that turn the direction of writing count too: they would show an officer other words than are there.
    """
    if any(_controls(character) for character in text):
        raise TwoLanguageError("Có ký tự điều khiển; hãy gõ lại đoạn này.", "Has control characters; retype it.")
    return unicodedata.normalize("NFC", text).strip()


def _controls(character: str) -> bool:
    category = unicodedata.category(character)
    return (category == "Cc" and character not in "\n\r\t") or character in TURNING


def _long_enough(text: str) -> str:
    visible = sum(unicodedata.category(character) not in ("Cf", "Zs") for character in text)
    if visible < SHORTEST // 2 or not SHORTEST <= len(text) <= LONGEST:
        raise TwoLanguageError(
            f"Dài từ {SHORTEST} đến {LONGEST} ký tự; hiện có {len(text)}.",
            f"Between {SHORTEST} and {LONGEST} characters; it has {len(text)}.",
        )
    return text


class Submission(BaseModel):
    """What `POST /v1/reports` accepts. A field that it does not know is refused, so that nothing is lost unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    id: UUID4
    receipt: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22,256}={0,2}$")]
    commune: CommuneCode
    text: Annotated[str, Field(max_length=4 * LONGEST), AfterValidator(_plain), AfterValidator(_long_enough)]
    kind: Kind = Kind.MATTER
    place: Annotated[str, Field(max_length=200), AfterValidator(_plain)] | None = None
    occurred_on: date | None = None
    urgency: Urgency = Urgency.NORMAL
    private: Privacy = Privacy.NO
    people_affected: PeopleAffected | None = None

    def digest(self) -> str:
        """What tells a resend from another report under the same id.

        Keyed by the receipt, which is not stored: a plain digest would let a masked telephone number be guessed.
        """
        body = json.dumps(self.model_dump(mode="json", exclude={"receipt"}), sort_keys=True, ensure_ascii=False)
        return hmac.new(self.receipt.encode(), body.encode(), hashlib.sha256).hexdigest()


def receipt_hash(receipt: str) -> str:
    """How a receipt is kept: it has at least 128 random bits, so a plain hash does."""
    return hashlib.sha256(receipt.encode()).hexdigest()


def reference(report_id: UUID, attempt: int = 0) -> str:
    """`PA-7F3K-2M`: derived from the id, easy to read aloud; `attempt` counts past references already taken."""
    number = int.from_bytes(hashlib.sha256(f"{report_id}/{attempt}".encode()).digest()[:8], "big")
    letters = [ALPHABET[number >> (5 * place) & 31] for place in range(6)]
    return f"PA-{''.join(letters[:4])}-{''.join(letters[4:])}"


@dataclass(frozen=True, slots=True)
class Report:
    """A masked report, ready to be stored. `text` is all that is left of what was typed."""

    submission_digest: str
    receipt_hash: str
    facts: ReportSubmitted
    traceparent: str | None

    @property
    def id(self) -> str:
        """The id that the phone minted."""
        return self.facts.report_id

    def renamed(self, attempt: int) -> "Report":
        """The same report under its next reference."""
        name = reference(UUID(self.id), attempt)
        facts = self.facts.model_copy(update={"reference": name})
        return Report(self.submission_digest, self.receipt_hash, facts, self.traceparent)

    def published(self, source: str) -> Publication:
        """The event that the report is there."""
        event = Event[ReportSubmitted].of(
            self.facts,
            subject=self.id,
            sequence=1,
            time=self.facts.submitted_at,
            source=source,
            traceparent=self.traceparent,
        )
        return Publication(REPORTS, self.id, event)

    def fields(self) -> dict[str, Any]:
        """What the store keeps of it, by the names of the contract."""
        return self.facts.model_dump(mode="json", exclude={"report_id", "submitted_at"}) | {
            "submitted_at": self.facts.submitted_at,
            "digest": self.submission_digest,
            "receipt_hash": self.receipt_hash,
        }


def masked_report(
    submission: Submission,
    *,
    text: MaskedText,
    masked: dict[str, int],
    place: Place | None,
    origin: str,
    at: datetime,
    traceparent: str | None = None,
) -> Report:
    """The report of a submission whose words have been masked."""
    facts = ReportSubmitted(
        report_id=str(submission.id),
        reference=reference(submission.id),
        kind=submission.kind,
        origin=origin,
        commune=submission.commune,
        place=place,
        text=text,
        masked=masked,
        urgency_claimed=submission.urgency,
        private=submission.private,
        occurred_on=submission.occurred_on,
        people_affected=submission.people_affected,
        submitted_at=at,
    )
    return Report(submission.digest(), receipt_hash(submission.receipt), facts, traceparent)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom a key belongs to: never a person. `communes` holds codes, or `*` alone."""

    key_id: str
    origin: str
    communes: frozenset[str]

    def may_send_for(self, commune: str) -> bool:
        """Whether the commune is in the key's scope."""
        return EVERYWHERE in self.communes or commune in self.communes


@dataclass(frozen=True, slots=True)
class Stored:
    """A report that is durable. `same` is false when the id was taken by another content: nothing was stored then."""

    document: dict[str, Any]
    same: bool = True
