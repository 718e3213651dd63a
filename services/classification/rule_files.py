"""One file of rules as rows with their line numbers, so that a fault can say where it is."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(\.\d+)?")


class RulesError(ValueError):
    """The rules cannot be used: each line of the message names file, row and remedy of one fault."""


@dataclass(frozen=True, slots=True)
class Row:
    """One entry of a file: where it begins and what is written there."""

    line: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A file's version, its rows (a list `rules`) and its named word lists (everything else)."""

    name: str
    content: bytes
    version: str
    rows: tuple[Row, ...]
    lists: dict[str, tuple[int, Any]]

    def fault(self, line: int, what: str) -> str:
        return f"{self.name}, hàng {line}: {what}"


def read_rule_file(path: Path) -> RuleFile:
    """Read a file; `RulesError` if it is missing, is not YAML, or lacks its version."""
    try:
        content = path.read_bytes()
        root = yaml.compose(content.decode("utf-8"), Loader=yaml.BaseLoader)
    except FileNotFoundError as error:
        raise RulesError(f"{path.name}: không thấy tệp; hãy chép lại từ bản cài đặt") from error
    except UnicodeDecodeError as error:
        raise RulesError(f"{path.name}: không phải UTF-8; hãy lưu lại tệp với bảng mã UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise RulesError(f"{path.name}, hàng {line}: sai cú pháp YAML ({error.problem}); hãy xem dấu cách đầu dòng, "
                         "dấu hai chấm và dấu nháy") from error  # fmt: skip
    if not isinstance(root, yaml.MappingNode):
        raise RulesError(f"{path.name}: tệp trống hoặc không có trường; hãy bắt đầu bằng 'version:'")
    return _file(path.name, content, root)


def _file(name: str, content: bytes, root: yaml.MappingNode) -> RuleFile:
    lists: dict[str, tuple[int, Any]] = {}
    rows: tuple[Row, ...] = ()
    for key, value in root.value:
        if key.value == "rules":
            rows = _rows(name, value)
        elif key.value in lists:
            raise RulesError(f"{name}, hàng {_line(key)}: '{key.value}' viết hai lần; hãy gộp lại")
        else:
            lists[key.value] = (_line(key), _plain(name, value))
    line, version = lists.pop("version", (1, ""))
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise RulesError(f"{name}, hàng {line}: trường 'version' phải là ngày sửa, ví dụ 2026-11-23; hãy ghi lại")
    return RuleFile(name, content, version, rows, lists)


def _rows(name: str, node: yaml.Node) -> tuple[Row, ...]:
    if not isinstance(node, yaml.SequenceNode):
        raise RulesError(f"{name}, hàng {_line(node)}: 'rules' phải là danh sách; hãy bắt đầu mỗi luật bằng '- id:'")
    for item in node.value:
        if not isinstance(item, yaml.MappingNode):
            raise RulesError(f"{name}, hàng {_line(item)}: luật phải có trường; hãy bắt đầu bằng '- id:'")
    return tuple(Row(_line(item), _plain(name, item)) for item in node.value)


def _plain(name: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_plain(name, item) for item in node.value]
    if not isinstance(node, yaml.MappingNode):
        return node.value
    fields: dict[str, Any] = {}
    for key, value in node.value:
        if key.value in fields:
            raise RulesError(f"{name}, hàng {_line(key)}: trường '{key.value}' viết hai lần; hãy xoá một")
        fields[key.value] = _plain(name, value)
    return fields


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
