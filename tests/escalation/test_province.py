"""The province's files: those of An Giang load; each fault is refused with its file, its row and a remedy."""

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from services.escalation.officers import Officers, OfficersError
from services.escalation.province import load_policy
from shared.contracts.vocabulary import Ground, Topic
from shared.runtime.configuration import ConfigurationError
from shared.runtime.settings import Settings

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
FILES = ("bodies.yaml", "grounds.yaml", "topics.yaml", "calendar.yaml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(Settings().province_dir / name, tmp_path / name)
    return tmp_path


def row_of(path: Path, words: str) -> int:
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    return next(number for number, line in lines if words in line.partition("# ")[0])


def test_the_provinces_own_files(folder: Path) -> None:
    policy, bodies = load_policy(folder, ZONE)
    assert set(policy.grounds) == set(Ground)
    assert set(policy.topics) == set(Topic)
    assert {rule.lead for rule in policy.grounds.values()} | set(policy.topics.values()) <= set(bodies)


@pytest.mark.parametrize(
    ("name", "old", "new", "row", "what"),
    [
        ("grounds.yaml", "lead: protection", "lead: protectoin", "vulnerable_person:", "'protectoin'"),
        ("grounds.yaml", "[civil-defence]", "[civil-defense]", "danger_to_life:", "'civil-defense'"),
        ("grounds.yaml", "  disaster:", "  disasters:", "disasters:", "'disasters'"),
        ("grounds.yaml", "acknowledge: 15m", "acknowledge: 15x", "danger_to_life:", "acknowledge"),
        ("grounds.yaml", "acknowledge: 15m, ", "", "danger_to_life:", "acknowledge"),
        ("grounds.yaml", "act: 10d, clock: working", "act: 10d, clock: slow", "abuse_of_office:", "clock"),
        ("grounds.yaml", "sealed: yes, acknowledge: 1h", "sealed: maybe, acknowledge: 1h", "vulnerable", "sealed"),
        ("grounds.yaml", "lead: inspectorate", "lead: steering-committee-35", "abuse_of_office:", "giữ kín"),
        (
            "grounds.yaml",
            "sealed: yes, acknowledge: 1h",
            "sealed: yes, told: [health], acknowledge: 1h",
            "vuln",
            "told",
        ),
        ("grounds.yaml", "ordinary:", "usual:", None, "'ordinary'"),
        ("grounds.yaml", "ordinary: {", "ordinary: {colour: red, ", "ordinary:", "colour"),
        ("topics.yaml", "roads: construction", "roads: constuction", "roads:", "'constuction'"),
        ("topics.yaml", "  roads: construction\n", "", "topics:", "'roads'"),
        ("topics.yaml", "  roads:", "  land:", "land: construction", "hai lần"),
        ("bodies.yaml", "alternate: home-affairs", "alternate: nobody", "alternate: nobody", "'nobody'"),
        ("bodies.yaml", "  steering-committee-35:", "  committee:", "bodies:", "steering-committee-35"),
        ("calendar.yaml", '"13:00-17:00"', '"17:00-13:00"', "hours:", "17:00-13:00"),
        ("calendar.yaml", '"13:00-17:00"', '"10:00-17:00"', "hours:", "chồng"),
        ("calendar.yaml", '"13:00-17:00"', '"chiều"', "hours:", "chiều"),
        ("calendar.yaml", "country: VN", "country: XX1", "country:", "XX1"),
        ("calendar.yaml", "[1, 2, 3, 4, 5]", "[]", "weekdays:", "weekdays"),
        ("calendar.yaml", "closed: []", "closed: [2026-02-30]", "closed:", "closed"),
    ],
)
def test_a_fault_is_named(folder: Path, name: str, old: str, new: str, row: str | None, what: str) -> None:
    path = folder / name
    content = path.read_text("utf-8")
    assert old in content
    path.write_text(content.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_policy(folder, ZONE)
    message = str(refused.value)
    assert what in message
    assert message.startswith(f"{name}, hàng {row_of(path, row) if row else 1} (")
    assert "hãy" in message


def test_an_alternate_may_not_lead_open_grounds_either(folder: Path) -> None:
    path = folder / "bodies.yaml"
    content = path.read_text("utf-8")
    path.write_text(content.replace("alternate: home-affairs", "alternate: steering-committee-35"), "utf-8")
    with pytest.raises(
        ConfigurationError, match=r"grounds\.yaml, hàng \d+ \(grounds\.\w+\.lead\): 'steering-committee-35'"
    ):
        load_policy(folder, ZONE)


@pytest.mark.parametrize("content", ["", "- a", "bodies: [", "bodies: {}\n"])
def test_what_is_no_file_of_ours(folder: Path, content: str) -> None:
    (folder / "bodies.yaml").write_text(content)
    with pytest.raises(ConfigurationError, match=r"bodies\.yaml"):
        load_policy(folder, ZONE)


def test_a_missing_file(folder: Path) -> None:
    (folder / "topics.yaml").unlink()
    with pytest.raises(ConfigurationError, match=r"topics\.yaml"):
        load_policy(folder, ZONE)


KEY = "0" * 64


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("{duty: Trực ban, role: duty_officer, key_sha256: '%s'}", "body"),
        ("{duty: Kiểm tra, role: auditor, body: health, key_sha256: '%s'}", "body"),
        ("{duty: Trực ban, role: chief, body: health, key_sha256: '%s'}", "role"),
        ("{duty: Trực ban, role: duty_officer, body: nowhere, key_sha256: '%s'}", "nowhere"),
        ("{duty: Trực ban, role: duty_officer, body: health, key_sha256: '%s0'}", "key_sha256"),
    ],
)
def test_officers_that_cannot_be(tmp_path: Path, row: str, what: str) -> None:
    path = tmp_path / "officers.yaml"
    path.write_text("- " + row % KEY, "utf-8")
    with pytest.raises(OfficersError, match=what) as refused:
        Officers.load(path, local=True, bodies={"health"})
    assert KEY not in str(refused.value)


def test_seeded_officers_exist_only_locally(tmp_path: Path) -> None:
    path = tmp_path / "officers.yaml"
    path.write_text(f"- {{duty: Trực ban, role: duty_officer, body: health, key_sha256: '{KEY}'}}", "utf-8")
    with pytest.raises(OfficersError, match="LANGNGHE_ENV=local"):
        Officers.load(path, local=False, bodies={"health"})
    assert Officers.load(None, local=False, bodies={}).officer("") is None
    assert Officers.load(path, local=True, bodies={"health"}).officer("another") is None
