"""Every event that the services publish. These models are the source; the JSON Schemas are made from them."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, Field

from shared.contracts.envelope import Contract, Data
from shared.contracts.text import QUOTE_LENGTH, MaskedText
from shared.contracts.vocabulary import (
    ActorRole,
    Body,
    CaseState,
    CommuneCode,
    Ground,
    Kind,
    Outcome,
    PeopleAffected,
    Privacy,
    Step,
    Topic,
    Urgency,
)

Id = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
"""A UUID as lower-case text, which is how it is stored, keyed and shown."""


class Place(Contract):
    """Where it happened: the sender's masked words, and the communes that they may mean (none: not resolved)."""

    words: MaskedText
    candidates: tuple[CommuneCode, ...] = ()


class ReportFacts(Contract):
    """What a report says, as far as anyone past intake may know it."""

    report_id: Id
    reference: str = Field(examples=["PA-7F3K-2M"])
    kind: Kind
    origin: str = Field(description="The scope of the key that sent it: `commune:30337`, `organisation:phu-nu`.")
    commune: CommuneCode
    place: Place | None = None
    text: MaskedText
    masked: dict[str, int] = Field(description="How many pieces of personal data of each kind were masked.")
    urgency_claimed: Urgency
    private: Privacy
    occurred_on: date | None = None
    people_affected: PeopleAffected | None = None
    submitted_at: AwareDatetime


class ReportSubmitted(ReportFacts, Data):
    """A commune or an organisation sent a report, and it is stored."""


class ReportAddedTo(ReportFacts, Data):
    """The sender answered a question; the text is the whole masked text, and classification decides again."""


class ReportWithdrawn(Data):
    """The sender took the report back: its text is erased wherever it is kept, and its cases close."""

    report_id: Id
    withdrawn_at: AwareDatetime


class ReportDisputed(Data):
    """The sender says that the answer does not answer: the case opens again, once."""

    report_id: Id
    case_id: Id
    reason: MaskedText
    disputed_at: AwareDatetime


class ReplyDelivered(Data):
    """The sender's phone showed the reply."""

    report_id: Id
    case_id: Id
    delivered_at: AwareDatetime


class Evidence(Contract):
    """Why a rule decided: the words of the masked text that it matched, and which rule it was."""

    quote: Annotated[MaskedText, Field(max_length=QUOTE_LENGTH)]
    rule: str
    explanation: str = Field(description="For the officer, in Vietnamese.")


class TopicFinding(Contract):
    """A topic that the text speaks of, with its evidence; `other` has none."""

    topic: Topic
    evidence: tuple[Evidence, ...] = ()


class GroundFinding(Contract):
    """A ground for priority, with its evidence."""

    ground: Ground
    evidence: Annotated[tuple[Evidence, ...], Field(min_length=1)]


class ReportClassified(ReportFacts, Data):
    """Everything that whoever answers needs, so that nobody has to ask back."""

    topics: Annotated[tuple[TopicFinding, ...], Field(min_length=1)]
    grounds: tuple[GroundFinding, ...] = ()
    rules_version: str
    classified_at: AwareDatetime


class Due(Contract):
    """When a case must have been acknowledged and acted upon, and the next of its clocks to run out.

    A clock that was kept or stopped is `null`.
    """

    acknowledge: AwareDatetime | None = None
    act: AwareDatetime | None = None
    next: AwareDatetime | None = None


