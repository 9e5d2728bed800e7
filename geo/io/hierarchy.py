"""Units of several levels: each once, told apart by level, with the parents of the project."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.codes import CodeScheme
from geo.errors import LoadError
from geo.io.cells import assign_ids
from geo.io.formats.raw import Note
from geo.io.parents import parents_by_place, parents_by_prefix
from geo.io.project import LayerSpec
from geo.io.records import Records

__all__ = [
    "Branch",
    "find_parents",
    "identified",
    "narrowed",
    "tell_apart",
    "united",
]

_COMPARED: Final = ("name", "parent_id")


class Branch(Protocol):
    """A layer on its way: rows counted from 1, and the id of each."""

    frame: pd.DataFrame
    ids: pd.Series
    notes: list[Note]
    remarks: list[Note]

    @property
    def spec(self) -> LayerSpec:
        """How the project names it."""


def narrowed(frame: pd.DataFrame, spec: LayerSpec) -> pd.DataFrame:
    """Return `frame` as the table of one level of units: what describes another level left out.

    Where several rows name the same unit, the further columns describe what lies below it: only
    the columns that the project names, and the places, are kept.
    """
    if not spec.is_distinct:
        return frame
    loose = {given.strip().casefold(): ours for ours, given in spec.columns.items()}
    named = {name: loose.get(str(name).strip().casefold()) for name in frame.columns}
    kept = [name for name, ours in named.items() if ours is not None]
    ids = next((name for name in kept if named[name] == "unit_id"), None)
    if ids is not None and "parent_id" in spec.columns and frame[ids].is_unique:
        return frame
    return frame[[*kept, *(name for name in ("geometry",) if name in frame.columns)]]


def identified(
    frame: pd.DataFrame, spec: LayerSpec, *, records: Records, taken: dict[str, set[str]]
) -> tuple[pd.DataFrame, pd.Series, list[Note]]:
    """Return `frame` without its id column, the id of each row, and remarks on how it was found."""
    remarks: list[Note] = []
    if spec.is_distinct:
        frame, ids = distinct_ids(frame, records=records, remarks=remarks)
    elif spec.schema == "units":
        ids = assign_unit_ids(frame, spec, records=records, taken=taken)
    else:
        ids = assign_ids(frame, spec, records=records, taken=taken.setdefault("", set()))
    return frame.drop(columns=str(ids.name), errors="ignore"), ids, remarks


def assign_unit_ids(
    frame: pd.DataFrame, spec: LayerSpec, *, records: Records, taken: dict[str, set[str]]
) -> pd.Series:
    """Return the id of each row of units, unique within its level; `taken` grows by them."""
    if "level" not in frame.columns or "unit_id" not in frame.columns:
        return assign_ids(frame, spec, records=records, taken=taken.setdefault("", set()))
    levels = frame["level"].fillna("")
    parts = [
        assign_ids(rows, spec, records=records, taken=taken.setdefault(str(level), set()))
        for level, rows in frame.groupby(levels, sort=False)
    ]
    ids: pd.Series = pd.concat(parts)
    return ids.reindex(frame.index)


def distinct_ids(
    frame: pd.DataFrame, *, records: Records, remarks: list[Note]
) -> tuple[pd.DataFrame, pd.Series]:
    """Return the rows that name a unit and the id that each names, repeated where they share one.

    Rows that give the same unit another name or parent are noted (D101).
    """
    ids = frame["unit_id"].rename("unit_id")
    named = ids.notna()
    if not named.any():
        raise LoadError("io.no_rows", path=records.spec.shown)
    rows = frame[named]
    first = rows.drop_duplicates("unit_id").set_index("unit_id")
    for column in (name for name in _COMPARED if name in rows.columns):
        meant = rows["unit_id"].map(first[column])
        differs = rows[column].notna() & meant.notna() & (rows[column] != meant)
        for row, value in rows.loc[differs, column].items():
            records.note("D101", "io.unit_conflict", row=int(str(row)), column=column, value=value)
    if len(first) < len(rows):
        remarks.append(("io.units_distinct", {"rows": len(rows), "n": len(first)}))
    if not named.all():
        remarks.append(("io.units_unnamed", {"n": int((~named).sum())}))
    return rows, ids[named]


def united(frame: pd.DataFrame, ids: pd.Series) -> pd.DataFrame:
    """Return one row a unit: the first of its rows, with the union of all their polygons."""
    owner = ids[frame.index]
    is_first = ~owner.duplicated()
    firsts: pd.DataFrame = frame[is_first.to_numpy()]
    if not isinstance(frame, gpd.GeoDataFrame) or is_first.all():
        return firsts
    polygons = np.asarray(frame.geometry.array, dtype=object)
    number, _ = pd.factorize(owner)
    order = np.argsort(number, kind="stable")
    groups = np.split(polygons[order], np.flatnonzero(np.diff(number[order])) + 1)
    wholes = [shapely.union_all(group) for group in groups]
    shapes = [None if shape.is_empty else shape for shape in wholes]
    places = gpd.GeoSeries(shapes, index=firsts.index, crs=frame.crs)
    whole_units: pd.DataFrame = gpd.GeoDataFrame(firsts.drop(columns="geometry"), geometry=places)
    return whole_units


def tell_apart(units: Sequence[Branch], others: Iterable[Branch], levels: Sequence[str]) -> None:
    """Give ids that repeat across levels a new one, `level:id`, and lead references to the right.

    A unit's parent is looked for in the nearest level above its own, then further up; a grid's and
    everybody else's in the lowest level first. Frames keep the old id as `unit_id_source`.
    """
    table = pd.concat([_listed(branch) for branch in units], ignore_index=True)
    places = table.drop_duplicates(["id", "level"])
    counts = places["id"].value_counts()
    repeated = set(counts.index[counts > 1])
    if not repeated:
        return
    order = [*dict.fromkeys(levels), *(x for x in places["level"] if x not in levels)]
    held: dict[str, list[str]] = {}
    for level in dict.fromkeys(order):
        for name in places.loc[places["level"] == level, "id"]:
            if name in repeated:
                held.setdefault(name, []).append(level)
    rank = {level: at for at, level in enumerate(dict.fromkeys(order))}
    for branch in units:
        level = level_of(branch)
        if "parent_id" in branch.frame:
            branch.frame["parent_id"] = [
                _led(name, held, rank, below=rank[own])
                for name, own in zip(branch.frame["parent_id"], level, strict=True)
            ]
        known = branch.ids[branch.frame.index]
        branch.frame["unit_id_source"] = known.where(known.isin(repeated), None)
        full = level.reindex(branch.ids.index, fill_value=branch.spec.level or "unit")
        branch.ids = branch.ids.where(~branch.ids.isin(repeated), full + ":" + branch.ids)
        n = int(known.isin(repeated).sum())
        if n:
            branch.remarks.append(("io.units_qualified", {"n": n}))
    for branch in others:
        column = "parent_id" if branch.spec.schema == "grids" else "unit_id"
        if column in branch.frame:
            led = [_led(name, held, rank, below=len(rank)) for name in branch.frame[column]]
            branch.frame[column] = pd.Series(led, index=branch.frame.index, dtype=object)


def level_of(branch: Branch) -> pd.Series:
    """Return the level of each row; `unit` where it has none."""
    if "level" not in branch.frame:
        return pd.Series(branch.spec.level or "unit", index=branch.frame.index, dtype=object)
    return branch.frame["level"].fillna("unit").astype(str)


def _listed(branch: Branch) -> pd.DataFrame:
    ids = branch.ids[branch.frame.index]
    return pd.DataFrame({"id": ids.array, "level": level_of(branch).array})


def _led(
    name: Any,  # noqa: ANN401
    held: Mapping[str, Sequence[str]],
    rank: Mapping[str, int],
    *,
    below: int,
) -> Any:  # noqa: ANN401
    """Return the new id of the unit that `name` means for somebody below the level `below`."""
    levels = held.get(name) if isinstance(name, str) else None
    if not levels:
        return name
    above = [level for level in levels if rank[level] < below]
    return f"{above[-1]}:{name}" if above else name


def find_parents(
    branch: Branch,
    units: pd.DataFrame | None,
    *,
    levels: Sequence[str],
    schemes: Mapping[str, CodeScheme],
) -> None:
    """Fill in `parent_id` of one layer the way the project says, and remark on which way it was.

    Parameters
    ----------
    branch
        Grids or units, keyed by row; units with `level`.
    units
        All units, keyed by id; None without.
    levels
        Levels of the units from the top down.
    schemes
        `grids`, or a level, to how its ids are made, where the project says.

    Raises
    ------
    LoadError
        If the project names a way that cannot be gone: no such column, no units, no polygons.
    """
    spec, frame = branch.spec, branch.frame
    has_above = spec.schema == "grids" or bool((frame["level"] != levels[0]).any())
    if spec.parent is None or spec.parent == "column":
        _require_column(branch, has_above=has_above and units is not None)
        return
    if units is None:
        raise LoadError("io.no_units_for_parent", path=spec.shown, parent=spec.parent)
    if not has_above:
        return
    parents = pd.Series(None, index=frame.index, dtype=object)
    owner = pd.Series("grids", index=frame.index) if spec.schema == "grids" else frame["level"]
    for level, rows in frame.groupby(owner, sort=False):
        above = levels if level == "grids" else levels[: levels.index(str(level))]
        if not above:
            continue
        found = (
            parents_by_prefix(
                given_ids(branch, rows), units, above=above, scheme=schemes.get(str(level))
            )
            if spec.parent == "prefix"
            else parents_by_place(rows, units, above=above, path=spec.shown)
        )
        parents[found.index] = found
    frame["parent_id"] = parents.where(parents.notna(), None)
    n = int(parents.notna().sum())
    branch.remarks.append((f"io.parent_{spec.parent}", {"n": n, "missing": len(parents) - n}))


def _require_column(branch: Branch, *, has_above: bool) -> None:
    """Remark that there are no parents, or raise where the project says that a column has them."""
    if "parent_id" in branch.frame or not has_above:
        return
    if branch.spec.parent == "column":
        raise LoadError("io.no_parent_column", path=branch.spec.shown)
    branch.remarks.append(("io.parent_none", {}))


def given_ids(branch: Branch, rows: pd.DataFrame) -> pd.Series:
    """Return the ids of `rows` as the file has them."""
    ids = branch.ids[rows.index]
    if "unit_id_source" not in rows:
        return ids
    return rows["unit_id_source"].where(rows["unit_id_source"].notna(), ids)
