"""Every way of typing a word folds to one, and an offset in the fold leads back to the text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text.fold import agrees, digit_view, fold, folded, spelling

TYPED = st.text(
    st.sampled_from("aăâbcdđðÐeêghiklmnoôơpqrstuưvxyáàảãạếềểễệĐÂ 0o1lI.,\u200b\ufeff\u0301\u0323０９ａＺ"), max_size=60
)


def without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Lở Đất Ở Châu Đốc", "lo dat o chau doc"),
        (unicodedata.normalize("NFD", "Lở Đất Ở Châu Đốc"), "lo dat o chau doc"),
        ("Ðường ðất", "duong dat"),
        ("hoà hòa HÒA", "hoa hoa hoa"),
        ("Ｃｈợ ０９３９", "cho 0939"),
        ("09\u200b39\ufeff1\u00ad1", "093911"),
        ("cầu – cống — bến", "cau - cong - ben"),
        ("០៩៣៩ ①②", "0939 12"),
        ("0️⃣9️⃣", "09"),
    ],
)
def test_one_fold_for_every_way_of_typing(typed: str, expected: str) -> None:
    assert fold(typed).text == folded(typed) == expected


@given(st.text() | TYPED)
def test_a_fold_maps_back_to_the_text(text: str) -> None:
    page = fold(text)
    assert page.nfc == unicodedata.normalize("NFC", text)
    assert len(page.text) == len(page.origin)
    assert list(page.origin) == sorted(set(page.origin))
    for at, char in enumerate(page.text):
        assert folded(page.nfc[slice(*page.span(at, at + 1))]) == char


@given(st.text() | TYPED)
def test_composed_and_decomposed_fold_alike(text: str) -> None:
    assert folded(unicodedata.normalize("NFD", text)) == folded(unicodedata.normalize("NFC", text))


@given(TYPED)
def test_a_fold_of_a_fold_is_itself(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(st.text(st.sampled_from("aàạăằâầbcđeêềghikmnoôộơởuưữyý Đ"), max_size=40))
def test_text_without_marks_folds_as_with_them(text: str) -> None:
    assert folded(without_marks(text)) == folded(text)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("o9l8 333 444", "0918 333 444"),
        ("O970.686.890", "0970.686.890"),
        ("o 9 l 8 2 2 2 3 3 3", "0 9 1 8 2 2 2 3 3 3"),
        ("5 lít ở lô I, 10kg oi bức", "5 lit o lo i, 10kg oi buc"),
    ],
)
def test_letters_typed_for_digits(typed: str, expected: str) -> None:
    assert digit_view(folded(typed)) == expected


@given(TYPED)
def test_the_digit_view_keeps_every_offset(text: str) -> None:
    assert len(digit_view(folded(text))) == len(folded(text))


@pytest.mark.parametrize(
    ("typed", "word", "expected"),
    [
        ("Võ", "Võ", True),
        ("vo", "Võ", True),
        ("vô", "Võ", False),
        ("Lã", "Lã", True),
        ("là", "Lã", False),
        ("HOÀ", "hòa", True),
        ("ðỗ", "Đỗ", True),
    ],
)
def test_marks_veto_a_folded_match(typed: str, word: str, expected: bool) -> None:
    assert agrees(typed, frozenset({spelling(word)})) is expected
