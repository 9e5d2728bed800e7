"""Parents that no column names: by the prefix of the id, or by the largest shared area."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.codes import CodeScheme
from geo.errors import LoadError
from geo.membership import shared_areas

__all__ = ["parents_by_place", "parents_by_prefix"]

_CUTS: Final = (2, 4, 6, 9)
"""Lengths at which a code may end and be filled up with zeros to twelve digits."""

_WHOLE: Final = 12


def parents_by_prefix(
    ids: pd.Series, units: pd.DataFrame, *, above: Sequence[str], scheme: CodeScheme | None
) -> pd.Series:
    """Return for each row the id of the unit above it whose own id begins the row's.

    Parameters
    ----------
    ids
        Row to id.
    units
        Units by id, with `level`; `unit_id_source` where ids were told apart.
    above
        Levels from the top down; the nearest is looked at first.
    scheme
        How the ids are made; where it says which parts name the parent (CJ/T 349), these count.

    Returns
    -------
    parent_id
        On the index of `ids`. Where the codes of the nearest level have one length, the code that
        should be there even if no unit has it (H302 then says so); it is never passed over for a
        unit further up. None where nothing fits.
    """
    levels = [_Stems.of(units, level) for level in reversed(above)]
    parents = [_parent(_upper(str(name), scheme), levels) for name in ids]
    return pd.Series(parents, index=ids.index, dtype=object)


def _upper(code: str, scheme: CodeScheme | None) -> str:
    """Return the part of `code` in which a parent may be looked for."""
    if scheme is not None and scheme.parent:
        return scheme.parent_code(code) or code[:-1]
    return (code if scheme is None else scheme.stem(code))[:-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stems:
    """The units of one level by their codes, without the zeros that all of them end in.

    `lengths` from the longest down.
    """

    ids: Mapping[str, str]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, units: pd.DataFrame, level: str) -> "_Stems":
        """Return the codes of the units of `level`."""
        ids = _by_stem(units, level)
        return cls(ids=ids, lengths=tuple(sorted({len(code) for code in ids}, reverse=True)))


def _by_stem(units: pd.DataFrame, level: str) -> Mapping[str, str]:
    mine = units[units["level"] == level]
    given = pd.Series(mine.index, index=mine.index, dtype=object)
    if "unit_id_source" in mine:
        given = mine["unit_id_source"].where(mine["unit_id_source"].notna(), given)
    codes = [str(code) for code in given]
    if all(len(code) == _WHOLE and code.isdigit() for code in codes):
        cut = next((n for n in _CUTS if not any(code[n:].strip("0") for code in codes)), _WHOLE)
        if len({code[:cut] for code in codes}) == len(codes):
            codes = [code[:cut] for code in codes]
    return dict(zip(codes, mine.index, strict=True))


def _parent(code: str, levels: Sequence[_Stems]) -> str | None:
    for stems in levels:
        for length in stems.lengths:
            if length <= len(code) and code[:length] in stems.ids:
                return stems.ids[code[:length]]
        if len(stems.lengths) == 1 and stems.lengths[0] <= len(code):
            return code[: stems.lengths[0]]
    return None


def parents_by_place(
    frame: pd.DataFrame, units: pd.DataFrame, *, above: Sequence[str], path: str
) -> pd.Series:
    """Return for each row the unit with polygons, one level up, that shares most area with it.

    Equal areas go to the smallest id in text order; a row that shares none has None.

    Raises
    ------
    LoadError
        If either side has no polygons.
    """
    drawn = units[units.geometry.notna()] if isinstance(units, gpd.GeoDataFrame) else units[:0]
    level = next((name for name in reversed(above) if (drawn["level"] == name).any()), None)
    if level is None or not isinstance(frame, gpd.GeoDataFrame):
        raise LoadError("io.no_polygons_for_parent", path=path)
    mine = drawn[drawn["level"] == level].sort_index()
    with_shape = frame[frame.geometry.notna()]
    shared = shared_areas(with_shape, mine)
    best = shared.sort_values(["grid", "area_m2", "unit"], ascending=[True, False, True])
    best = best.drop_duplicates("grid")
    found = np.full(len(with_shape), None, dtype=object)
    found[best["grid"].to_numpy()] = mine.index.to_numpy(dtype=object)[best["unit"].to_numpy()]
    return pd.Series(found, index=with_shape.index, dtype=object).reindex(frame.index)
