"""A YAML file of the province whose faults can be named by row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

Location = Sequence[int | str]
"""Where a value is: keys and positions from the top of the file."""


class ConfigurationError(ValueError):
    """The service cannot start with this configuration: each line names file, row, field and remedy."""


class Row(BaseModel):
    """One entry of a file; a field that nobody reads is a slip and is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Rows:
    """A file that was read: its content, and the nodes that know their rows."""

    name: str
    content: Any
    root: yaml.Node | None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file. Raises `ConfigurationError` when it is missing or is not YAML."""
        try:
            text = path.read_text(encoding="utf-8")
            rows = cls(path.name, yaml.safe_load(text), yaml.compose(text, Loader=yaml.SafeLoader))
        except FileNotFoundError:
            raise ConfigurationError(f"{path}: không thấy tệp; hãy tạo tệp hoặc sửa đường dẫn") from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path.name}: không phải UTF-8; hãy lưu lại tệp với bảng mã UTF-8") from None
        except yaml.MarkedYAMLError as error:
            row = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigurationError(f"{path.name}, hàng {row}: sai cú pháp YAML ({error.problem})") from None
        if twice := [*_twice(rows.root)]:
            raise ConfigurationError("\n".join(f"{path.name}, hàng {row}: {what}" for row, what in twice))
        return rows

    def fault(self, where: Location, what: str) -> str:
        """`roster.yaml, hàng 12 (health.duties.0): what`"""
        return f"{self.name}, hàng {self._row(where)} ({'.'.join(map(str, where)) or 'đầu tệp'}): {what}"

    def faults(self, error: ValidationError) -> list[str]:
        """What pydantic refused, each with its row."""
        return [
            self.fault([part for part in one["loc"] if part != "[key]"], _words(one["type"], one["msg"]))
            for one in error.errors(include_input=False, include_url=False)
        ]

    def _row(self, where: Location) -> int:
        node, row = self.root, 1
        for part in where:
            # A part that is not in the file is a field that is missing, or the type that pydantic chose.
            row, node = _child(node, part) or (row, node)
        return row


def _child(node: yaml.Node | None, part: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None


def _twice(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Keys written twice: of two rows YAML silently keeps the last."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _twice(item)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield key.start_mark.line + 1, f"'{key.value}' viết hai lần; hãy gộp lại"
            seen.add(key.value)
            yield from _twice(value)


def _words(kind: str, message: str) -> str:
    known = {
        "missing": "thiếu trường này; hãy thêm vào",
        "extra_forbidden": "không có trường này; hãy bỏ đi hoặc sửa chính tả",
        "union_tag_not_found": "thiếu trường 'type'; hãy ghi webhook, file hoặc apprise",
        "union_tag_invalid": "không có loại kênh này; 'type' chỉ nhận webhook, file hoặc apprise",
        "too_short": "không được để trống; hãy thêm ít nhất một mục",
        "string_too_short": "không được để trống; hãy điền vào",
    }
    return known.get(kind, f"chưa đúng; hãy sửa: {message.removeprefix('Value error, ')}")
