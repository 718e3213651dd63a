"""Decides the grounds of a report: harm from a closed list, by rules alone, each with the words that show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.classification.firing import Evidence, Firing, Rule, apart, evidence
from services.classification.phrases import Found, Phrases, Span
from shared.contracts.vocabulary import Ground

MOST_EVIDENCE = 5


class Claim(StrEnum):
    """What a harmful rumour may be about. Nobody's office, party or policy is among them."""

    HEALTH = "health"
    DISASTER = "disaster"
    MONEY = "money"
    SCAM = "scam"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundRule(Rule):
    """A rule for one ground. For `harmful_rumour` the words are the cue, and `claim_words` what the rumour claims."""

    ground: Ground
    claim: Claim | None = None
    claim_words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.ground is Ground.HARMFUL_RUMOUR) != bool(self.claim and self.claim_words):
            raise ValueError("a harmful rumour, and only it, needs a claim: health, disaster, money or scam")


@dataclass(frozen=True, slots=True)
class GroundFinding:
    """A ground and the words of the text that show it."""

    ground: Ground
    evidence: tuple[Evidence, ...]


class GroundRules:
    """The rules of all grounds, of one version."""

    def __init__(self, rules: Iterable[GroundRule], version: str, phrases: Phrases | None = None) -> None:
        self.version = version
        self._phrases = phrases or Phrases()
        self._rules = [_compiled(rule, self._phrases) for rule in rules]

    def decide(self, text: str) -> list[GroundFinding]:
        """The grounds that hold for a masked text, in the order of the closed list; empty if none does."""
        return self.decide_read(self._phrases.find(text))

    def decide_read(self, found: Found) -> list[GroundFinding]:
        """The same, for a text that was read already."""
        shown: dict[Ground, dict[Span, Rule]] = {}
        for ground, firing in self._rules:
            for span in firing.spans(found):
                shown.setdefault(ground, {}).setdefault(span, firing.rule)
        return [GroundFinding(ground, _evidence(found, shown[ground])) for ground in Ground if ground in shown]


class _RumourFiring(Firing):
    """A cue and a claim, where the claim is not a statement about an authority."""

    __slots__ = ("_authority", "_claim", "_impostor")

    def __init__(self, rule: GroundRule, phrases: Phrases) -> None:
        super().__init__(rule, phrases)
        self._claim = phrases.term(rule.claim_words)
        self._authority = phrases.term(phrases.common.authority)
        self._impostor = phrases.term(phrases.common.impostor)

    def _holds(self, found: Found, span: Span) -> bool:
        return super()._holds(found, span) and any(
            apart(span, claim) <= self._within and not self._speaks_of_authority(found, span, claim)
            for claim in found.spans(self._claim)
            if found.same_sentence(span, claim)
        )

    def _speaks_of_authority(self, found: Found, cue: Span, claim: Span) -> bool:
        # Who pretends to be an authority is not one: "tự xưng công an" is a scam, not a word about the police.
        if any(found.same_sentence(cue, impostor) for impostor in found.spans(self._impostor)):
            return False
        return any(
            self._is_subject(found, authority, said)
            for said in (cue, claim)
            for authority in found.spans(self._authority)
        )

    def _is_subject(self, found: Found, authority: Span, said: Span) -> bool:
        # In front of anything that is claimed in the clause. What follows the claim is another matter.
        claims = [said, *(claim for claim in found.spans(self._claim) if found.same_clause(claim, said))]
        return found.same_clause(authority, said) and authority[0] < max(claims)[0]


def _compiled(rule: GroundRule, phrases: Phrases) -> tuple[Ground, Firing]:
    rumour = rule.ground is Ground.HARMFUL_RUMOUR
    return rule.ground, _RumourFiring(rule, phrases) if rumour else Firing(rule, phrases)


def _evidence(found: Found, shown: dict[Span, Rule]) -> tuple[Evidence, ...]:
    whole = [span for span in sorted(shown) if not any(_lies_within(span, other) for other in shown)]
    return tuple(evidence(found, span, shown[span]) for span in whole[:MOST_EVIDENCE])


def _lies_within(span: Span, other: Span) -> bool:
    return span != other and other[0] <= span[0] and span[1] <= other[1]
