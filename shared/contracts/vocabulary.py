"""The closed lists that every service and every event shares, with their words on screen."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints


class Topic(StrEnum):
    """What a report is about: exactly one of thirteen leads, the others rank behind it."""

    LAND = "land"
    ENVIRONMENT = "environment"
    HEALTH = "health"
    EDUCATION = "education"
    ROADS = "roads"
    UTILITIES = "utilities"
    AGRICULTURE = "agriculture"
    SOCIAL = "social"
    ORDER = "order"
    CONDUCT = "conduct"
    ADMIN = "admin"
    RUMOUR = "rumour"
    OTHER = "other"


class Ground(StrEnum):
    """Why a report cannot wait: harm, from a closed list. Never what anyone thinks."""

    DANGER_TO_LIFE = "danger_to_life"
    DISASTER = "disaster"
    PUBLIC_HEALTH = "public_health"
    HARMFUL_RUMOUR = "harmful_rumour"
    VULNERABLE_PERSON = "vulnerable_person"
    ABUSE_OF_OFFICE = "abuse_of_office"


class Kind(StrEnum):
    """A matter asks for something to be put right; a proposal asks for something new."""

    MATTER = "matter"
    PROPOSAL = "proposal"


class Urgency(StrEnum):
    """The sender's own word. It only raises care, never lowers it."""

    NORMAL = "normal"
    TODAY = "today"
    DANGER = "danger"


class Privacy(StrEnum):
    """Whether the sender asks that only one body may read it: about an office, or about somebody to protect."""

    NO = "no"
    OFFICE = "office"
    PROTECTION = "protection"


class PeopleAffected(StrEnum):
    """A bucket, not a count: it tells the size of a matter and nobody's identity."""

    ONE = "1"
    FEW = "2-10"
    MANY = "11-100"
    HUNDREDS = "100+"


class CaseState(StrEnum):
    """Where a case stands on its way to an answer."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    REPLIED = "replied"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"
    MERGED = "merged"
    REOPENED = "reopened"


class Step(StrEnum):
    """What a clock of a case waits for."""

    ACKNOWLEDGE = "acknowledge"
    ACT = "act"


class Outcome(StrEnum):
    """What became of a case that closed."""

    DONE = "done"
    ANSWERED = "answered"
    PLANNED = "planned"
    NOT_COMPETENT = "not_competent"
    DUPLICATE = "duplicate"
    UNFOUNDED = "unfounded"
    WITHDRAWN = "withdrawn"


class ActorRole(StrEnum):
    """Who made a move, as a role: events never carry a name."""

    SENDER = "sender"
    DUTY_OFFICER = "duty_officer"
    CASE_OFFICER = "case_officer"
    SYSTEM = "system"


STEERING_COMMITTEE_35 = "steering-committee-35"
"""The one body that the product itself names; all others are a province's configuration."""

Body = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
"""A competent body, by its slug in the province's `bodies.yaml`: `steering-committee-35`, `inspectorate`."""

CommuneCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
"""A commune, ward or special zone by its five-digit administrative code, as text: `30337`."""

TOPIC_WORDS: dict[Topic, str] = {
    Topic.LAND: "Đất đai",
    Topic.ENVIRONMENT: "Môi trường",
    Topic.HEALTH: "Y tế",
    Topic.EDUCATION: "Giáo dục",
    Topic.ROADS: "Giao thông",
    Topic.UTILITIES: "Điện, nước, viễn thông",
    Topic.AGRICULTURE: "Nông nghiệp",
    Topic.SOCIAL: "An sinh xã hội",
    Topic.ORDER: "An ninh trật tự",
    Topic.CONDUCT: "Thái độ, tác phong phục vụ",
    Topic.ADMIN: "Thủ tục hành chính",
    Topic.RUMOUR: "Tin đồn",
    Topic.OTHER: "Khác",
}

GROUND_WORDS: dict[Ground, str] = {
    Ground.DANGER_TO_LIFE: "nguy hiểm đến tính mạng",
    Ground.DISASTER: "thiên tai, sự cố",
    Ground.PUBLIC_HEALTH: "sức khỏe cộng đồng",
    Ground.HARMFUL_RUMOUR: "tin đồn gây hại",
    Ground.VULNERABLE_PERSON: "người yếu thế bị xâm hại, bỏ mặc",
    Ground.ABUSE_OF_OFFICE: "dấu hiệu lạm quyền, nhũng nhiễu",
}
