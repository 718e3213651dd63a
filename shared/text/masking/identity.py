"""Identity numbers: CCCD 12 digits, CMND 9. They carry no check digit, so no validity is asked for."""

CUE = r"cccd|cmnd|cmtnd|cmt|can cuoc|chung minh|dinh danh|giay to|giay to tuy than|ho chieu|passport"


def fits(digits: str) -> bool:
    """Whether bare digits have the shape without any cue beside them."""
    return len(digits) == 9 or (len(digits) == 12 and digits[0] == "0")


def fits_cue(digits: str) -> bool:
    """Whether digits next to a cue are one, a digit too many or too few included."""
    return 8 <= len(digits) <= 13
