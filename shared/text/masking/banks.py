"""Bank accounts and cards: no shape of their own, so known by the words beside them."""

import re

NAMES = (
    r"vietcombank|vcb|agribank|bidv|vietinbank|techcombank|tcb|mb ?bank|acb|sacombank|tp ?bank|vp ?bank|hd ?bank|shb|"
    r"vib|ocb|msb|eximbank|scb|seabank|lpbank|lien ?viet ?post ?bank|kienlong ?bank|nam a bank|bac a bank|ab ?bank|"
    r"pvcombank|baoviet ?bank|dong ?a ?bank|cake|timo|momo|ngan hang"
)
CUE = rf"stk|so tk|tk|tai khoan|so the|the atm|chuyen khoan|ck|{NAMES}"
FOLLOWS = re.compile(rf"[\s(,\-–:]{{0,4}}(?:{NAMES})(?![a-z])")


def fits_cue(digits: str) -> bool:
    """Whether digits next to a cue can be an account or a card."""
    return 6 <= len(digits) <= 19
