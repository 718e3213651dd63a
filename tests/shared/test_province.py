"""A province's folder: what every service may know of it, and that each fault names file, row and remedy."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.runtime.configuration import ConfigurationError
from shared.runtime.province import Province, bodies, place_tables
from shared.runtime.settings import Settings
from shared.text.masking import Masker

FILES = {
    "province.yaml": "name: Thử\ntimezone: Asia/Ho_Chi_Minh\nhotlines:\n  - {number: 0296 3852, name: Tổng đài}\n",
    "bodies.yaml": "bodies:\n  health: {name: Sở Y tế, names: [y tế]}\n  works: {name: Sở Xây dựng}\naddressing: []\n",
    "communes.csv": "code,name,type\n30463,Xã Lương Phi,xã\n31078,Đặc khu Dương Đông,đặc khu\n",
    "old_to_new.csv": "old_district,old_unit,new_code,kind\nQuận Lê Chánh,Thị trấn Cô Tô,30463,merged\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


def test_what_is_read(folder: Path) -> None:
    assert Province.load(folder) == Province(
        name="Thử",
        zone=ZoneInfo("Asia/Ho_Chi_Minh"),
        numbers=frozenset({"0296 3852"}),
        bodies={"health": "Sở Y tế", "works": "Sở Xây dựng"},
        communes={"30463": "Xã Lương Phi", "31078": "Đặc khu Dương Đông"},
        place_names=frozenset({"Xã Lương Phi", "Đặc khu Dương Đông", "Thị trấn Cô Tô", "Quận Lê Chánh"}),
    )
    assert bodies(folder) == Province.load(folder).bodies
    assert place_tables(folder)[1] == [
        {"old_district": "Quận Lê Chánh", "old_unit": "Thị trấn Cô Tô", "new_code": "30463"}
    ]


def test_tables_as_spreadsheets_save_them(folder: Path) -> None:
    whole = Province.load(folder)
    for name in ("communes.csv", "old_to_new.csv"):
        (folder / name).write_bytes(b"\xef\xbb\xbf" + FILES[name].replace("\n", "\r\n").encode())
    assert Province.load(folder) == whole


@pytest.mark.parametrize("place", ["Lương Phi", "Dương Đông", "Cô Tô", "Lê Chánh"])
def test_no_place_is_anybodys_name_to_masking(folder: Path, place: str) -> None:
    text = f"Bà con ở {place} chưa ai tới giúp."
    assert Masker().mask(text).text != text, "or the table says nothing"
    assert Masker(places=Province.load(folder).place_names).mask(text).text == text


@pytest.mark.parametrize(
    ("name", "written", "instead", "said"),
    [
        ("province.yaml", "Asia/Ho_Chi_Minh", "Asia/Cho_Lon", "hàng 2 (timezone): phải là một múi giờ"),
        ("province.yaml", "name: Thử\n", "", "hàng 1 (name): thiếu trường này"),
        ("province.yaml", ", name: Tổng đài", "", "hàng 4 (hotlines.0.name): thiếu trường này"),
        ("province.yaml", "hotlines:", "hotline:", "hàng 3 (hotline): không có trường này"),
        ("bodies.yaml", "{name: Sở Xây dựng}", "{ten: Sở Xây dựng}", "hàng 3 (bodies.works.name): thiếu trường này"),
        ("bodies.yaml", "works: {", "Công-trình: {", "hàng 3 (bodies.Công-trình): chưa đúng"),
        ("bodies.yaml", FILES["bodies.yaml"], "bodies: {}", "hàng 1 (bodies): không được để trống"),
        ("communes.csv", "code,name", "ma,ten", "hàng 1: thiếu cột code, name"),
        ("communes.csv", "Đặc khu Dương Đông", "", "hàng 3: để trống name"),
        ("communes.csv", FILES["communes.csv"], "", "hàng 1: thiếu cột code, name, type"),
        ("old_to_new.csv", ",30463,merged", "", "hàng 2: để trống new_code"),
    ],
)
def test_a_fault_names_file_row_and_remedy(folder: Path, name: str, written: str, instead: str, said: str) -> None:
    assert FILES[name].count(written) == 1
    (folder / name).write_text(FILES[name].replace(written, instead), "utf-8")
    with pytest.raises(ConfigurationError) as refused:
        Province.load(folder)
    assert str(refused.value).startswith(f"{name}, {said}")
    assert "; hãy" in str(refused.value)


@pytest.mark.parametrize("name", FILES)
def test_every_file_must_be_there_in_utf_8(folder: Path, name: str) -> None:
    (folder / name).write_bytes(FILES[name].encode("utf-16"))
    with pytest.raises(ConfigurationError, match=f"{name}: không phải UTF-8; hãy"):
        Province.load(folder)
    (folder / name).unlink()
    with pytest.raises(ConfigurationError, match=f"{name}: không thấy tệp; hãy"):
        Province.load(folder)


def test_every_province_of_the_repository_can_be_read() -> None:
    folders = [path.parent for path in Settings().provinces_dir.glob("*/province.yaml")]
    assert folders
    for folder in folders:
        here = Province.load(folder)
        assert here.communes
        assert here.numbers
