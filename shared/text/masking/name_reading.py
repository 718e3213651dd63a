"""The rules by which words of a text are read as a name."""

import re
from collections.abc import Sequence

from shared.text.masking import name_words as known
from shared.text.masking.lexicon import Word, Words, is_marked

_LONGEST = 6
_SYLLABLE = re.compile(
    r"(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdghklmnprstvxq])?(?:[aeiouy]{1,3})(?:ch|ng|nh|[cmnpt])?"
)


class Reading:
    """One text's words under the rules; every rule answers where a name that begins at a word ends, or 0."""

    def __init__(self, words: Sequence[Word], places: Words) -> None:
        self._words = words
        self._marked = is_marked(words)
        self._places = places

    def name_at(self, at: int) -> tuple[int, int]:
        """The name that begins at this word, or after it when it is a form of address: (first, end) or (at, 0)."""
        if lead := self._address(at):
            if end := self._addressed(at + lead, sure=self._is(known.PLAIN_KINSHIP, at) or lead > 1):
                return at + lead, end
            if self._words[at].capital and not self._is(known.SURNAMES, at):
                return at, 0
        return at, self._full_name(at) or self._ranked(at)

    def place_at(self, at: int) -> int:
        """Where a place that begins here ends: inside `trường Lê Văn Tám` and `Giồng Riềng` no other name begins."""
        if not self._words[at].capital:
            return 0
        if self._is(known.SURNAMES, at) and self._after_place(at):
            return self._capitals(at)
        return self._place_end(at, at + _LONGEST)

    def _is(self, words: Words, at: int, length: int = 1) -> bool:
        if length == 1:
            return 0 <= at < len(self._words) and words.has_word(self._words[at], self._marked)
        part = self._words[at : at + length] if at >= 0 else []
        return len(part) == length and all(w.joins for w in part[1:]) and words.has(part, self._marked)

    def _joined(self, at: int) -> bool:
        return at < len(self._words) and self._words[at].joins

    def _address(self, at: int) -> int:
        """How many words at this place address or announce a person."""
        if self._is(known.TITLES, at, 2):
            return 2 if at + 2 < len(self._words) else 0
        kinship = known.KINSHIP if self._marked else known.KINSHIP_WHEN_UNMARKED
        one = self._is(kinship, at) or self._is(known.NAMED, at)
        if one and self._words[at].capital and self._place_end(at, at + 3):
            return 0
        return 1 if one and at + 1 < len(self._words) and not self._after_place(at, self._words[at].capital) else 0

    def _after_place(self, at: int, wanted: bool = True) -> bool:
        places = known.PLACE if self._marked else known.PLACE_WHEN_UNMARKED
        return wanted and self._words[at].joins and self._is(places, at - 1)

    def _addressed(self, at: int, sure: bool) -> int:
        if not self._joined(at) or self._is(known.NO_NAME, at - 1, 2):
            return 0
        if self._words[at].capital:
            return self._capitals_after_address(at, sure)
        return self._lower_after_address(at) or self._foreign(at)

    def _capitals_after_address(self, at: int, sure: bool) -> int:
        end = self._capitals(at)
        if not end or (not sure and self._is_place(at, end)):
            return 0
        named = self._is(known.SURNAMES, at) or self._is(known.GIVEN, at) or self._is(known.RANKS, at)
        return end if named or self._is(known.PLAIN_KINSHIP, at - 1) or self._is(known.NAMED, at - 1) else 0

    def _capitals(self, at: int) -> int:
        """The end of a row of capitalised words that may be one name."""
        end = at
        while end < len(self._words) and end - at < _LONGEST and self._words[end].capital:
            if (end > at and not self._words[end].joins) or self._ends(end):
                break
            end += 1
        return end if end > at else 0

    def _ends(self, at: int) -> bool:
        return self._is(known.ENDS if self._marked else known.ENDS_WHEN_UNMARKED, at) or self._is(
            known.END_PAIRS, at, 2
        )

    def _is_place(self, at: int, end: int) -> bool:
        """Whether a row of words is a place's name; of a longer row the first two may be a name's (Châu Thành Long)."""
        return self._place_end(at, end) in (end, *range(at + 3, end))

    def _place_end(self, at: int, end: int) -> int:
        lengths = range(min(end - at, _LONGEST), 1, -1)
        return next((at + length for length in lengths if self._is(self._places, at, length)), 0)

    def _full_name(self, at: int) -> int:
        if not self._words[at].capital:
            return self._lower_full_name(at)
        if not self._is_surname(at):
            return self._cham(at)
        end = self._capitals(at)
        if end - at < 2 or self._is_place(at, end) or self._is(known.NO_NAME, at, 2):
            return 0
        if self._after_place(at) and (self._marked or not self._is(known.SURE_MIDDLE, at + 1)):
            return 0
        return end

    def _is_surname(self, at: int) -> bool:
        """In a text with marks a surname without them counts when the words after it lack them too (DO VAN TEO)."""
        if self._is(known.SURNAMES, at):
            return True
        part = self._words[at : at + 3]
        return (
            len(part) == 3
            and all(w.capital and w.typed.isascii() for w in part)
            and known.SURNAMES.has(part[:1], False)
        )

    def _given(self, at: int, most: int = 4) -> int:
        """How many words from here on can be given names."""
        count = 0
        while count < most and self._joined(at + count) and self._is_given(at - 1, at + count):
            count += 1
        ranked = self._marked and 1 < count < most and self._joined(at + count) and self._is(known.RANKS, at + count)
        return count + 1 if ranked or (count and self._may_end(at - 1, at + count)) else count

    def _may_end(self, surname: int, at: int) -> bool:
        """After thị or văn a name must come, in the list or not: thị Chín, văn Tới."""
        if not self._is(known.SURE_MIDDLE, at - 1) or not self._joined(at) or self._is(known.NO_NAME, at - 1, 2):
            return False
        if self._is(known.END_PAIRS, at, 2) or self._announces(at):
            return False
        return self._marked or self._is(known.SURE_WHEN_UNMARKED, surname)

    def _is_given(self, surname: int, at: int) -> bool:
        word = self._words[at]
        khmer = word.fold in known.CHAM_AND_KHMER and self._is(known.CHAM_AND_KHMER_SURNAMES, surname)
        same_case = word.capital == self._words[at - 1].capital
        given = (khmer or self._is(known.GIVEN, at)) and same_case
        return given and not self._is(known.END_PAIRS, at, 2) and not self._announces(at)

    def _announces(self, at: int) -> bool:
        """Whether somebody else is addressed here: in `tran de ba huynh thi diem` the name begins after `ba`."""
        return (
            self._is(known.KINSHIP_WHEN_UNMARKED, at)
            and self._is(known.SURNAMES, at + 1)
            and self._is(known.SURE_MIDDLE, at + 2)
        )

    def _lower_after_address(self, at: int) -> int:
        if self._is(known.NO_NAME, at, 2) or self._is(known.END_PAIRS, at, 2):
            return 0
        given = self._given(at + 1)
        if self._is(known.SURNAMES, at) and (given >= 2 or (given and self._marked)):
            return at + 1 + given
        if self._is(known.RANKS, at) and self._given(at + 1, 1) and not self._is(known.END_PAIRS, at + 1, 2):
            return at + 2
        if self._is(known.GIVEN_PAIRS, at, 2):
            return at + 2
        alone = self._marked and not self._joined(at + 1) and self._is(known.GIVEN, at)
        return at + 1 if alone and not self._is(known.NOT_ALONE, at) else 0

    def _lower_full_name(self, at: int) -> int:
        """Without a capital: a surname and given names enough that no ordinary phrase reads so."""
        if not self._is(known.SURNAMES, at) or self._is(known.NO_NAME, at, 2) or self._is(known.NO_NAME, at - 1, 2):
            return 0
        given = self._given(at + 1)
        if self._after_place(at) or self._is_place(at, at + 1 + given):
            return 0
        return at + 1 + given if given and self._enough(at, given) else 0

    def _enough(self, at: int, given: int) -> bool:
        middle = self._is(known.SURE_MIDDLE, at + 1) and given >= 2
        led = self._joined(at) and self._is(known.LEADS, at - 1)
        if self._marked:
            return middle or given >= 3 or (given >= 2 and (led or self._is(known.SURE_SURNAMES, at)))
        sure = led or self._is(known.SURE_WHEN_UNMARKED, at) or self._is(known.GIVEN_PAIRS, at + 1, 2)
        return middle or (given >= 2 and sure and (given >= 3 or not self._is(known.NEVER_SURE_WHEN_UNMARKED, at)))

    def _ranked(self, at: int) -> int:
        """`Bảy Hên`: a birth rank and a name, where no place is meant (Bảy Núi, Ba Chúc)."""
        if not (self._is(known.RANKS, at) and self._words[at].joins and self._joined(at + 1)):
            return 0
        capitals = self._words[at].capital and self._words[at + 1].capital
        given, called = self._is(known.GIVEN, at + 1), self._is(known.CALLS, at - 1)
        named = (given or called) if capitals else (given and called)
        return at + 2 if named and not self._is_place(at, at + 2) and not self._after_place(at) else 0

    def _cham(self, at: int) -> int:
        return self._capitals(at) if self._words[at].fold in known.CHAM else 0

    def _foreign(self, at: int) -> int:
        """After a form of address, words that are no Vietnamese syllable: `thầy mohamach zachkry`."""
        end = at
        while self._joined(end) and end - at < 3 and self._is_foreign(self._words[end].fold):
            end += 1
        return end if end > at else 0

    def _is_foreign(self, fold: str) -> bool:
        return fold in known.CHAM or (len(fold) >= 5 and not _SYLLABLE.fullmatch(fold) and fold.isascii())
