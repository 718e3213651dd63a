"""Harm is found with the words that show it; criticism, figures of speech and things past are not harm."""

import pytest

from services.classification.firing import Rule
from services.classification.grounds import Claim, GroundRule, GroundRules
from shared.contracts.vocabulary import Ground
from tests.classification.labelled import REPORTS, RULEBOOK, WRAPPERS, labels

HARM = [
    ("Nước lũ tràn đê, sập nhà, có người bị cuốn trôi ở xã Vĩnh Hậu", "danger_to_life disaster"),
    ("nuoc lu tran de, sap nha, co nguoi bi cuon troi o xa Vinh Hau", "danger_to_life disaster"),
    ("Thằng say rượu cầm rựa rượt người trong xóm", "danger_to_life"),
    ("anh hang xom doi tu tu, dang ngoi tren cau, cuu voi", "danger_to_life"),
    ("Dây điện đứt nằm giữa sân, mưa ướt sợ giật chết người", "danger_to_life"),
    ("Chiều nay giông lốc tốc mái mấy chục căn nhà", "disaster"),
    ("Nhà cháy, còn người bên trong", "danger_to_life disaster"),
    ("nha chay, con nguoi ben trong", "danger_to_life disaster"),
    ("Nhà tôi đang cháy, gọi 114", "danger_to_life disaster"),
    ("Cháy chợ, còn hai người mắc kẹt", "danger_to_life disaster"),
    ("Nhà sập, còn người kẹt bên trong", "danger_to_life disaster"),
    ("nuoc len, ba con ket tren noc nha", "danger_to_life disaster"),
    ("Lũ về, hai ông bà kẹt trong nhà chưa ra được", "danger_to_life disaster"),
    ("Sạt lở, gọi cứu hộ giùm", "disaster"),
    ("sat lo bo song", "disaster"),
    ("Bờ kè mới làm đã sạt lở sát lộ", "disaster"),
    ("Vịt chết hàng loạt mấy ngày nay nghi cúm gia cầm", "disaster"),
    ("Dịch sởi đang lan trong ấp", "public_health"),
    ("đám cưới hôm qua mấy chục người ăn xong bị đau bụng ói mửa", "public_health"),
    ("Người đàn ông tâm thần bị gia đình xích chân ngoài chuồng", "vulnerable_person"),
    ("Chồng say rượu đánh đập vợ con mỗi đêm", "vulnerable_person"),
    ("Cán bộ địa chính vòi vĩnh, đòi 2 triệu mới ký giấy", "abuse_of_office"),
    ("csgt chan xe doi 200k khong lap bien ban", "abuse_of_office"),
    ("Trưởng ấp ăn chặn gạo cứu trợ của bà con", "abuse_of_office"),
    ("Dân phòng hành hung người bán hàng rong", "abuse_of_office"),
    ("Thanh tra viên của Thanh tra tỉnh đòi hối lộ 50 triệu để bỏ qua sai phạm", "abuse_of_office"),
    ("Thanh tra viên vòi vĩnh 50 triệu mới chịu ký biên bản", "abuse_of_office"),
    ("đoàn thanh tra nhận phong bì của nhà máy", "abuse_of_office"),
    ("doi quan ly trat tu doi tien moi tra xe", "abuse_of_office"),
    ("Bác sĩ đòi hối lộ 5 triệu mới mổ", "abuse_of_office"),
    ("Giáo viên đòi tiền phụ huynh mới cho nhập học", "abuse_of_office"),
    ("Đòi hối lộ 50 triệu để bỏ qua sai phạm", "abuse_of_office"),
    ("Nghe đồn ngân hàng sắp phá sản, bà con kéo đi rút tiền", "harmful_rumour"),
    ("Người ta đồn uống nước lá là hết ung thư", "harmful_rumour"),
    ("Kẻ gian giả danh công an kêu chuyển tiền vào tài khoản", "harmful_rumour"),
]

