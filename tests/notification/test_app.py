"""The wiring: what is refused at start, what is served, and nothing connects before the lifespan begins."""

import shutil
from pathlib import Path

import httpx
import pytest

from services.notification.app import app
from shared.runtime.configuration import ConfigurationError
from shared.runtime.settings import Role, Settings

PROVINCE = Path(__file__).parents[2] / "deploy" / "provinces" / "angiang"

COMMUNES = "code,name,type\n30463,Xã Châu Phú,xã\n"
OLD_UNITS = "old_district,old_unit,new_code\nHuyện Châu Phú,Thị trấn Cái Dầu,30463\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A province of its own, to be spoilt."""
    copy = tmp_path / "thu"
    copy.mkdir()
    for name in ("bodies.yaml", "province.yaml", "roster.yaml", "channels.yaml"):
        shutil.copy(PROVINCE / name, copy / name)
    (copy / "communes.csv").write_text(COMMUNES, encoding="utf-8")
    (copy / "old_to_new.csv").write_text(OLD_UNITS, encoding="utf-8")
    return copy


def settings(folder: Path, **changes: object) -> Settings:
    return Settings(env="local", province=folder.name, provinces_dir=folder.parent, **changes)  # type: ignore[arg-type]


async def answer(found: Settings, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app(found))
    async with httpx.AsyncClient(transport=transport, base_url="http://notification") as client:
        return await client.get(path)


@pytest.mark.parametrize("roles", [frozenset(Role), frozenset({Role.HTTP})])
async def test_the_roster_view_shows_duties_and_no_contact(folder: Path, roles: frozenset[Role]) -> None:
    shown = await answer(settings(folder, roles=roles), "/v1/roster")
    assert shown.status_code == 200
    assert shown.json()["bodies"][0]["duties"][0] == {
        "level": 0,
        "name": "Trực ban BCĐ 35",
        "channels": ["webhook"],
    }
    assert "truc-ban" not in shown.text


@pytest.mark.parametrize("changes", [{"env": "server"}, {"roles": frozenset({Role.EVENTS})}])
async def test_elsewhere_there_is_no_roster_view(folder: Path, changes: dict[str, object]) -> None:
    found = Settings(**{"province": folder.name, "provinces_dir": folder.parent, "env": "local", **changes})  # type: ignore[arg-type]
    assert (await answer(found, "/v1/roster")).status_code == 404


@pytest.mark.parametrize(
    ("name", "written", "instead", "said"),
    [
        ("roster.yaml", "education:", "educatoin:", "cơ quan 'education' chưa có lịch trực"),
        ("roster.yaml", "channel: webhook", "channel: zalo", "không có kênh 'zalo'"),
        ("channels.yaml", "type: webhook", "type: fax", "channels.yaml, hàng 8"),
        ("bodies.yaml", "name:", "ten:", "bodies.yaml, hàng"),
        (
            "province.yaml",
            "Asia/Ho_Chi_Minh",
            "Asia/Sai_Gon_Cho_Lon",
            "province.yaml, hàng 3 (timezone): phải là một múi",
        ),
        ("communes.csv", "code,name", "ma,ten", "communes.csv, hàng 1: thiếu cột code, name"),
    ],
)
def test_a_province_that_does_not_fit_together_is_refused(
    folder: Path, name: str, written: str, instead: str, said: str
) -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert written in text
    path.write_text(text.replace(written, instead, 1 if name == "roster.yaml" else -1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as raised:
        app(settings(folder))
    assert said in str(raised.value)


def test_other_files_than_the_provinces_may_be_named(folder: Path, tmp_path: Path) -> None:
    (folder / "roster.yaml").rename(tmp_path / "that.yaml")
    with pytest.raises(ConfigurationError, match=r"roster\.yaml: không thấy tệp"):
        app(settings(folder))
    app(settings(folder, roster_file=tmp_path / "that.yaml"))
    with pytest.raises(ConfigurationError, match=r"none\.yaml: không thấy tệp"):
        app(settings(folder, channels_file=tmp_path / "none.yaml"))
