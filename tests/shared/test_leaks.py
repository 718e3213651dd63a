"""What may never pass is seen in any writing, and hotlines may stand."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.text.leaks import leaks

HOTLINES = frozenset({"113", "114", "115", "1022", "0296 3852 147"})
SEPARATORS = st.text(st.sampled_from(" .-*_/,()"), max_size=3)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nước đục ngày 12/09/2025, 15 hộ", "digits"),
        ("nước đục từ ngày 12/09/2025", None),
        ("thửa 245 tờ 12, Nghị quyết 1654, Km 0104+200 đến 0112+500", None),
        ("0939 111 222", "digits"),
        ("o939.lll.222", "digits"),
        ("０９３９１１１２２２", "digits"),
        ("09391\u200b11222", "digits"),
        ("lan@x", "at_sign"),
        ("lan＠x", "at_sign"),
        ("http://", "link"),
        ("xem fb.com/lan", "link"),
        ("zalo.me/x", "link"),
        ("facebook.com.Rồi họ xoá", "link"),
        ("www.abc", "link"),
        ("nấu.cơm xong", None),
        ("khóc.mẹ ơi", None),
        ("[số điện thoại] [liên kết] [email]", None),
    ],
)
def test_what_leaks(text: str, found: str | None) -> None:
    assert leaks(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gọi 113, 114, 115", None),
        ("gọi 0296.3852.147 hoặc 113", None),
        ("gọi +84 296 3852 147", None),
        ("gọi 0913 113 222", "digits"),
        ("số 089 113 222 333", "digits"),
        ("113 0939111222", "digits"),
    ],
)
def test_hotlines_may_stand_but_hide_no_other_number(text: str, found: str | None) -> None:
    assert leaks(text, HOTLINES) == found


@given(st.lists(st.integers(0, 9), min_size=9, max_size=20), st.data())
def test_nine_digits_never_pass_over_any_separators(digits: list[int], data: st.DataObject) -> None:
    text = "".join(f"{digit}{data.draw(SEPARATORS)}" for digit in digits)
    assert leaks(f"số {text} nha") == "digits"


@pytest.mark.parametrize("unit", ["a.", "1 ", "o", "a-", "http", "0 o ", "a.com.", "(", "1,", "www."])
def test_no_text_takes_long(unit: str) -> None:
    started = process_time()
    leaks((unit * 2_000)[:4_000])
    assert process_time() - started < 0.2
