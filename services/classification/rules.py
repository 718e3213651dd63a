"""The province's rules: read from files that people edit, checked, versioned, and applied to a text in one pass."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.classification.firing import Rule
from services.classification.grounds import Claim, GroundFinding, GroundRule, GroundRules
from services.classification.phrases import CommonWords, Phrases, Words
from services.classification.rule_files import RuleFile, WordList, read_rule_file
from services.classification.topics import TopicFinding, TopicRule, TopicRules
from services.classification.words import Groups, WordError
from shared.contracts.vocabulary import Ground, Topic
from shared.runtime.configuration import ConfigurationError

LEXICON = Path(__file__).with_name("lexicon")
WORDS, GROUNDS, TOPICS = "words.yaml", "grounds.yaml", "topics.yaml"
COMMON = ("figures", "thanks", "courtesy", "landmarks", "authority", "impostor")

_REMEDIES = {"string_pattern_mismatch": "chỉ dùng chữ thường không dấu, số và gạch nối; hãy đặt lại"}

RuleT = TypeVar("RuleT", bound=Rule)


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    words: WordList
    near: WordList = []
    before: WordList = []
    unless: WordList = []
    within: Annotated[int, Field(ge=0, le=60)] = 10


class _GroundRow(_Row):
    ground: Ground
    claim: Claim | None = None
    explain: Annotated[str, Field(min_length=8)]


class _TopicRow(_Row):
    topic: Topic
    weight: Annotated[int, Field(ge=1, le=5)] = 2
    explain: str = ""


@dataclass(frozen=True, slots=True)
class Classification:
    """What the rules found in one masked text: topics, best first, and grounds."""

    topics: tuple[TopicFinding, ...]
    grounds: tuple[GroundFinding, ...]
    rules_version: str


class Rulebook:
    """All rules of one version: `version`, `topics` and `grounds`."""

    def __init__(
        self, version: str, common: CommonWords, topics: Iterable[TopicRule], grounds: Iterable[GroundRule]
    ) -> None:
        self.version = version
        self._phrases = Phrases(common)
        self.topics = TopicRules(topics, version, self._phrases)
        self.grounds = GroundRules(grounds, version, self._phrases)

    @classmethod
    def load(cls, folder: Path = LEXICON) -> Self:
        """Read `words.yaml`, `grounds.yaml` and `topics.yaml`. Raises `ConfigurationError` with file and row."""
        files = [read_rule_file(folder / name) for name in (WORDS, GROUNDS, TOPICS)]
        words, grounds, topics = files
        groups = Groups(words.lists, words.file.name)
        common = _required(words, groups)
        faults: list[str] = []
        ground_rules = _rules(grounds, lambda row: _ground_rule(row, groups), faults)
        topic_rules = _rules(topics, lambda row: _topic_rule(row, groups), faults)
        if faults:
            raise ConfigurationError(*faults)
        return cls(_version(files), common, topic_rules, ground_rules)

    def classify(self, text: str) -> Classification:
        """Topics and grounds of a masked text, and the version of the rules that decided."""
        found = self._phrases.find(text)
        return Classification(tuple(self.topics.rank_read(found)), tuple(self.grounds.decide_read(found)), self.version)


def _required(words: RuleFile, groups: Groups) -> CommonWords:
    """The lists that the code asks for by name, among them those that a rumour's claim needs."""
    found: dict[str, Words] = {}
    faults: list[str] = []
    for name in (*COMMON, *map(_claim_list, Claim)):
        try:
            found[name] = groups.required(name)
        except WordError as error:
            faults.append(words.file.fault(str(error), name))
    if faults:
        raise ConfigurationError(*faults)
    return CommonWords(**{name: found[name] for name in COMMON})


def _rules(rule_file: RuleFile, made: Callable[[dict[str, Any]], RuleT], faults: list[str]) -> list[RuleT]:
    file = rule_file.file
    rules: list[RuleT] = []
    first: dict[str, int] = {}
    for number, fields in enumerate(rule_file.rules):
        where = ("rules", number)
        try:
            rules.append(made(fields))
        except ValidationError as error:
            faults += file.faults(error, *where, remedies=_REMEDIES)
        except WordError as error:
            faults.append(file.fault(str(error), *where))
        name, row = str(fields.get("id")), file.row(*where)
        if first.setdefault(name, row) != row:
            faults.append(file.fault(f"id '{name}' đã dùng ở hàng {first[name]}; hãy đặt tên khác", *where))
    return rules


def _ground_rule(fields: dict[str, Any], groups: Groups) -> GroundRule:
    row = _GroundRow.model_validate(fields)
    if (row.ground is Ground.HARMFUL_RUMOUR) != (row.claim is not None):
        raise WordError(
            "harmful_rumour, và chỉ nó, phải có trường 'claim' (health, disaster, money, scam); hãy thêm hoặc xoá"
        )
    claim_words = groups.required(_claim_list(row.claim)) if row.claim else ()
    return GroundRule(**_common(row, groups), ground=row.ground, claim=row.claim, claim_words=claim_words)


def _topic_rule(fields: dict[str, Any], groups: Groups) -> TopicRule:
    row = _TopicRow.model_validate(fields)
    if row.topic is Topic.OTHER:
        raise WordError("lĩnh vực 'other' không có luật: nó dành cho báo cáo không thấy gì; hãy chọn lĩnh vực khác")
    return TopicRule(**_common(row, groups), topic=row.topic, weight=row.weight)


def _common(row: _GroundRow | _TopicRow, groups: Groups) -> dict[str, Any]:
    required = [row.near] if isinstance(row.near, str) else row.near
    return {
        "id": row.id,
        "words": groups.words(row.words, "words"),
        "near": tuple(groups.words(words, "near") for words in required),
        "before": groups.words(row.before, "before") if row.before else (),
        "unless": groups.words(row.unless, "unless") if row.unless else (),
        "within": row.within,
        "explain": row.explain,
    }


def _claim_list(claim: Claim) -> str:
    return f"claim_{claim}"


def _version(files: Iterable[RuleFile]) -> str:
    ordered = sorted(files, key=lambda rules: rules.file.name)
    digest = hashlib.sha256(b"\0".join(rules.file.text.encode() for rules in ordered)).hexdigest()
    return f"{max(rules.version for rules in ordered)}+{digest[:12]}"
