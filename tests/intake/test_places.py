"""Communes are found by any way of writing their names, new or old; an ambiguous name is never guessed."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.place_names import collation
from services.intake.places import Gazetteer
from shared.runtime.province import Province, place_tables
from shared.text.masking import Masker

ANGIANG = Path(__file__).parents[2] / "deploy/provinces/angiang"
PLACES = Gazetteer(*place_tables(ANGIANG))
COMMUNES = [PLACES.get(found.code) for found in PLACES.search("", limit=200)]
OLD_UNITS = [unit for unit in PLACES._names if unit.formerly]


def codes(text: str) -> list[str]:
    return sorted(commune.code for commune in PLACES.resolve(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30334", []),
        ("30337", ["30337"]),
        (" 30337 ", ["30337"]),
        ("Xã Cù Lao Giêng", ["30643"]),
        ("cu lao gieng", ["30643"]),
        ("CÙ LAO GIÊNG", ["30643"]),
        ("xã Cù Lao Giêng, huyện Chợ Mới", ["30643"]),
        ("Đặc khu Phú Quốc", ["31078"]),
        ("TP. Phú Quốc", ["31078"]),
        # old names with their old district
        ("xã Tân Hội, huyện Tân Hiệp", ["30856"]),
        ("X. Tân An, H. Tân Hiệp", ["30856"]),
        ("xã Tân An, thị xã Tân Châu", ["30388"]),
        ("tan an, tan hiep", ["30856"]),
        ("TT. Cái Dầu", ["30463"]),
        ("tt cai dau, h chau phu", ["30463"]),
        ("xã Đông Hưng, huyện An Minh", ["31018"]),
        ("xã Đông Hưng", ["31018", "31036"]),
        ("P. Mỹ Bình, TP. Long Xuyên", ["30307"]),
        ("khóm 2, Mỹ Bình, Long Xuyên", ["30307"]),
        ("đường hư ở xã Vọng Thê huyện Thoại Sơn từ tuần trước", ["30688"]),
        # ambiguous: asked, never guessed
        ("Tân An", ["30388", "30856"]),
        ("xã Vĩnh Phú", ["30709", "30793", "30943"]),
        ("xã Phước Hưng", ["30337", "30346", "30352"]),
        ("ấp Phú Lợi, Phú Mỹ", ["30406", "30796"]),
        # a type tells two of one name apart
        ("phường Mỹ Đức", ["30769"]),
        ("xã Mỹ Đức", ["30469"]),
        # marks tell two names apart, without them both may be meant
        ("xã Minh Hòa", ["30880"]),
        # unknown, or where no commune of that name lies
        ("ấp Phú Mỹ", []),
        ("xã Tân Hội, huyện Chợ Mới", []),
        ("huyện Châu Thành", []),
        ("xã Không Có", []),
        ("", []),
    ],
)
def test_an_address_names_communes(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize("commune", COMMUNES, ids=lambda commune: commune.code)
def test_every_commune_is_found_by_its_full_name(commune) -> None:
    assert commune.code in codes(commune.name)
    assert commune.code in codes(unicodedata.normalize("NFD", commune.name.upper()))
    assert PLACES.search(commune.name)[0].code == commune.code


@pytest.mark.parametrize("unit", OLD_UNITS, ids=lambda unit: f"{unit.key}-{unit.commune.code}")
def test_every_old_unit_with_its_type_and_district_leads_to_where_it_went(unit) -> None:
    address = unit.formerly.removeprefix("trước là ")
    went_to = {other.commune.code for other in OLD_UNITS if other.formerly == unit.formerly}
    assert set(codes(address)) == went_to
    assert unit.commune.code in {found.code for found in PLACES.search(address)}


@pytest.mark.parametrize(
    ("q", "first", "formerly"),
    [
        ("cho moi", "30628", None),
        ("chợ m", "30628", None),
        ("phu qu", "31078", None),
        ("cai dau", "30463", "trước là thị trấn Cái Dầu, huyện Châu Phú"),
        ("TT. Cái Dầu", "30463", "trước là thị trấn Cái Dầu, huyện Châu Phú"),
        ("gieng", "30643", None),
        ("tân an tân hiệp", None, None),
        ("tân an, tân hiệp", "30856", "trước là xã Tân An, huyện Tân Hiệp"),
        ("zzz", None, None),
    ],
)
def test_search_suggests_as_one_types(q: str, first: str | None, formerly: str | None) -> None:
    found = PLACES.search(q)
    assert (found[0].code, found[0].formerly) == (first, formerly) if first else found == []


def test_search_ranks_exact_names_first_then_beginnings_then_words_inside() -> None:
    found = PLACES.search("an phu", limit=50)
    assert [(item.name, item.formerly) for item in found[:2]] == [
        ("Xã An Phú", None),
        ("Phường Tịnh Biên", "trước là phường An Phú, thị xã Tịnh Biên"),
    ]
    inside = [item.name for item in PLACES.search("dong", limit=50)]
    assert inside.index("Xã Đông Hoà") < inside.index("Xã Thạnh Đông")


def test_an_empty_search_lists_all_in_alphabetical_order() -> None:
    names = [item.name.split(" ", 1)[1] for item in PLACES.search("", limit=200)]
    assert len(names) == 102
    assert PLACES.search("  ") == PLACES.search("", limit=10)
    assert names[:3] == ["An Biên", "An Châu", "An Cư"]


@pytest.mark.parametrize(
    "ordered",
    [
        ["An Biên", "Ba Chúc", "Châu Đốc", "Đông Hoà", "Óc Eo", "Ô Lâm"],
        ["ca", "cà", "cả", "cã", "cá", "cạ", "căn", "cân"],
        ["dân", "đa", "e", "ê", "o", "ô", "ơ", "u", "ư"],
    ],
)
def test_vietnamese_alphabetical_order(ordered: list[str]) -> None:
    shuffled = sorted(ordered, reverse=True)
    assert sorted(shuffled, key=collation) == ordered


@given(st.text(max_size=80))
@settings(deadline=None)
def test_any_text_is_answered(text: str) -> None:
    for commune in PLACES.resolve(text):
        assert PLACES.get(commune.code) is commune
    assert len(PLACES.search(text, limit=5)) <= 5


def test_names_of_places_survive_masking() -> None:
    masker = Masker(places=Province.load(ANGIANG).place_names)
    for unit in PLACES._names:
        text = f"Ngập ở {unit.type} {unit.bare}, gần {unit.bare}."
        assert masker.mask(text).text == text


def test_an_old_unit_that_leads_nowhere_is_refused() -> None:
    row = {"old_district": "Huyện A", "old_unit": "Xã B", "new_code": "99999"}
    with pytest.raises(ValueError, match="Xã B has new_code 99999"):
        Gazetteer([], [row])