class CaseFacts(Contract):
    """A case as references: never text, never a name, so that it may go on the bus and into a body's feed.

    In another body's feed a sealed case is ground and day alone, under an id that leads nowhere: what would tell
    more is `null` or empty there.
    """

    case_id: Id
    report_ids: tuple[Id, ...] = ()
    references: tuple[str, ...] = ()
    queue: Body
    lead: Body | None = None
    told: tuple[Body, ...] = Field((), description="The bodies whose duty officers are told together.")
    sealed: bool
    grounds: tuple[Ground, ...] = ()
    topic: Topic | None = None
    commune: CommuneCode | None = None
    unverified: bool = Field(False, description="Only the sender says that it is urgent or private; no rule found it.")
    state: CaseState
    case_version: int = Field(ge=1)
    due: Due = Due()
    opened_at: AwareDatetime
    actor: ActorRole = ActorRole.SYSTEM
    outcome: Outcome | None = None
    link: str | None = Field(None, description="Where an entitled officer or system reads the case; audited.")


class CaseOpened(CaseFacts, Data):
    """A report became a case in the queue of whoever must answer it."""


class CaseAcknowledged(CaseFacts, Data):
    """An officer took notice of the case; its first clock stops."""


class CaseAssigned(CaseFacts, Data):
    """The case was given to the body that can act."""


class CaseReturned(CaseFacts, Data):
    """The body is not competent and gave the case back."""


class CaseReclassified(CaseFacts, Data):
    """An officer put topic or grounds right."""


class CaseSealed(CaseFacts, Data):
    """The case is from now on seen by its own body alone."""


class CaseAsked(CaseFacts, Data):
    """The officer asks the sender something."""

    question: MaskedText | None = None


class CaseReplied(CaseFacts, Data):
    """The answer, on its way to the sender; feeds say only that there is one."""

    reply: MaskedText | None = None


class CaseExtended(CaseFacts, Data):
    """The time to act was extended, once, with a reason that the sender sees."""

    reason: MaskedText | None = None


class CaseResolved(CaseFacts, Data):
    """The case closed with an outcome."""


class CaseDismissed(CaseFacts, Data):
    """The case closed without action, for a reason that the sender sees."""

    reason: MaskedText | None = None


class CaseMerged(CaseFacts, Data):
    """The case went on in another one about the same matter."""

    into: Id | None = None


class CaseUnmerged(CaseFacts, Data):
    """The case stands on its own again."""


class CaseReopened(CaseFacts, Data):
    """The case goes on: the sender disputed the answer, or an officer found it wanting."""


class CaseUndone(CaseFacts, Data):
    """A move was taken back within its ten seconds."""

    undone: str


class CaseDeadlineMissed(CaseFacts, Data):
    """A clock ran out. Every missed step is said once; after an outage only the highest pages."""

    step: Step
    level: int = Field(ge=1, description="How far up the ladder of the roster: 1 is the person after the first.")
    page: bool = True


class CaseErased(CaseFacts, Data):
    """Whoever keeps a copy of this case deletes it within 24 hours."""


class NotificationFacts(Contract):
    """One attempt to tell a duty about a case; whom it reached stands in the roster alone."""

    delivery_id: Id
    case_id: Id
    duty: str
    level: int = Field(ge=0)
    channel: str
    attempts: int = Field(ge=1)


class NotificationDelivered(NotificationFacts, Data):
    """The provider took the message."""

    delivered_at: AwareDatetime


class NotificationFailed(NotificationFacts, Data):
    """No attempt succeeded: the next step is brought forward, once."""

    failed_at: AwareDatetime
    reason: str


class TrendPublished(Data):
    """How many reports one commune sent about one topic in one week; under ten it is suppressed, not small."""

    topic: Topic
    commune: CommuneCode
    week: str = Field(pattern=r"^\d{4}-W\d{2}$")
    reports: int | None = Field(None, ge=10)


CASE_EVENTS: tuple[type[Data], ...] = (
    CaseOpened,
    CaseAcknowledged,
    CaseAssigned,
    CaseReturned,
    CaseReclassified,
    CaseSealed,
    CaseAsked,
    CaseReplied,
    CaseExtended,
    CaseResolved,
    CaseDismissed,
    CaseMerged,
    CaseUnmerged,
    CaseReopened,
    CaseUndone,
    CaseDeadlineMissed,
    CaseErased,
)
