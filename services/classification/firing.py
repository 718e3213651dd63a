"""One rule: its words, the company they need, and where in a text it holds."""

from dataclasses import dataclass

from services.classification.phrases import Found, Phrases, Span, Words

QUOTE_LENGTH = 80
VETO_REACH = 10
"""How many words away a veto still counts, within its sentence: unpunctuated reports are one long sentence."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a rule decided: the words it matched as they stand in the text (at most 80 characters), and its reason."""

    quote: str
    rule: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Words that decide when all their company stands near them, in one sentence, and no veto stands there too.

    `before` is company that must stand in front of the words: who did it, in Vietnamese.

    A word between slashes is a pattern over the folded text (`/doi 0 trieu/`), linear in time; `<số>` is any number.
    """

    id: str
    words: Words
    near: tuple[Words, ...] = ()
    before: Words = ()
    unless: Words = ()
    within: int = 10
    explain: str = ""


def apart(one: Span, other: Span) -> int:
    """How many words lie between two spans; 0 if they touch or overlap."""
    return max(one[0] - other[1], other[0] - one[1], 0)


class Firing:
    """One rule with its words looked up: says where in a text it holds."""

    __slots__ = ("_before", "_near", "_unless", "_within", "_words", "rule")

    def __init__(self, rule: Rule, phrases: Phrases) -> None:
        self.rule = rule
        self._words = phrases.term(rule.words)
        self._near = [phrases.term(words) for words in rule.near]
        self._before = phrases.term(rule.before) if rule.before else None
        self._unless = phrases.term(rule.unless)
        self._within = rule.within

    def spans(self, found: Found) -> list[Span]:
        """The words that make the rule hold, in the order of the text; none if it does not."""
        return [span for span in found.spans(self._words) if self._holds(found, span)]

    def _holds(self, found: Found, span: Span) -> bool:
        if any(self._is_close(found, span, veto, VETO_REACH) for veto in found.spans(self._unless)):
            return False
        if self._before is not None and not any(
            other[1] <= span[0] and self._is_close(found, span, other, self._within)
            for other in found.spans(self._before)
        ):
            return False
        return all(
            any(self._is_close(found, span, other, self._within) for other in found.spans(term)) for term in self._near
        )

    @staticmethod
    def _is_close(found: Found, span: Span, other: Span, within: int) -> bool:
        return apart(span, other) <= within and found.same_sentence(span, other)


def evidence(found: Found, span: Span, rule: Rule) -> Evidence:
    """What an officer is shown of a rule that holds for these words."""
    return Evidence(found.reading.quote(*span, QUOTE_LENGTH), rule.id, rule.explain)
