"""How a thing is named in a sentence."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["display_names", "listed"]

_MAX_LISTED: Final = 5
_NO_NAMES: Final[Mapping[str, str]] = MappingProxyType({})


def display_names(frame: pd.DataFrame, at: npt.NDArray[np.intp] | None = None) -> Mapping[str, str]:
    """Return id to `name（id）`, for the rows (`at`: of these) with a name other than their id."""
    if "name" not in frame:
        return {}
    named = (frame["name"] if at is None else frame["name"].iloc[at]).dropna()
    pairs = zip(named.index.to_numpy(object), named.to_numpy(object), strict=True)
    return {str(k): f"{name}（{k}）" for k, name in pairs if str(name) != str(k)}


def listed(field: str, ids: Iterable[str], names: Mapping[str, str] = _NO_NAMES) -> dict[str, str]:
    """Return `{field_zh, field_en}`: up to five of `ids`, by name where they have one."""
    all_names = [names.get(each, each) for each in ids]
    more = "…" if len(all_names) > _MAX_LISTED else ""
    return {
        f"{field}_zh": "、".join(all_names[:_MAX_LISTED]) + more,
        f"{field}_en": ", ".join(all_names[:_MAX_LISTED]) + more,
    }
