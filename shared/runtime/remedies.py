"""What pydantic refuses, said in Vietnamese with what to do about it."""

from collections.abc import Mapping
from typing import Any

REMEDIES = {
    "missing": "thiếu trường này; hãy thêm vào",
    "extra_forbidden": "không có trường này; hãy bỏ đi hoặc sửa chính tả",
    "enum": "không có trong danh sách; hãy chọn một trong: {expected}",
    "literal_error": "không có trong danh sách; hãy chọn một trong: {expected}",
    "model_type": "phải có các trường; hãy viết mỗi trường như 'tên: giá trị'",
    "dict_type": "phải có các trường; hãy viết mỗi trường như 'tên: giá trị'",
    "list_type": "phải là danh sách; hãy bắt đầu mỗi mục bằng '- '",
    "tuple_type": "phải là danh sách; hãy bắt đầu mỗi mục bằng '- '",
    "frozen_set_type": "phải là danh sách; hãy bắt đầu mỗi mục bằng '- '",
    "string_type": "phải là một dòng chữ; hãy viết lại",
    "too_short": "không được để trống; hãy thêm ít nhất {min_length} mục",
    "string_too_short": "không được để trống hay quá ngắn; hãy viết ít nhất {min_length} ký tự",
    "bool_parsing": "chỉ nhận yes hoặc no; hãy chọn một",
    "int_parsing": "phải là số nguyên; hãy viết lại bằng chữ số",
    "greater_than_equal": "nhỏ quá; hãy viết từ {ge} trở lên",
    "less_than_equal": "lớn quá; hãy viết không quá {le}",
}


def remedy(error: Mapping[str, Any], instead: Mapping[str, str]) -> str:
    """The fault and the remedy of one of pydantic's errors; `instead` has better words for some types of error."""
    words = {**REMEDIES, **instead}.get(error["type"])
    if words is None:
        return f"chưa đúng; hãy sửa: {error['msg'].removeprefix('Value error, ')}"
    listed = {name: str(value).replace(" or ", " hoặc ") for name, value in error.get("ctx", {}).items()}
    return words.format(**listed)
