"""Ranks the topics of a report by the words found in it, strongest first."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.classification.firing import Evidence, Firing, Rule, evidence
from services.classification.phrases import Found, Phrases, Span
from shared.contracts.vocabulary import Topic

MOST_EVIDENCE = 3
HINT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRule(Rule):
    """Words that speak of a topic. Weight 1 hints, 2 names it, 3 is plain, 4 and 5 lead whatever else stands there."""

    topic: Topic
    weight: int = 2


@dataclass(frozen=True, slots=True)
class TopicFinding:
    """A topic and the words of the text that speak of it; `other` has none."""

    topic: Topic
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class _Mention:
    span: Span
    weight: int
    rule: TopicRule


class TopicRules:
    """The rules of all topics, of one version."""

    def __init__(self, rules: Iterable[TopicRule], version: str, phrases: Phrases | None = None) -> None:
        self.version = version
        self._phrases = phrases or Phrases()
        self._rules = [(rule, Firing(rule, self._phrases)) for rule in rules]
        self._landmarks = self._phrases.term(self._phrases.common.landmarks)

    def rank(self, text: str) -> list[TopicFinding]:
        """The topics of a masked text, best first; `other` alone, without evidence, when nothing is found."""
        return self.rank_read(self._phrases.find(text))

    def rank_read(self, found: Found) -> list[TopicFinding]:
        """The same, for a text that was read already."""
        by_topic: dict[Topic, list[_Mention]] = {}
        for mention in _longest(self._mentions(found)):
            by_topic.setdefault(mention.rule.topic, []).append(mention)
        ranked = sorted(by_topic, key=lambda topic: _strength(found, by_topic[topic]), reverse=True)
        return [_finding(found, topic, by_topic[topic]) for topic in ranked] or [TopicFinding(Topic.OTHER, ())]

    def _mentions(self, found: Found) -> list[_Mention]:
        landmarks = {end for _, end in found.spans(self._landmarks)}
        return [
            # "Gần trường học" says where something is, not what the report is about.
            _Mention(span, HINT if span[0] in landmarks and rule.weight <= 2 else rule.weight, rule)
            for rule, firing in self._rules
            for span in firing.spans(found)
        ]


def _longest(mentions: list[_Mention]) -> list[_Mention]:
    """Mentions that do not lie within a longer one: "nước mặn" is not about "nước"."""
    kept: list[_Mention] = []
    furthest = (-1, -1)
    for mention in sorted(mentions, key=lambda mention: (mention.span[0], -mention.span[1])):
        if mention.span[1] > furthest[1] or mention.span == furthest:
            kept.append(mention)
            furthest = mention.span
    return kept


def _strength(found: Found, mentions: list[_Mention]) -> tuple[int, int, int]:
    # The strongest word counts first: many hints never outweigh one plain word. Then all words, then the first named.
    said = {found.reading.line_of(mention.span): mention.weight for mention in mentions}
    return max(said.values()), sum(said.values()), -min(mention.span[0] for mention in mentions)


def _finding(found: Found, topic: Topic, mentions: list[_Mention]) -> TopicFinding:
    strongest = sorted(mentions, key=lambda mention: -mention.weight)
    quoted = dict.fromkeys(evidence(found, mention.span, mention.rule) for mention in strongest)
    return TopicFinding(topic, tuple(quoted)[:MOST_EVIDENCE])
