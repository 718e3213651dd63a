"""The kinds of personal data, the placeholder each leaves, and what masking answers with."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Kind(StrEnum):
    """What was masked. The last four are long digit runs that may point at somebody."""

    PERSON = "person"
    PHONE = "phone"
    IDENTITY = "identity"
    PLATE = "plate"
    BANK = "bank"
    BIRTH_DATE = "birth_date"
    EMAIL = "email"
    LINK = "link"
    ADDRESS = "address"
    MONEY = "money"
    DOSSIER = "dossier"
    COORDINATES = "coordinates"
    NUMBER = "number"


PLACEHOLDERS = {
    Kind.PERSON: "[tên]",
    Kind.PHONE: "[số điện thoại]",
    Kind.IDENTITY: "[số định danh]",
    Kind.PLATE: "[biển số]",
    Kind.BANK: "[số tài khoản]",
    Kind.BIRTH_DATE: "[ngày sinh]",
    Kind.EMAIL: "[email]",
    Kind.LINK: "[liên kết]",
    Kind.ADDRESS: "[địa chỉ]",
    Kind.MONEY: "[số tiền]",
    Kind.DOSSIER: "[mã hồ sơ]",
    Kind.COORDINATES: "[toạ độ]",
    Kind.NUMBER: "[dãy số]",
}


class Mark(NamedTuple):
    """Personal data at folded offsets [start, end), while masking is at work."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Span:
    """Personal data at offsets [start, end) of the NFC text."""

    kind: Kind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Masked:
    """A text in NFC with placeholders put in, how many of each kind, and where they stood in the NFC text."""

    text: str
    counts: dict[str, int]
    spans: tuple[Span, ...]
