"""Personal data never passes, in any writing; what only looks like it stays readable."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.text.leaks import leaks
from shared.text.masking import PLACEHOLDERS, Masker

PLACES = ["Xã Châu Phong", "Phường Châu Đốc", "Huyện Châu Phú", "Phường Tô Châu", "Xã Hoà Bình"]
MASKER = Masker(hotlines=["113", "114", "115", "1022", "0296 3852 147"], places=PLACES)
STRICT = Masker()

MASKED = [
    # phones
    ("gọi tui 0939.111.222 nha", "gọi tui [số điện thoại] nha"),
    ("SĐT: 0 9 1 8 2 2 2 3 3 3.", "SĐT: [số điện thoại]."),
    ("zalo o9l8 333 444", "zalo [số điện thoại]"),
    ("máy bàn (0296) 3 852 999", "máy bàn [số điện thoại]"),
    ("+84 912 345 678 hoặc 0084-912-345-678", "[số điện thoại] hoặc [số điện thoại]"),
    ("0939*111*222 / 0918_222_333", "[số điện thoại] / [số điện thoại]"),
    ("0939:111:222", "[số điện thoại]"),
    ("không chín một tám, hai hai hai ba ba ba", "[số điện thoại]"),
    ("０３３００８５９９７", "[số điện thoại]"),
    ("điện thoại 3852999", "điện thoại [số điện thoại]"),
    # identity numbers
    ("CCCD 089 055 001 234", "CCCD [số định danh]"),
    ("cmnd 36.118.5843", "cmnd [số định danh]"),
    ("mang theo 361185843 ra xã", "mang theo [số định danh] ra xã"),
    # plates
    ("xe 67C-123.45", "xe [biển số]"),
    ("chạy xe 67-L1 4567", "chạy xe [biển số]"),
    ("xe điện 67MĐ1-234.56", "xe điện [biển số]"),
    ("mat xe 67b112345", "mat xe [biển số]"),
    # accounts
    ("stk 19034567890123 techcombank", "stk [số tài khoản] techcombank"),
    ("tài khoản 12345678", "tài khoản [số tài khoản]"),
    # dates of birth
    ("sinh ngày 15/03/2017", "sinh ngày [ngày sinh]"),
    ("bà tôi SN 1942", "bà tôi SN [ngày sinh]"),
    ("sinh 5 tháng 9 năm 1980", "sinh [ngày sinh]"),
    ("sinh năm 88, sinh ngày mùng 5 tháng 6 năm 1970", "sinh năm [ngày sinh], sinh ngày [ngày sinh]"),
    # e-mail and links
    ("gửi lan.80 @ gmail . com nha", "gửi [email] nha"),
    ("lan(at)angiang.gov.vn", "[email]"),
    ("clip https://www.tiktok.com/@xom/video/7312345678901234567.", "clip [liên kết]."),
    ("fb.com/nguyenvana.67 lừa", "[liên kết] lừa"),
    ("nick @xom_cu đăng", "nick [liên kết] đăng"),
    ("fb nguyen.van.a đăng", "fb [liên kết] đăng"),
    # addresses
    ("ở số 125/4, tổ 6, ấp Vĩnh Lợi", "ở [địa chỉ], ấp Vĩnh Lợi"),
    ("nhà số 18A hẻm 20 đường Nguyễn Huệ ngập", "[địa chỉ] ngập"),
    ("ở 149 Lê Lợi, ngập", "ở [địa chỉ], ngập"),
    ("nha o to 3 ap Tan Hoa", "nha o [địa chỉ] ap Tan Hoa"),
    ("nhà tôi số 45 Nguyễn Thái Học, ngập", "nhà tôi [địa chỉ], ngập"),
    # names
    ("công an viên Lê Hoàng Phúc", "công an viên [tên]"),
    ("gặp a Hùng hoặc c Lan", "gặp a [tên] hoặc c [tên]"),
    ("nhà chú Bảy Hên sắp rớt", "nhà chú [tên] sắp rớt"),
    ("bà Kim Thị Sa Rây và ông Chau Sóc Kha", "bà [tên] và ông [tên]"),
    ("chủ TK DO VAN TEO.", "chủ TK [tên]."),
    ("HÔM QUA CHỊ TÔ NGỌC KIỀU BỊ TÉ XUỐNG KINH", "HÔM QUA CHỊ [tên] BỊ TÉ XUỐNG KINH"),
    ("theo lời lâm ngọc thủy minh kể lại", "theo lời [tên] kể lại"),
    ("lien he gap chi hong nhung roi", "lien he gap chi [tên] roi"),
    ("toi la pham thi kim cuc ngu tai day", "toi la [tên] ngu tai day"),
    ("Gửi anh Khoa, chị Thu: chủ cũ là N.V.T.", "Gửi anh [tên], chị [tên]: chủ cũ là [tên]"),
    ("thầy Mohamach Zachkry báo", "thầy [tên] báo"),
    ("Hộ ông Trần Văn  Bé   Ba", "Hộ ông [tên]"),
    # long runs of another kind
    ("vốn 123.456.789.000 đồng", "vốn [số tiền] đồng"),
    ("hồ sơ 000.23.45.H01-250901-0012 trễ", "hồ sơ [mã hồ sơ] trễ"),
    ("chỗ 10.375912, 105.418533", "chỗ [toạ độ]"),
    ("dãy 11223344556677 lạ", "dãy [dãy số] lạ"),
    ("12/09/2025 - 15/09/2025 mất điện", "12/09/2025 - [dãy số] mất điện"),
]

SURVIVING = [
    "thửa 245 tờ 12, thua 245 to ban do 12",
    "Nghị quyết 1654, Nghị quyết số 1654/NQ-UBTVQH15 ngày 16/6/2025",
    "giá cá lóc 38.000 đồng, xăng 20.150 đồng/lít, vàng 8.450.000 đồng",
    "gọi 113, 114, 115 hoặc 1022, 0296.3852.147",
    "Quyết định số 45 Ủy ban Nhân dân, trạm số 3 Nguyễn Huệ",
    "Km 0104+200 đến 0112+500 quốc lộ 91",
    "đường Nguyễn Huệ, trường Nguyễn Trãi, cầu Nguyễn Trung Trực",
    "Trường tiểu học Lê Văn Tám xuống cấp",
    "Chùa Tây An, đình Châu Phú và lăng Thoại Ngọc Hầu dịp vía Bà Chúa Xứ",
    "ngày 05/09/2025 ghi nhận 23 ca",
    "xã Châu Phong, phường Châu Đốc, phường Tô Châu, ấp Phú Mỹ, khóm Đông Thịnh",
    "học sinh năm 2025, vệ sinh ngày 5/9",
    "cầu Ông Chưởng, rạch Bà Đắc, núi Bà Đội Om",
    "lớp 12A1 2024, đất 30m2 1500 triệu, lúc 20h 2025",
    "cây to 2 người ôm, tổ 5 người",
    "phan anh kien nghi, nguyen nhan chinh, duong van chua lam, chung minh nhan dan",
    "Công an xã, Chủ tịch UBND huyện, Hội Phụ nữ, Đoàn Thanh niên",
    "Lý do: nước đục. Mai trời mưa. Cao nhất 3 mét. Kim loại nặng.",
    "chị em phụ nữ, bà con cô bác, chú ý, anh hùng, em học",
    "tỉnh An Giang, Hà Nội, Hồ Chí Minh, Cần Thơ",
    "gọi tổng đài 1900 1234, điện thoại 3.500.000 đồng",
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_personal_data_leaves_a_placeholder(text: str, expected: str) -> None:
    assert MASKER.mask(text).text == expected


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_decomposed_text_is_masked_alike(text: str, expected: str) -> None:
    assert MASKER.mask(unicodedata.normalize("NFD", text)).text == expected


@pytest.mark.parametrize("text", SURVIVING)
def test_what_only_looks_like_personal_data_survives(text: str) -> None:
    assert MASKER.mask(text).text == text


def test_counts_and_spans_tell_what_was_masked() -> None:
    text = "gọi chị Lan 0939111222 hoặc 0918222333"
    masked = MASKER.mask(text)
    assert masked.text == "gọi chị [tên] [số điện thoại] hoặc [số điện thoại]"
    assert masked.counts == {"person": 1, "phone": 2}
    assert [(span.kind, text[span.start : span.end]) for span in masked.spans] == [
        ("person", "Lan"),
        ("phone", "0939111222"),
        ("phone", "0918222333"),
    ]


def test_a_hotline_stands_only_where_it_is_configured() -> None:
    assert MASKER.mask("gọi 0296 3852147").text == "gọi 0296 3852147"
    assert STRICT.mask("gọi 0296 3852147").text == "gọi [số điện thoại]"


PHONE = st.from_regex(r"0[35789][0-9]{8}", fullmatch=True)
SEPARATOR = st.sampled_from(["", " ", ".", "-", "*", "_", "/", ",", "  ", ". ", " - ", "\u200b"])
WORDS = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"]


@st.composite
def written_phones(draw: st.DrawFn) -> tuple[str, str]:
    """A phone's digits, and one of the ways in which people write it."""
    digits = draw(PHONE)
    if draw(st.integers(0, 5)) == 0:
        return digits, " ".join(WORDS[int(digit)] for digit in digits)
    prefix = draw(st.sampled_from(["0", "+84", "0084 ", "(+84)", "84"]))
    looks = {"0": ["0", "o", "O", "０"], "1": ["1", "l", "I"]}
    if draw(st.booleans()):
        return digits, prefix + "".join(draw(st.sampled_from(looks.get(digit, [digit]))) for digit in digits[1:])
    return digits, prefix + "".join(digit + draw(SEPARATOR) for digit in digits[1:])


