"""The words that make a name, and those beside it that tell whether it is one."""

import tomllib

from shared.text.fold import folded
from shared.text.masking.lexicon import WORDS, Words, listed, phrases

_LISTS: dict[str, str] = tomllib.loads((WORDS / "beside_names.toml").read_text(encoding="utf-8"))
_GIVEN = phrases("given_names_m") + phrases("given_names_f")
_COMPOUNDS = frozenset(("cong an", "bao ve", "thanh nien", "an toan"))


def _entries(name: str) -> list[str]:
    text = _LISTS[name]
    return [phrase.strip() for phrase in text.split(",")] if "," in text else text.split()


def _words(name: str) -> Words:
    return Words(_entries(name))


SURNAMES = Words(listed("surnames"))
CHAM = frozenset(listed("cham"))
CHAM_AND_KHMER = CHAM | frozenset(listed("khmer"))
GIVEN = Words([*" ".join(_GIVEN).split(), *_entries("southern_given")])
GIVEN_PAIRS = Words(name for name in _GIVEN if folded(name) not in _COMPOUNDS)
CHAM_AND_KHMER_SURNAMES = _words("cham_and_khmer_surnames")
SURE_MIDDLE = _words("sure_middle")
SURE_SURNAMES = _words("sure_surnames")
NEVER_SURE_WHEN_UNMARKED = _words("never_sure_when_unmarked")
SURE_WHEN_UNMARKED = _words("sure_when_unmarked")
KINSHIP = _words("kinship")
KINSHIP_WHEN_UNMARKED = _words("kinship_when_unmarked")
PLAIN_KINSHIP = _words("plain_kinship")
NOT_ALONE = _words("not_alone")
RANKS = _words("ranks")
TITLES = _words("titles")
NAMED = _words("named")
CALLS = _words("calls")
LEADS = _words("leads")
PLACE = _words("place")
PLACE_WHEN_UNMARKED = _words("place_when_unmarked")
ENDS = _words("ends")
ENDS_WHEN_UNMARKED = _words("ends_when_unmarked")
END_PAIRS = _words("end_pairs")
NO_NAME = _words("no_name")
