"""The words of a rule as people write them: commas between, `$name` for a group, slashes around a pattern."""

import re
from collections.abc import Mapping

import re2

from services.classification.phrases import Words, compiled, is_pattern, spelt

_ENTRY = re.compile(r"\s*(/[^/]*/|[^,]+)\s*(?:,|$)")
_FOLDED_PATTERN = re.compile(r"[a-z0-9 \[\]_()|?:{},+*^\\-]*")


class WordError(ValueError):
    """A list of words cannot be used; the message names the field and the remedy."""


class Groups:
    """The named word lists that rules share. `source` is the file that holds them, for messages."""

    def __init__(self, lists: Mapping[str, str | list[str]], source: str) -> None:
        self._lists = lists
        self._source = source
        self._resolved: dict[str, Words] = {}

    def words(self, written: str | list[str], field: str) -> Words:
        """The words of a list, groups filled in, each once; `WordError` if one could never match."""
        return self._words(written, field, ())

    def required(self, name: str) -> Words:
        """A group that the code itself asks for; `WordError` if it is missing or wrong."""
        if name not in self._lists:
            raise WordError(f"thiếu danh sách '{name}'; hãy thêm '{name}:' với ít nhất một từ")
        return self._group(name, ())

    def _words(self, written: str | list[str], field: str, within: tuple[str, ...]) -> Words:
        entries = [entry for line in ([written] if isinstance(written, str) else written) for entry in _entries(line)]
        if not entries:
            raise WordError(f"trường '{field}' không có từ nào; hãy viết ít nhất một từ")
        words: dict[str, None] = {}
        for entry in entries:
            words.update(dict.fromkeys(self._group(entry[1:], within) if entry[0] == "$" else [_checked(entry, field)]))
        return tuple(words)

    def _group(self, name: str, within: tuple[str, ...]) -> Words:
        if name in within:
            raise WordError(f"nhóm từ '${name}' gọi lại chính nó; hãy bỏ một chỗ")
        if name not in self._resolved:
            if name not in self._lists:
                raise WordError(f"không có nhóm từ '${name}' trong {self._source}; hãy thêm nhóm hoặc sửa tên")
            self._resolved[name] = self._words(self._lists[name], name, (*within, name))
        return self._resolved[name]


def _entries(line: str) -> list[str]:
    return [" ".join(match.group(1).split()) for match in _ENTRY.finditer(line) if match.group(1).strip()]


def _checked(word: str, field: str) -> str:
    if is_pattern(word):
        return _checked_pattern(word, field)
    reading = spelt(word)
    if not reading.words or not all(part[0].isalnum() or part[0] == "[" for part in reading.words):
        raise WordError(f"trường '{field}': '{word}' có dấu câu nên không bao giờ khớp; hãy bỏ dấu câu")
    if len("".join(reading.words)) < 2 and not word.startswith("<"):
        raise WordError(f"trường '{field}': '{word}' chỉ có một chữ nên khớp lung tung; hãy viết cụm từ dài hơn")
    return word


def _checked_pattern(word: str, field: str) -> str:
    pattern = word[1:-1]
    if not _FOLDED_PATTERN.fullmatch(pattern):
        raise WordError(
            f"trường '{field}': mẫu {word} chỉ được có chữ thường không dấu (số nào cũng viết 0); hãy viết lại"
        )
    try:
        matcher = compiled(word)
    except re2.error as error:
        raise WordError(f"trường '{field}': mẫu {word} sai cú pháp ({error}); hãy viết lại") from error
    if matcher.fullmatch(b"  "):
        raise WordError(f"trường '{field}': mẫu {word} khớp cả chỗ trống; hãy thêm chữ")
    return word
