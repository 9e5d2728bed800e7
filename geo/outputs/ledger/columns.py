"""Columns of the ledger: Chinese titles, which the contract fixes, and their English in a note."""

from typing import Any

from geo.outputs.ledger.sheets import Column
from geo.words import text

__all__ = ["column", "sheet_name", "word"]


def column(key: str, language: str, form: str = "text", /, **settings: Any) -> Column:  # noqa: ANN401
    """Return the column `outputs.<key>`; its title is Chinese, its note English when that is read.

    `settings` are those of `Column`, and `fields`: language to the fields of the title.
    """
    fields = settings.pop("fields", {"zh": {}, "en": {}})
    note = text(f"outputs.{key}", "en", **fields["en"]) if language == "en" else ""
    return Column(
        title=text(f"outputs.{key}", "zh", **fields["zh"]), form=form, note=note, **settings
    )


def sheet_name(key: str) -> str:
    """Return the Chinese name of a sheet."""
    return text(f"outputs.sheet_{key}", "zh")


def word(key: str, language: str, /, **values: Any) -> str:  # noqa: ANN401
    """Return a word of the ledger."""
    return text(f"outputs.{key}", language, **values)