@given(written_phones())
@settings(max_examples=300, deadline=None)
def test_no_phone_survives_in_any_writing(phone: tuple[str, str]) -> None:
    digits, written = phone
    masked = STRICT.mask(f"có gì gọi {written} nha mấy anh").text
    assert "[" in masked, masked
    assert sum(char.isdigit() for char in masked) == 0, masked
    assert digits not in masked


PIECES = """
anh chị Bảy Hên Nguyễn Văn A trần thị lan 0939 111 222 o9 l8 + ( ) . , / - @ gmail com facebook.com/ zalo.me/ www. ð Ｃ
http:// số tổ hẻm đường 12 245 67C 123.45 sinh ngày 15/03/2017 2025 CCCD stk không chín một [tên] [số [email] ] [ １ ⑩
12/09/2025 8.450.000 đồng 10.37591, 105.41853 N.V.T. ° ' 113 ấp a còng chấm \u200b \u0301 DO VAN TEO là
"""
FRAGMENTS = st.sampled_from(PIECES.split())
REPORTS = st.lists(st.tuples(FRAGMENTS, st.sampled_from(["", " ", "\n", ", "])), max_size=14).map(
    lambda pieces: "".join(piece + gap for piece, gap in pieces)
)


@given(st.text() | REPORTS)
@settings(max_examples=600, deadline=None)
@example("@")
@example("12/09/2025 15 12/09/2025 15")
@example("[tên]1[tên]")
def test_nothing_leaks_and_masking_again_changes_nothing(text: str) -> None:
    masked = STRICT.mask(text)
    assert leaks(masked.text) is None
    again = STRICT.mask(masked.text)
    assert again.text == masked.text
    assert again.counts == {}
    assert unicodedata.is_normalized("NFC", masked.text)


@given(REPORTS)
@settings(max_examples=300, deadline=None)
@example("anh N.V.T. ở đây")
def test_spans_cover_exactly_what_was_replaced(text: str) -> None:
    nfc = unicodedata.normalize("NFC", text)
    masked = STRICT.mask(text)
    rebuilt, at = "", 0
    for span in masked.spans:
        assert at <= span.start < span.end
        rebuilt += nfc[at : span.start] + PLACEHOLDERS[span.kind]
        at = span.end
    assert rebuilt + nfc[at:] == masked.text
    assert sum(masked.counts.values()) == len(masked.spans)
