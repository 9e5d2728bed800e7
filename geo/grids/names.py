"""How a thing is named in a sentence."""

from collections.abc import Mapping

import pandas as pd

__all__ = ["display_names", "listed_ids"]

_MAX_LISTED = 5


def display_names(frame: pd.DataFrame) -> Mapping[str, str]:
    """Return id to `name（id）`, for the rows that have a name other than their id."""
    if "name" not in frame:
        return {}
    named = frame["name"].dropna()
    return {str(k): f"{name}（{k}）" for k, name in named.items() if str(name) != str(k)}


def listed_ids(ids: list[str]) -> str:
    """Return up to five of `ids` joined by 、, and … when there are more."""
    shown = "、".join(ids[:_MAX_LISTED])
    return shown if len(ids) <= _MAX_LISTED else f"{shown}…"
