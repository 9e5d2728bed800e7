"""Tables as TOML text."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

__all__ = ["toml_text"]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def toml_text(table: Mapping[str, Any]) -> str:
    """Return `table` as TOML: its values first, then the tables in it."""
    return "".join(_lines(table, ""))


def _lines(table: Mapping[str, Any], name: str) -> list[str]:
    """Return what is in the table `name`: its values first, then the tables in it."""
    lines = [
        f"{_key(key)} = {_value(value)}\n" for key, value in table.items() if not _is_nested(value)
    ]
    for key, value in table.items():
        inner = f"{name}.{_key(key)}" if name else _key(key)
        if isinstance(value, Mapping):
            lines += [f"\n[{inner}]\n", *_lines(value, inner)]
        elif _is_nested(value):
            for item in value:
                lines += [f"\n[[{inner}]]\n", *_lines(item, inner)]
    return lines


def _is_nested(value: Any) -> bool:  # noqa: ANN401
    return isinstance(value, Mapping) or (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and any(isinstance(item, Mapping) for item in value)
    )


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else orjson.dumps(key).decode()


def _value(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, (bool, str)):
        return orjson.dumps(value).decode()
    if isinstance(value, list):
        return f"[{', '.join(_value(item) for item in value)}]"
    return str(value)
