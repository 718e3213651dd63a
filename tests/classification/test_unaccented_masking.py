"""Masking comes before the rules: in text typed without marks no word that a rule looks for is taken for a name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.classification.phrases import ANY_NUMBER, is_pattern
from services.classification.rule_files import read_rule_file
from services.classification.rules import GROUNDS, LEXICON, TOPICS, WORDS
from services.classification.words import Groups
from shared.runtime.province import Province
from shared.text.fold import folded
from shared.text.masking import PLACEHOLDERS, Kind, Masker
from tests.classification.labelled import labels

HERE = Province.load(Path(__file__).parents[2] / "deploy" / "provinces" / "angiang")
MASKER = Masker(HERE.numbers, places=HERE.place_names)
CARRIERS = ["bao cao {} o ap 3, ba con lo lam", "{} o ap 3", "{} ba con oi", "o day {} ba con oi"]
NAME = PLACEHOLDERS[Kind.PERSON]


def _written(name: str) -> Iterator[str]:
    groups = Groups(read_rule_file(LEXICON / WORDS).lists, WORDS)
    for rule in read_rule_file(LEXICON / name).rules:
        near = rule.get("near", [])
        for words in (rule["words"], rule.get("before"), *([near] if isinstance(near, str) else near)):
            yield from groups.words(words, "words") if words else ()


def _phrases(name: str) -> list[str]:
    plain = (word for word in _written(name) if not is_pattern(word) and "[" not in word)
    return sorted({folded(word.replace(ANY_NUMBER, "3")) for word in plain})


@pytest.mark.parametrize("name", [GROUNDS, TOPICS])
@pytest.mark.parametrize("carrier", CARRIERS)
def test_no_phrase_of_a_rule_is_masked_as_a_name(name: str, carrier: str) -> None:
    texts = [carrier.format(phrase) for phrase in _phrases(name)]
    assert len(texts) > 500
    assert [masked for text in texts if NAME in (masked := MASKER.mask(text).text)] == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("lu tran de ba huynh thi ngoc diem keu cuu", "lu tran de ba [tên] keu cuu"),
        ("nuoc tran vo nha ong tran van tam", "nuoc tran vo nha ong [tên]"),
        ("bao cao tran van tam bi te", "bao cao [tên] bi te"),
        ("huynh thi ngoc diem bi te", "[tên] bi te"),
        ("phan van hien ba con oi", "[tên] ba con oi"),
        ("anh tu van nam", "anh [tên]"),
        ("toi la vo cong luat", "toi la [tên]"),
    ],
)
def test_a_real_name_beside_such_a_phrase_is_still_masked(text: str, masked: str) -> None:
    assert MASKER.mask(text).text == masked


def test_a_flood_survives_the_masking() -> None:
    assert "disaster" in labels(MASKER.mask("lu tran de ba con oi, ngap het nha").text).grounds
