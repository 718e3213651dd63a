"""The roster: who is on duty, what is refused and in which row, and that nobody sees a contact."""

from datetime import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from services.notification import channel_settings, roster, roster_file
from shared.runtime.configuration import ConfigurationError

BODIES = {"health": "Sở Y tế", "education": "Sở Giáo dục và Đào tạo"}
PROVINCES = Path(__file__).parents[2] / "deploy" / "provinces"

GOOD = """\
health:
  duties:
    - name: "Trực ban Sở Y tế"
      contacts:
        - {channel: sms, to: ngay, hours: "06:00-18:00"}
        - {channel: sms, to: dem, hours: "18:00-06:00"}
        - {channel: mail, to: truc@example.vn}
    - {name: "Giám đốc Sở Y tế", contacts: [{channel: sms, to: giam-doc}]}
education:
  duties:
    - {name: "Trực ban Sở Giáo dục", contacts: [{channel: sms, to: truc-giao-duc}]}
"""


def loaded(tmp_path: Path, text: str = GOOD) -> roster.Roster:
    path = tmp_path / "roster.yaml"
    path.write_text(text, encoding="utf-8")
    return roster_file.load(path, BODIES, {"sms", "mail"})


@pytest.mark.parametrize(
    ("at", "to"),
    [
        (time(6, 0), "ngay"),
        (time(17, 59, 59, 999999), "ngay"),
        (time(18, 0), "dem"),
        (time(0, 0), "dem"),
        (time(5, 59), "dem"),
    ],
)
def test_the_shift_decides_whom_a_duty_is(tmp_path: Path, at: time, to: str) -> None:
    assert loaded(tmp_path).address("health", "Trực ban Sở Y tế", "sms", at) == to


@given(st.times())
def test_at_every_moment_exactly_one_contact_of_a_shift_is_on(at: time) -> None:
    day = roster.Contact(channel="sms", to="ngay", hours="06:00-18:00")
    night = roster.Contact(channel="sms", to="dem", hours="18:00-06:00")
    assert day.on(at) != night.on(at)


def test_the_ladder_goes_up_and_ends(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    names = [duty.name if (duty := found.on_duty("health", level)) else None for level in range(3)]
    assert names == ["Trực ban Sở Y tế", "Giám đốc Sở Y tế", None]
    assert found.on_duty("health", 0).channels == ("sms", "mail")


@pytest.mark.parametrize(
    ("body", "duty", "channel"),
    [
        ("nowhere", "Trực ban Sở Y tế", "sms"),
        ("health", "Người cũ", "sms"),
        ("health", "Giám đốc Sở Y tế", "mail"),
        ("education", "Trực ban Sở Y tế", "sms"),
    ],
)
def test_who_is_no_longer_in_the_roster_has_no_address(tmp_path: Path, body: str, duty: str, channel: str) -> None:
    assert loaded(tmp_path).address(body, duty, channel, time(12)) is None


FAULTS = [
    ("education:", "educatoin:", ["hàng 9 (educatoin): không có cơ quan", "'education' chưa có lịch trực"]),
    ("to: giam-doc", "to: giam-doc, sdt: x", ["hàng 8 (health.duties.1.contacts.0.sdt): không có trường này"]),
    ("{channel: mail,", "{channel: fax,", ["hàng 7 (health.duties.0.contacts.2.channel): không có kênh 'fax'"]),
    ("to: truc@example.vn", "", ["hàng 7 (health.duties.0.contacts.2.to): thiếu trường này"]),
    ("Trực ban Sở Giáo dục", "Trực ban Sở Y tế", ["hàng 3 (health.duties.0.name): tên", "hàng 11 (education.duties.0"]),
    ("18:00-06:00", "19:00-06:00", ["hàng 4 (health.duties.0.contacts): kênh 'sms' lúc 18:00"]),
    ("18:00-06:00", "17:00-06:00", ["kênh 'sms' lúc 17:00 phải có đúng một người"]),
    ("18:00-06:00", "25:00-06:00", ["hàng 6 (health.duties.0.contacts.1.hours): chưa đúng", "18:00-06:00"]),
    ("18:00-06:00", "06:00-06:00", ["contacts.1.hours"]),
    (', hours: "18:00-06:00"', "", ["phải có đúng một người"]),
    ("to: dem", 'to: ""', ["hàng 6 (health.duties.0.contacts.1.to): không được để trống"]),
    ("education:", "health:", ["hàng 9 (health): 'health' viết hai lần"]),
    ("education:", "education", ["roster.yaml, hàng 10: sai cú pháp YAML"]),
    ("[{channel: sms, to: giam-doc}]", "[]", ["hàng 8 (health.duties.1.contacts): không được để trống"]),
]


@pytest.mark.parametrize(("written", "instead", "said"), FAULTS)
def test_a_fault_names_file_row_and_remedy(tmp_path: Path, written: str, instead: str, said: list[str]) -> None:
    assert written in GOOD
    with pytest.raises(ConfigurationError) as raised:
        loaded(tmp_path, GOOD.replace(written, instead))
    assert all(part in str(raised.value) for part in said), str(raised.value)
    assert str(raised.value).startswith("roster.yaml, hàng")
    assert all("hãy" in line for line in str(raised.value).splitlines())


@pytest.mark.parametrize("text", ["", "health:", "- health", "health: {duties: []}"])
def test_an_empty_roster_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"roster\.yaml, hàng 1"):
        loaded(tmp_path, text)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml: không thấy tệp"):
        roster_file.load(tmp_path / "none.yaml", BODIES, {"sms"})


def test_the_view_shows_duties_by_level_and_no_contact(tmp_path: Path) -> None:
    shown = loaded(tmp_path).view(BODIES)
    assert shown[1] == {
        "body": "education",
        "name": "Sở Giáo dục và Đào tạo",
        "duties": [{"level": 0, "name": "Trực ban Sở Giáo dục", "channels": ["sms"]}],
    }
    assert not any(contact in str(shown) for contact in ("ngay", "dem", "truc@example.vn", "giam-doc"))


@pytest.mark.parametrize("folder", sorted(path.parent for path in PROVINCES.glob("*/bodies.yaml")))
def test_every_province_has_a_roster_that_fits(folder: Path) -> None:
    bodies = yaml.safe_load((folder / "bodies.yaml").read_text(encoding="utf-8"))["bodies"]
    found = roster_file.load(folder / "roster.yaml", bodies, channel_settings.load(folder / "channels.yaml"))
    assert found.bodies == set(bodies)
    assert all(found.on_duty(body, 2) for body in bodies), "each ladder has a person, a next one and a head"
