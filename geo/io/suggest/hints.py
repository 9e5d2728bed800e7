"""Settings of a layer that its values speak for: parents, code schemes, CRS."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd
from pyproj import CRS

from geo.codes import code_faults, code_scheme, shipped_schemes
from geo.io.columns import id_text
from geo.io.suggest.guesses import Guess
from geo.io.suggest.surveys import Dataset

__all__ = ["Hint", "code_hint", "crs_hint", "id_hint", "parent_hint"]

_HALF: Final = 0.5
_NEARLY_ALL: Final = 0.95
_SHORTEST_CODE: Final = 6
_ID_NAME: Final = re.compile(r"编号|编码|代码|號|号$|码$|碼|code|id$|^id|no\.?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One setting, and the key of the words that say why; a comment where it is not sure."""

    key: str
    value: str
    reason: str
    values: Mapping[str, Any]
    is_sure: bool


def parent_hint(guess: Guess, units: Sequence[Guess]) -> Hint | None:
    """Return how rows of grids or units find their parent, by what their values fit."""
    above = _above(guess, units)
    if not above:
        return None
    ours = guess.dataset.mapped(guess.layer).ours
    known = [_unit_ids(each) for each in above]
    nearest = known[-1]
    if "parent_id" in ours:
        named = guess.dataset.frame[ours["parent_id"]].map(id_text).dropna()
        share = float(named.isin(set().union(*known)).mean()) if len(named) else 0.0
        if share >= _HALF:
            return _hint("column", "parent_column", share=share)
    own_id = {"grids": "grid_id", "units": "unit_id"}[guess.layer]
    if own_id in ours:
        share = _prefix_share(guess.dataset.frame[ours[own_id]].map(id_text).dropna(), nearest)
        if share >= _NEARLY_ALL:
            return _hint("prefix", "parent_prefix", share=share)
    if guess.dataset.shape == "polygon" and any(each.dataset.shape == "polygon" for each in above):
        return _hint("place", "parent_place", is_sure=False)
    return None


def _hint(value: str, reason: str, *, is_sure: bool = True, **values: Any) -> Hint:  # noqa: ANN401
    return Hint(key="parent", value=value, reason=reason, values=values, is_sure=is_sure)


def _above(guess: Guess, units: Sequence[Guess]) -> Sequence[Guess]:
    """Return the units of the levels above, from the top down."""
    if guess.layer == "grids":
        return units
    return units[: units.index(guess)] if guess in units else ()


def _unit_ids(guess: Guess) -> set[str]:
    """Return the ids of one guess of units; of a table of levels, those of the lowest."""
    column = (
        guess.levels[-1].unit_id
        if guess.levels
        else guess.dataset.mapped("units").ours.get("unit_id")
    )
    return set() if column is None else set(guess.dataset.frame[column].map(id_text).dropna())


def _prefix_share(ids: pd.Series, known: set[str]) -> float:
    """Return the share of ids that begin with a known one and are longer."""
    lengths = {len(each) for each in known}
    fits = [any(n < len(each) and each[:n] in known for n in lengths) for each in ids]
    return sum(fits) / len(fits) if fits else 0.0


def id_hint(dataset: Dataset, taken: Sequence[str]) -> str | None:
    """Return a column that is named like an id and tells all rows apart, None without one."""
    for name in (str(name) for name in dataset.frame.columns if name != "geometry"):
        if name in taken or not _ID_NAME.search(name):
            continue
        ids = dataset.frame[name].map(id_text)
        if ids.notna().all() and ids.is_unique:
            return name
    return None


def code_hint(guess: Guess) -> Hint | None:
    """Return the scheme that nearly all ids follow; a comment unless all do."""
    own = {"grids": "grid_id", "units": "unit_id"}[guess.layer]
    column = guess.dataset.mapped(guess.layer).ours.get(own)
    if column is None:
        return None
    ids = list(guess.dataset.frame[column].map(id_text).dropna())
    if not ids or min(map(len, ids)) < _SHORTEST_CODE:
        return None
    for name in shipped_schemes():
        scheme = code_scheme(name)
        if scheme.layer != guess.layer:
            continue
        faults, _ = code_faults(ids, scheme)
        share = 1.0 - len({fault.position for fault in faults}) / len(ids)
        if share >= _NEARLY_ALL:
            return Hint(
                key="codes",
                value=name,
                reason="codes",
                values={"share": share},
                is_sure=share == 1.0,
            )
    return None


def crs_hint(dataset: Dataset, grids: Dataset) -> Hint | None:
    """Return what to say of coordinates without a CRS: degrees, or those of the grids."""
    if dataset.crs is not None or dataset.bounds is None or dataset.shape is None:
        return None
    x0, y0, x1, y1 = dataset.bounds
    if max(abs(x0), abs(x1)) <= 180 and max(abs(y0), abs(y1)) <= 90:  # noqa: PLR2004 degrees
        return Hint(key="datum", value="wgs84", reason="degrees", values={}, is_sure=True)
    if grids.crs is not None and _overlap(dataset.bounds, grids):
        return Hint(key="crs", value=grids.crs, reason="crs_of_grids", values={}, is_sure=True)
    return Hint(key="crs", value="EPSG:4547", reason="crs_unknown", values={}, is_sure=False)


def _overlap(bounds: tuple[float, float, float, float], grids: Dataset) -> bool:
    if grids.bounds is None or grids.crs is None or not CRS.from_user_input(grids.crs).is_projected:
        return False
    a, b = bounds, grids.bounds
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]
