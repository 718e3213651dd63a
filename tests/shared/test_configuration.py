"""A file of the configuration: what is read of it, and that every fault names file, row, path and remedy."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import Field

from shared.runtime.configuration import ConfigurationError, ConfigurationFile, Row

GOOD = """\
# Một ghi chú.
bodies:
  health: {phone: 0912, open: yes}
  construction:
    phone: 1022
    open: no
    shifts:
      - {from: 7, kind: day}
      - from: 19
        kind: night
"""


class Shift(Row):
    start: Annotated[int, Field(alias="from", ge=0, le=23)]
    kind: Literal["day", "night"]


class Body(Row):
    phone: Annotated[str, Field(min_length=3)]
    open: bool
    shifts: Annotated[tuple[Shift, ...], Field(min_length=1)] | None = None


class Content(Row):
    bodies: dict[str, Body]


def read(tmp_path: Path, text: str = GOOD) -> ConfigurationFile:
    path = tmp_path / "example.yaml"
    path.write_bytes(text.encode())
    return ConfigurationFile.read(path)


def test_values_are_text_until_their_shape_is_known(tmp_path: Path) -> None:
    file = read(tmp_path)
    assert file.at("bodies", "health") == {"phone": "0912", "open": "yes"}
    bodies = file.parse(Content).bodies
    assert (bodies["health"].phone, bodies["health"].open, bodies["construction"].open) == ("0912", True, False)
    assert file.parse(dict[str, Body], "bodies") == bodies
    assert file.text == GOOD


@pytest.mark.parametrize(
    ("where", "row"),
    [
        ((), 1),
        (("bodies",), 2),
        (("bodies", "health", "phone"), 3),
        (("bodies", "construction", "shifts", 1), 9),
        (("bodies", "construction", "shifts", 1, "kind"), 10),
        (("bodies", "construction", "shifts", 7), 7),
        (("bodies", "education", "phone"), 2),
    ],
)
def test_the_row_is_the_entrys_or_that_of_the_nearest_above_it(
    tmp_path: Path, where: tuple[str, ...], row: int
) -> None:
    assert read(tmp_path).row(*where) == row


FAULTS = [
    ("phone: 0912, ", "", "hàng 3 (bodies.health.phone): thiếu trường này; hãy"),
    ("phone: 0912", "phone: '9'", "hàng 3 (bodies.health.phone): không được để trống hay quá ngắn; hãy viết ít nhất 3"),
    ("phone: 1022", "phone: [1022]", "hàng 5 (bodies.construction.phone): phải là một dòng chữ; hãy"),
    ("open: no", "open: perhaps", "hàng 6 (bodies.construction.open): chỉ nhận yes hoặc no; hãy"),
    ("    open: no", "    open: no\n    fax: 1", "hàng 7 (bodies.construction.fax): không có trường này; hãy"),
    ("from: 19", "from: 24", "hàng 9 (bodies.construction.shifts.1.from): lớn quá; hãy viết không quá 23"),
    ("from: 19", "from: -1", "hàng 9 (bodies.construction.shifts.1.from): nhỏ quá; hãy viết từ 0 trở lên"),
    ("from: 19", "from: x", "hàng 9 (bodies.construction.shifts.1.from): phải là số nguyên; hãy"),
    (
        "kind: night",
        "kind: noon",
        "hàng 10 (bodies.construction.shifts.1.kind): không có trong danh sách; hãy chọn một",
    ),
    ("{phone: 0912, open: yes}", "yes", "hàng 3 (bodies.health): phải có các trường; hãy"),
    ("bodies:", "body:", "hàng 1 (bodies): thiếu trường này; hãy"),
]


@pytest.mark.parametrize(("written", "instead", "said"), FAULTS)
def test_what_has_another_shape_is_named(tmp_path: Path, written: str, instead: str, said: str) -> None:
    assert GOOD.count(written) == 1
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, GOOD.replace(written, instead)).parse(Content)
    assert f"example.yaml, {said}" in str(refused.value)


def test_all_faults_are_told_each_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, GOOD.replace("open: no", "open: perhaps").replace("from: 19", "from: x")).parse(Content)
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [
        "example.yaml, hàng 6 (bodies.construction.open)",
        "example.yaml, hàng 9 (bodies.construction.shifts.1.from)",
    ]


def test_a_fault_in_a_part_has_its_whole_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^example\.yaml, hàng 3 \(bodies\.health\.open\): "):
        read(tmp_path, GOOD.replace("yes", "maybe")).parse(Body, "bodies", "health")
    with pytest.raises(
        ConfigurationError, match=r"^example\.yaml, hàng 2 \(bodies\.education\): thiếu 'education'; hãy"
    ):
        read(tmp_path).parse(Body, "bodies", "education")


def test_better_words_for_a_type_of_error_are_used(tmp_path: Path) -> None:
    file = read(tmp_path, GOOD.replace("from: 19", "from: x"))
    with pytest.raises(ConfigurationError, match=r"from\): hãy ghi giờ$"):
        file.parse(Content, remedies={"int_parsing": "hãy ghi giờ"})


def test_what_was_written_is_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, GOOD.replace("{phone: 0912, open: yes}", "mat-khau-bia")).parse(Content)
    assert "mat-khau-bia" not in str(refused.value)
    assert refused.value.__suppress_context__, "a traceback would quote it"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "example.yaml, hàng 1: tệp trống; hãy"),
        ("# chỉ có ghi chú\n", "example.yaml, hàng 1: tệp trống; hãy"),
        ("a: [\n", "example.yaml, hàng 2: sai cú pháp YAML"),
        ("a: 1\nb: \x07\n", "example.yaml, hàng 2: có ký tự mà YAML không nhận; hãy"),
        ("a: 1\nb: 2\na: 3\n", "example.yaml, hàng 3 (a): 'a' viết hai lần; hãy gộp lại"),
        ("a:\n  - {b: 1}\n  - {b: 1, b: 2}\n", "example.yaml, hàng 3 (a.1.b): 'b' viết hai lần; hãy gộp lại"),
    ],
)
def test_what_is_no_file_of_ours_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(said)
    assert "hãy" in str(refused.value)


def test_all_keys_written_twice_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, "a: 1\na: 2\nb: 1\nb: 2\n")
    assert [line.split(":")[0] for line in str(refused.value).splitlines()] == [
        "example.yaml, hàng 2 (a)",
        "example.yaml, hàng 4 (b)",
    ]


def test_a_list_at_the_top_has_no_fields(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^example\.yaml, hàng 1 \(đầu tệp\): phải có các trường; hãy"):
        read(tmp_path, "- a\n").parse(Content)
    with pytest.raises(ConfigurationError, match="thiếu 'bodies'"):
        read(tmp_path, "- a\n").at("bodies")


def test_a_file_that_cannot_be_read_is_named_with_its_path(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    for said in ("không thấy tệp; hãy", "không đọc được", "không phải UTF-8; hãy"):
        with pytest.raises(ConfigurationError) as refused:
            ConfigurationFile.read(path)
        assert str(refused.value).startswith(f"{path}: {said}")
        path = tmp_path
        if "không đọc được" in said:
            path = tmp_path / "utf16.yaml"
            path.write_bytes("tên: lũ".encode("utf-16"))


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeffa: 1\n").at("a") == "1"
