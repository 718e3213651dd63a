"""What people write into the rule files is checked when it is read, and every fault says where it is."""

import re
import shutil
from pathlib import Path

import pytest

from services.classification.rules import LEXICON, Rulebook
from shared.contracts.vocabulary import Ground, Topic
from shared.runtime.configuration import ConfigurationError

GROUND = """version: 2026-11-23
rules:
  - id: flood
    ground: disaster
    words: nước lũ
    explain: Nước lũ lên.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the rules that a test may spoil."""
    return Path(shutil.copytree(LEXICON, tmp_path / "lexicon"))


def _fault(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as raised:
        Rulebook.load(folder)
    return str(raised.value)


def test_the_version_is_the_files_date_and_their_content(folder: Path) -> None:
    before = Rulebook.load(folder).version
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}\+[0-9a-f]{12}", before)
    assert Rulebook.load(folder).version == before
    with (folder / "topics.yaml").open("a", encoding="utf-8") as file:
        file.write("# một ghi chú\n")
    assert Rulebook.load(folder).version != before


def test_a_classification_carries_the_version() -> None:
    rulebook = Rulebook.load()
    assert rulebook.classify("Cúp điện hoài").rules_version == rulebook.version
    assert rulebook.topics.version == rulebook.grounds.version == rulebook.version


def test_every_ground_and_topic_has_rules_with_a_reason(folder: Path) -> None:
    text = (folder / "grounds.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"ground: (\w+)", text)) == set(Ground)
    assert text.count("- id:") == text.count("explain: ")
    topics = set(re.findall(r"topic: (\w+)", (folder / "topics.yaml").read_text(encoding="utf-8")))
    assert topics == set(Topic) - {Topic.OTHER}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ground: disaster", "ground: opinion", "hàng 4 (rules.0.ground): không có trong danh sách"),
        ("    explain: Nước lũ lên.\n", "", "hàng 3 (rules.0.explain): thiếu trường này"),
        ("words: nước lũ", "words: ''", "hàng 3 (rules.0): trường 'words' không có từ nào"),
        ("words: nước lũ", "words: nước. lũ", "'nước. lũ' có dấu câu"),
        ("words: nước lũ", "words: x", "'x' chỉ có một chữ"),
        ("words: nước lũ", "words: $nuoc", "không có nhóm từ '$nuoc'"),
        ("words: nước lũ", "words: /nuoc (lu/", "mẫu /nuoc (lu/ sai cú pháp"),
        ("words: nước lũ", "words: /Nước/", "chữ thường không dấu"),
        ("words: nước lũ", "words: /( )*/", "khớp cả chỗ trống"),
        ("words: nước lũ", "word: nước lũ", "hàng 5 (rules.0.word): không có trường này"),
        ("    explain", "    within: 0x\n    explain", "hàng 6 (rules.0.within): phải là số nguyên"),
        ("    explain", "    within: 99\n    explain", "hàng 6 (rules.0.within): lớn quá"),
        ("    explain", "    claim: money\n    explain", "harmful_rumour, và chỉ nó, phải có trường 'claim'"),
        ("ground: disaster", "ground: harmful_rumour", "harmful_rumour, và chỉ nó, phải có trường 'claim'"),
        ("id: flood", "id: Nước Lũ", "hàng 3 (rules.0.id): chỉ dùng chữ thường không dấu"),
        ("    words", "    id: again\n    words", "hàng 5 (rules.0.id): 'id' viết hai lần"),
        ("version: 2026-11-23", "version: hôm qua", "hàng 1 (version): phải là ngày sửa"),
        ("version: 2026-11-23", "- x", "sai cú pháp YAML"),
        ("rules:\n  - id: flood\n    ground", "rules:\n    ground", "hàng 2 (rules): phải là danh sách"),
    ],
)
def test_a_fault_names_file_row_and_remedy(folder: Path, old: str, new: str, told: str) -> None:
    assert old in GROUND
    (folder / "grounds.yaml").write_text(GROUND.replace(old, new, 1), encoding="utf-8")
    fault = _fault(folder)
    assert fault.startswith("grounds.yaml, hàng ")
    assert told in fault
    assert "hãy" in fault


def test_all_faults_are_told_at_once(folder: Path) -> None:
    twice = GROUND + GROUND.split("rules:\n")[1].replace("disaster", "opinion")
    (folder / "grounds.yaml").write_text(twice, encoding="utf-8")
    first, second = _fault(folder).splitlines()
    assert first.startswith("grounds.yaml, hàng 8 (rules.1.ground): không có trong danh sách")
    assert second == "grounds.yaml, hàng 7 (rules.1): id 'flood' đã dùng ở hàng 3; hãy đặt tên khác"


def test_other_has_no_rules(folder: Path) -> None:
    rules = "version: 2026-11-23\nrules:\n  - id: any\n    topic: other\n    words: gì đó\n"
    (folder / "topics.yaml").write_text(rules, encoding="utf-8")
    assert "topics.yaml, hàng 3 (rules.0): lĩnh vực 'other' không có luật" in _fault(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "words.yaml").unlink()
    assert _fault(folder).startswith(f"{folder / 'words.yaml'}: không thấy tệp; hãy")


def test_a_file_in_another_encoding_is_named(folder: Path) -> None:
    (folder / "words.yaml").write_bytes("version: lũ".encode("utf-16"))
    assert "words.yaml: không phải UTF-8" in _fault(folder)


@pytest.mark.parametrize("name", ["figures", "authority", "impostor", "claim_money"])
def test_a_list_that_the_rules_need_is_named(folder: Path, name: str) -> None:
    words = (folder / "words.yaml").read_text(encoding="utf-8")
    (folder / "words.yaml").write_text(words.replace(f"\n{name}:\n", f"\nx{name}:\n"), encoding="utf-8")
    assert _fault(folder).startswith(f"words.yaml, hàng 1 ({name}): thiếu danh sách '{name}'; hãy thêm")


def test_groups_may_not_call_themselves(folder: Path) -> None:
    with (folder / "words.yaml").open("a", encoding="utf-8") as file:
        file.write("first:\n  - $second\nsecond:\n  - $first\n")
    (folder / "grounds.yaml").write_text(GROUND.replace("nước lũ", "$first", 1), encoding="utf-8")
    assert "nhóm từ '$first' gọi lại chính nó" in _fault(folder)
