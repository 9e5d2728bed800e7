"""`batch.json`: the whole table as one record."""

from typing import Any, Final

from geo.batch.running import Batch
from geo.words import language

__all__ = ["SCHEMA_VERSION", "batch_record"]

SCHEMA_VERSION: Final = "1.0"
"""Raised when a key of `batch.json` changes its meaning or goes."""

_NOT_TOLD: Final = frozenset({"outline_lonlat"})


def batch_record(batch: Batch, *, created: str) -> dict[str, Any]:
    """Return the content of `batch.json`: how it was run, `projects`, `totals`.

    `sentence` of a project is in the language of messages, `sentence_zh` and `sentence_en` say the
    same; `compared` is the look-back on the version before, None for the first.
    """
    rules = batch.rules
    return {
        "schema_version": SCHEMA_VERSION,
        "title": batch.manifest.title,
        "manifest": batch.manifest.path.name,
        "created": created,
        "fail_on": rules.fail_on,
        "select": list(rules.select),
        "ignore": list(rules.ignore),
        "exit_code": batch.exit_code,
        "projects": [
            {name: value for name, value in row.items() if name not in _NOT_TOLD}
            | {"sentence": row[f"sentence_{language()}"]}
            for row in batch.rows
        ],
        "totals": dict(batch.totals),
    }