NO_HARM = [
    "Shop cháy hàng rồi mọi người ơi",
    "Khu này sốt đất, giá lên ầm ầm",
    "Phim hài chết cười luôn bà con",
    "Bà con đi bão mừng đội tuyển thắng",
    "Mạng yếu quá, sập mạng hoài",
    "Lũ trẻ chơi đá banh vui quá",
    "Xã diễn tập chữa cháy, cứu người mắc kẹt, hú còi làm bà con giật mình",
    "Tập huấn cứu đuối nước cho thanh niên",
    "Năm ngoái cầu này sập chết người, giờ xây xong rồi",
    "Đề nghị tuyên truyền phòng chống đuối nước cho học sinh",
    "Xin hỏi lịch tiêm ngừa sởi cho trẻ",
    "Cảm ơn các chú đã cứu cháu bé bị cuốn trôi",
    "Giá điện cắt cổ, tui tức chết",
    "Thịt heo tăng giá, người nuôi heo lỗ",
    "Đề nghị sớm làm dự án kè chống sạt lở bờ sông",
    "Xin hỏi tiền hỗ trợ hộ sạt lở khi nào có",
    "Năm ngoái sạt lở bờ sông, giờ làm kè xong rồi",
    "Nồi cơm trong nhà cháy khét",
    "Đường ngập quá, xe ra không được",
    "nuoc truoc nha chay xuong kinh, co nguoi xuong tam",
    "ngang nha chay xe nhanh, co nguoi so",
    "Cảm ơn đoàn thanh tra đã làm việc công tâm",
    "Bác sĩ từ chối nhận phong bì, bà con quý lắm",
    "Giáo viên thu học phí cao quá",
    "xe dang chay tren duong nhua, nuoc dang chay em",
    "lua ba con chin roi, ban duoc 7 ngan",
]

CRITICISM = [
    "Chính quyền bất tài, thối nát, toàn một lũ ăn hại!",
    "Lũ quan tham chỉ biết ăn tiền của dân, bọn cướp ngày!",
    "Đảng và Nhà nước nói một đằng làm một nẻo, tôi hết tin rồi.",
    "Chính sách sáp nhập này sai bét, dân khổ trăm bề.",
    "Chủ tịch xã hèn nhát, vô trách nhiệm, nên từ chức đi!",
    "Công an ở đây tệ, bênh người giàu, dân không phục.",
    "Ông trưởng ấp hách dịch, coi dân không ra gì, tôi khinh.",
    "Cán bộ xã lớn tiếng, nạt nộ người già.",
    "Đả đảo tham nhũng! Chế độ gì mà dân kêu không ai nghe.",
]

ABOUT_AUTHORITY = [
    "Bà con đồn chủ tịch tỉnh sắp bị bắt vì ăn tiền cứu trợ bão lũ",
    "Nghe đồn Đảng sắp đổi lãnh đạo tỉnh",
    "Trên mạng lan truyền tin chính quyền giấu dịch bệnh",
    "Nghe nói nhà nước sắp đổi tiền",
    "Người ta đồn sở y tế mua vắc xin gây chết người",
    "Cán bộ lừa đảo dân, lấy tiền của dân xài",
]


@pytest.mark.parametrize(("text", "grounds"), HARM)
def test_harm_is_found(text: str, grounds: str) -> None:
    assert labels(text).grounds == set(grounds.split())


@pytest.mark.parametrize("text", [*NO_HARM, *CRITICISM])
def test_no_harm_is_no_ground(text: str) -> None:
    assert labels(text).grounds == set()


@pytest.mark.parametrize("text", ABOUT_AUTHORITY)
def test_a_statement_about_an_authority_is_never_a_rumour(text: str) -> None:
    assert "harmful_rumour" not in labels(text).grounds


