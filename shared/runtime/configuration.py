"""A YAML file of the configuration: whatever cannot be used is named by file, row, path and remedy."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from shared.runtime.remedies import remedy

Key = int | str
"""A name in a mapping, or a position in a list from 0."""
T = TypeVar("T")


class ConfigurationError(ValueError):
    """Configuration that cannot be used: each line of the message names file, row, fault and remedy."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))


class Row(BaseModel):
    """One entry of a file; a field that nobody reads is a slip and is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class ConfigurationFile:
    """A file that was read. `content` holds text alone, so that `no` or `0912` stay what was written."""

    name: str
    text: str
    content: Any
    root: yaml.Node

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises `ConfigurationError` if it is missing, empty, no YAML, or writes a key twice."""
        text = read_text(path)
        try:
            root = yaml.compose(text, Loader=yaml.BaseLoader)
        except yaml.reader.ReaderError as error:
            row = text.count("\n", 0, error.position) + 1
            raise ConfigurationError(f"{path.name}, hàng {row}: có ký tự mà YAML không nhận; hãy xoá đi") from None
        except yaml.MarkedYAMLError as error:
            row = error.problem_mark.line + 1 if error.problem_mark else 1
            what = f"sai cú pháp YAML ({error.problem}); hãy xem dấu cách đầu dòng, dấu hai chấm và dấu nháy"
            raise ConfigurationError(f"{path.name}, hàng {row}: {what}") from None
        if root is None:
            raise ConfigurationError(f"{path.name}, hàng 1: tệp trống; hãy chép lại tệp")
        if twice := [_fault(path.name, row, where, what) for row, where, what in _twice(root, ())]:
            raise ConfigurationError(*twice)
        return cls(path.name, text, _plain(root), root)

    def row(self, *where: Key) -> int:
        """The row, from 1, of what stands at a path, or of the nearest entry above it that is there."""
        node, row = self.root, 1
        for part in where:
            # A part that is not in the file is a field that is missing, or the type that pydantic chose.
            row, node = _child(node, part) or (row, node)
        return row

    def fault(self, what: str, *where: Key) -> str:
        """`roster.yaml, hàng 12 (health.duties.0): what`"""
        return _fault(self.name, self.row(*where), where, what)

    def error(self, what: str, *where: Key) -> ConfigurationError:
        """The same, to be raised."""
        return ConfigurationError(self.fault(what, *where))

    def faults(self, error: ValidationError, *where: Key, remedies: Mapping[str, str] | None = None) -> list[str]:
        """What pydantic refused of the value at a path; `remedies` are words for its types of error."""
        return [
            self.fault(remedy(one, remedies or {}), *where, *(part for part in one["loc"] if part != "[key]"))
            # What was written may be a secret, so it is not quoted.
            for one in error.errors(include_input=False, include_url=False)
        ]

    def at(self, *where: Key) -> Any:
        """The value at a path of names. Raises `ConfigurationError` where there is none."""
        value = self.content
        for key in where:
            if not isinstance(value, dict) or key not in value:
                raise self.error(f"thiếu '{key}'; hãy thêm vào", *where)
            value = value[key]
        return value

    def parse(self, shape: type[T], *where: Key, remedies: Mapping[str, str] | None = None) -> T:
        """The value at a path of names as `shape`. Raises `ConfigurationError` with every fault."""
        try:
            return TypeAdapter(shape).validate_python(self.at(*where))
        except ValidationError as error:
            raise ConfigurationError(*self.faults(error, *where, remedies=remedies)) from None


def read_text(path: Path) -> str:
    """The text of a file of the configuration. Raises `ConfigurationError` if it is missing or not UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: không thấy tệp; hãy chép lại tệp hoặc sửa đường dẫn") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: không đọc được ({error.strerror}); hãy sửa quyền đọc tệp") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: không phải UTF-8; hãy lưu lại tệp với bảng mã UTF-8") from None


def _fault(name: str, row: int, where: tuple[Key, ...], what: str) -> str:
    return f"{name}, hàng {row} ({'.'.join(map(str, where)) or 'đầu tệp'}): {what}"


def _child(node: yaml.Node, part: Key) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next((_begun(key, value) for key, value in node.value if key.value == str(part)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return _begun(node.value[part], node.value[part])
    return None


def _begun(key: yaml.Node, value: yaml.Node) -> tuple[int, yaml.Node]:
    return key.start_mark.line + 1, value


def _twice(node: yaml.Node, where: tuple[Key, ...]) -> Iterator[tuple[int, tuple[Key, ...], str]]:
    """Keys written twice: of two rows YAML silently keeps the last."""
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _twice(item, (*where, number))
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield key.start_mark.line + 1, (*where, name), f"'{name}' viết hai lần; hãy gộp lại"
            seen.add(name)
            yield from _twice(value, (*where, name))


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    return [_plain(item) for item in node.value] if isinstance(node, yaml.SequenceNode) else node.value
