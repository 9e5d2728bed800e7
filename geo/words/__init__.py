"""The words a user sees, in Chinese and English, as data.

`text("outputs.ledger_title", "zh")` looks a key up in `<room>.toml` beside this file; one file
a room, each entry `key = { zh = "…", en = "…" }`; `sources.toml` has sources by language instead.
Templates use `str.format` fields; values are only ever *values* of a template.
"""

import os
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final

__all__ = ["LANGUAGES", "language", "source_in", "table", "text"]

LANGUAGES: Final = ("zh", "en")
"""The languages every text has."""


@cache
def table(room: str) -> dict[str, dict[str, str]]:
    """Return all entries of `<room>.toml`: key to language to text."""
    source = files(__name__).joinpath(f"{room}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def text(key: str, language: str, /, **values: Any) -> str:  # noqa: ANN401
    """Return the text of `room.name` in `language`, with `values` filled in.

    Raises
    ------
    KeyError
        If there is no such entry, or not in that language: a fault of ours, never of the data.
    """
    room, name = key.split(".", 1)
    template = table(room)[name][language]
    return template.format(**values) if values else template


def source_in(source: str, language: str) -> str:
    """Return `source`, as a standard or rule cites it, told in `language`.

    A source without words of ours in that language (one of a user's own standard) stays as cited.
    """
    return table("sources").get(language, {}).get(source, source)


def language(project_language: str | None = None) -> str:
    """Return the language of messages: `GRIDCIRCLE_LANG`, else the project's, else Chinese."""
    for choice in (os.environ.get("GRIDCIRCLE_LANG"), project_language):
        if choice in LANGUAGES:
            return choice
    return "zh"