@pytest.mark.parametrize("wrapper", [*WRAPPERS, *("{} " + words for words in CRITICISM)])
def test_no_stance_moves_a_ground(wrapper: str) -> None:
    moved = [text for text, _, _ in REPORTS if labels(wrapper.format(text)).grounds != labels(text).grounds]
    assert moved == []


def test_grounds_of_the_labelled_reports() -> None:
    wanted = found = flagged = 0
    for text, _, grounds in REPORTS:
        got = labels(text).grounds
        wanted, found = wanted + len(grounds), found + len(grounds & got)
        flagged += bool(got and not grounds)
    assert found / wanted >= 0.99
    assert flagged == 0, "a report without a ground was flagged"


def test_evidence_is_the_matched_words_as_typed() -> None:
    text = "NƯỚC LŨ tràn đê, có người bị CUỐN TRÔI, 5 nhà sập"
    danger, disaster = RULEBOOK.grounds.decide(text)
    assert danger.ground is Ground.DANGER_TO_LIFE
    assert "CUỐN TRÔI" in [evidence.quote for evidence in danger.evidence]
    assert "NƯỚC LŨ" in [evidence.quote for evidence in disaster.evidence]
    assert all(evidence.explanation for evidence in (*danger.evidence, *disaster.evidence))


def test_evidence_is_short_and_stands_in_the_text() -> None:
    for text, _, _ in REPORTS:
        for finding in RULEBOOK.grounds.decide(text):
            assert finding.evidence
            assert all(0 < len(evidence.quote) <= 80 and evidence.quote in text for evidence in finding.evidence)


def test_a_quote_is_cut_at_eighty_characters() -> None:
    finding = RULEBOOK.grounds.decide(f"có người bị cuốn{' ' * 200}trôi")[0]
    assert max(len(evidence.quote) for evidence in finding.evidence) == 80


def _rules(**fields: object) -> GroundRules:
    rule = GroundRule(id="one", ground=Ground.DISASTER, **{"words": ("vỡ đê",), **fields})  # type: ignore[arg-type]
    return GroundRules([rule], "1")


@pytest.mark.parametrize(
    ("fields", "text", "holds"),
    [
        ({}, "vỡ đê rồi", True),
        ({}, "vở đề rồi", False),
        ({}, "vo de roi", True),
        ({"near": (("nhà",),)}, "vỡ đê ngập nhà", True),
        ({"near": (("nhà",),)}, "vỡ đê. Nhà tôi", False),
        ({"near": (("nhà",),), "within": 2}, "vỡ đê một hai ba nhà", False),
        ({"near": (("nhà",), ("xã",))}, "vỡ đê ngập nhà", False),
        ({"before": ("lũ",)}, "lũ làm vỡ đê", True),
        ({"before": ("lũ",)}, "vỡ đê vì lũ", False),
        ({"unless": ("diễn tập",)}, "diễn tập vỡ đê", False),
        ({"unless": ("diễn tập",)}, "Hôm qua diễn tập. Nay vỡ đê", True),
        ({"words": ("<số> nhà sập",)}, "15 nhà sập", True),
        ({"words": ("/(vo|be) de/",)}, "bể đê", True),
        ({"words": ("hòa",)}, "HOÀ", True),
    ],
)
def test_a_rule_holds_when_its_company_is_there(fields: dict[str, object], text: str, holds: bool) -> None:
    assert bool(_rules(**fields).decide(text)) == holds


def test_a_rumour_must_claim_something() -> None:
    with pytest.raises(ValueError, match="claim"):
        GroundRule(id="one", words=("đồn",), ground=Ground.HARMFUL_RUMOUR)
    with pytest.raises(ValueError, match="claim"):
        GroundRule(id="one", words=("lũ",), ground=Ground.DISASTER, claim=Claim.DISASTER, claim_words=("lũ",))


def test_rules_carry_nothing_about_the_sender() -> None:
    assert set(Rule.__slots__) == {"id", "words", "near", "before", "unless", "within", "explain"}
