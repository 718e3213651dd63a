"""A configuration file with the row of each of its entries, so that a fault can say where it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Where = str | Sequence[str]


class ConfigurationError(ValueError):
    """A file of the province that cannot be used: the message names file, row, fault and remedy."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file as plain values, all of them text, and the row on which each path of keys begins."""

    name: str
    root: dict[str, Any]
    lines: dict[tuple[str, ...], int]

    def fault(self, where: Where, what: str) -> ConfigurationError:
        """The fault at a path of keys, or at the nearest entry above it that is there."""
        path = _path(where)
        while path and path not in self.lines:
            path = path[:-1]
        return ConfigurationError(f"{self.name}, hàng {self.lines.get(path, 1)}: {what}")

    def at(self, where: Where) -> Any:
        """The value at a path of keys. Raises `ConfigurationError` where there is none."""
        value: Any = self.root
        for key in _path(where):
            if not isinstance(value, dict) or key not in value:
                raise self.fault(where, f"thiếu '{key}'; hãy thêm vào")
            value = value[key]
        return value

    def mapping(self, where: Where) -> dict[str, Any]:
        """The fields at a path. Raises `ConfigurationError` where there are none."""
        value = self.at(where)
        if not isinstance(value, dict):
            raise self.fault(where, "phải có các trường; hãy viết như các hàng khác")
        return value

    def keys(self, where: Where) -> list[str]:
        """The names of the entries at a path."""
        return list(self.mapping(where))


def read_table(path: Path) -> Table:
    """Read a file. Raises `ConfigurationError` if it is missing, is not YAML, or names an entry twice."""
    try:
        root = yaml.compose(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path.name}: không đọc được ({error}); hãy chép lại tệp") from error
    except yaml.MarkedYAMLError as error:
        row = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ConfigurationError(f"{path.name}, hàng {row}: sai cú pháp YAML ({error.problem}); hãy sửa lại") from error
    if not isinstance(root, yaml.MappingNode):
        raise ConfigurationError(f"{path.name}: tệp trống hoặc không có trường; hãy chép lại tệp")
    table = Table(path.name, {}, {})
    table.root.update(_mapping(root, (), table))
    return table


def _value(node: yaml.Node, path: tuple[str, ...], table: Table) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, table)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, path, table) for item in node.value]
    return node.value


def _mapping(node: yaml.MappingNode, path: tuple[str, ...], table: Table) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in node.value:
        here = (*path, str(key.value))
        if key.value in fields:
            table.lines[here] = key.start_mark.line + 1
            raise table.fault(here, f"'{key.value}' viết hai lần; hãy xoá một")
        table.lines[here] = key.start_mark.line + 1
        fields[key.value] = _value(value, here, table)
    return fields


def _path(where: Where) -> tuple[str, ...]:
    return (where,) if isinstance(where, str) else tuple(where)
