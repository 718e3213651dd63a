"""Decides the grounds of a report: harm from a closed list, by rules alone, each with the words that show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from services.classification.phrases import Evidence, Firing, Found, Phrases, Rule, Span, apart
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
        evidence: dict[Ground, list[Evidence]] = {}
        for ground, firing in self._rules:
            for span in firing.spans(found):
                evidence.setdefault(ground, []).append(found.evidence(span, firing.rule))
        return [GroundFinding(ground, _few(evidence[ground])) for ground in Ground if ground in evidence]


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
            found.same_clause(authority, cue) or found.same_clause(authority, claim)
            for authority in found.spans(self._authority)
        )


def _compiled(rule: GroundRule, phrases: Phrases) -> tuple[Ground, Firing]:
    firing = _RumourFiring if rule.ground is Ground.HARMFUL_RUMOUR else Firing
    return rule.ground, firing(rule, phrases)  # type: ignore[arg-type]


def _few(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(evidence))[:MOST_EVIDENCE]
