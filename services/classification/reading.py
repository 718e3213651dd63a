"""A text as folded words with sentences and clauses, and the way back to the words as they were typed."""

import re
import unicodedata
from functools import lru_cache

from shared.text.fold import Folded, fold

NUMBER = "0"
"""The word that stands for any number, so that a rule can say `<số> triệu`."""

_TOKEN = re.compile(r"\[[a-z ]{2,30}\]|[0-9]+(?:[.,][0-9]+)*|[a-z]+|\.{2,}|[.!?;\n,:()/]")
_STRETCHED = re.compile(r"([a-z])\1{2,}")
_SENTENCE_ENDS = frozenset(".!?;\n")
# A full stop after these shortens a word ("TT. Chợ Mới") and ends nothing.
_ABBREVIATED = frozenset({"tt", "tp", "p", "x", "h", "q", "tx", "bs", "ks", "ths", "ts", "ub", "v", "st"})
_CONSONANTS = frozenset("bcdghklmnprstvx")
_TONES = {"\u0300": "`", "\u0301": "'", "\u0303": "~", "\u0309": "~", "\u0323": "."}
_LETTER_MARKS = {"\u0302": "^", "\u0306": "(", "\u031b": "+"}


@lru_cache(maxsize=16_384)
def canonical(word: str) -> str:
    """One spelling for a folded word: any number is `0`, "quáááá" is "quá", a lone final y is i (kỹ, kĩ)."""
    if word[0].isdigit():
        return NUMBER
    if word[0] == "[":
        return word.replace(" ", "_")
    word = _STRETCHED.sub(r"\1", word)
    if len(word) > 1 and word[-1] == "y" and (word[-2] in _CONSONANTS or word == "quy"):
        return word[:-1] + "i"
    return word


@lru_cache(maxsize=16_384)
def marks(typed: str) -> str:
    """The marks of a word as typed, or "" if it has none.

    Where the tone stands makes no difference (hòa, hoà), nor does hỏi for ngã, which the South writes alike.
    """
    letters: list[str] = []
    tone = ""
    for char in unicodedata.normalize("NFKD", typed.lower()):
        if char in _TONES:
            tone = _TONES[char]
        elif char in _LETTER_MARKS:
            letters[-1:] = [letters[-1] + _LETTER_MARKS[char]] if letters else []
        elif char.isalnum():
            letters.append("d-" if char in "đðɖ" else char)
    plain = "".join(letter[0] for letter in letters)
    accented = "".join(letters)
    if not tone and accented == plain:
        return ""
    return _respelt(_STRETCHED.sub(r"\1", accented), plain) + tone


def _respelt(accented: str, plain: str) -> str:
    return accented[:-1] + "i" if accented.endswith("y") and canonical(plain).endswith("i") else accented


class Reading:
    """One text, split into words. Positions count words; `quote` gives the typed text between two of them."""

    __slots__ = ("_typed", "clauses", "folded", "index", "line", "plain", "sentences", "spans", "words")

    def __init__(self, text: str) -> None:
        # An ellipsis is a pause, however it is typed.
        self.folded: Folded = fold(text.replace("…", ","))
        self.plain = self.folded.nfc.isascii()
        self.spans: list[tuple[int, int]] = []
        self.sentences: list[int] = []
        self.clauses: list[int] = []
        self._typed: dict[int, str] = {}
        self.words = self._split(self.folded.text)
        self.line = f" {' '.join(self.words)} "
        self.index = _starts(self.words)

    def __len__(self) -> int:
        return len(self.spans)

    def _split(self, text: str) -> list[str]:
        words: list[str] = []
        sentence = clause = 0
        for match in _TOKEN.finditer(text):
            token = match.group()
            first = token[0]
            if first.isalnum() or first == "[":
                token = canonical(token)
            elif first in _SENTENCE_ENDS and len(token) == 1 and not self._shortens(first, words):
                sentence += 1
                clause += 1
            elif first == "/":
                continue
            elif first != "." or len(token) > 1:
                clause += 1
            words.append(token)
            self.spans.append(match.span())
            self.sentences.append(sentence)
            self.clauses.append(clause)
        return words

    @staticmethod
    def _shortens(mark: str, words: list[str]) -> bool:
        return mark == "." and bool(words) and words[-1] in _ABBREVIATED

    def marks(self, position: int) -> str:
        """The marks of the word at this position, "" if it was typed without any."""
        if self.plain:
            return ""
        if position not in self._typed:
            start, end = self.folded.span(*self.spans[position])
            self._typed[position] = marks(self.folded.nfc[start:end])
        return self._typed[position]

    def line_of(self, span: tuple[int, int]) -> str:
        """The folded words from position to position, in one spelling."""
        return " ".join(self.words[span[0] : span[1]])

    def quote(self, start: int, end: int, most: int) -> str:
        """The typed text from word `start` up to word `end`, cut to `most` characters."""
        first, last = self.folded.span(self.spans[start][0], self.spans[end - 1][1])
        return self.folded.nfc[first:last][:most]


def _starts(words: list[str]) -> dict[int, int]:
    starts, offset = {}, 0
    for position, word in enumerate(words):
        starts[offset] = position
        offset += len(word) + 1
    starts[offset] = len(words)
    return starts
