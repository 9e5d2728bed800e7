"""The change table: what moved from whom to whom, how much, whom it touches, and why."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.planning.arrangement import joined
from geo.planning.owners import Verdict
from geo.planning.tiling import Tiling
from geo.words import LANGUAGES, text

__all__ = ["CHANGE_COLUMNS", "Told", "changes_frame", "proposals_frame"]

Told = tuple[Verdict, str, str]
"""A verdict, with the id and the rule of the finding that it answers."""

CHANGE_COLUMNS: Final = (
    "change_id",
    "finding_id",
    "rule",
    "status",
    "from_id",
    "from_name",
    "to_id",
    "to_name",
    "area_m2",
    "residents",
    "households",
    "method",
    "reason_zh",
    "reason_en",
    "geometry",
)
"""Columns of the change table, in order."""


def changes_frame(
    verdicts: Sequence[Told], grids: gpd.GeoDataFrame, tiling: Tiling
) -> gpd.GeoDataFrame:
    """Return one row for what each grid lost to another by one finding and one rule.

    `verdicts`: each with the id and the rule of its finding. What was nobody's comes from None.
    """
    return _framed(_moved(verdicts, grids, tiling, status="applied"), grids)


def _moved(
    verdicts: Sequence[Told], grids: gpd.GeoDataFrame, tiling: Tiling, *, status: str
) -> Iterator[dict[str, Any]]:
    names = _names(grids)
    moves: dict[_Move, list[Verdict]] = {}
    for verdict, finding_id, rule in verdicts:
        for loser in verdict.losers or (None,):
            move = _Move(finding_id, rule, loser, verdict.winner, verdict.rule)
            moves.setdefault(move, []).append(verdict)
    for move, some in moves.items():
        yield {**_row(move, some, tiling, names=names), "status": status}


class _Move(NamedTuple):
    """From whom to whom (positions), by which finding and which owner rule."""

    finding_id: str
    rule: str
    loser: int | None
    winner: int
    method: str


def _row(
    move: _Move, verdicts: Sequence[Verdict], tiling: Tiling, *, names: Mapping[str, str]
) -> dict[str, Any]:
    shape = joined([polygon for each in verdicts for polygon in each.polygons])
    area_m2 = sum(each.area_m2 for each in verdicts)
    from_id = None if move.loser is None else tiling.ids[move.loser]
    return {
        "finding_id": move.finding_id,
        "rule": move.rule,
        "from_id": from_id,
        "to_id": tiling.ids[move.winner],
        "area_m2": area_m2,
        "method": move.method,
        "geometry": shape,
        **_people(shape, tiling),
        **_reasons(
            f"{'gap' if from_id is None else 'piece'}_{move.method}",
            from_id=from_id,
            to_id=tiling.ids[move.winner],
            names=names,
            area_m2=area_m2,
            border_m=sum(each.border_m for each in verdicts),
        ),
    }


def proposals_frame(
    after: gpd.GeoDataFrame,
    grids: gpd.GeoDataFrame,
    tiling: Tiling,
    *,
    choice: Callable[[str, str], str],
    asked: Sequence[Told],
) -> gpd.GeoDataFrame:
    """Return rows for each finding that is left: to be asked about, or left on purpose.

    `asked`: what would be done about those to be asked about; a finding without stands in one row.
    """
    names = _names(grids)
    answered: dict[str, list[dict[str, Any]]] = {}
    for each in _moved(asked, grids, tiling, status="proposed"):
        answered.setdefault(each["finding_id"], []).append(each)
    rows: list[dict[str, Any]] = []
    for row in after.itertuples():
        if not _is_main_pair(row, tiling):
            if row.origin_id in answered:
                rows += answered[row.origin_id]
                answered[row.origin_id] = []
            else:
                rows.append(_open_row(row, tiling, names, choice=choice))
    return _framed(rows, grids)


def _open_row(
    row: Any,  # noqa: ANN401
    tiling: Tiling,
    names: Mapping[str, str],
    *,
    choice: Callable[[str, str], str],
) -> dict[str, Any]:
    is_left = choice(row.origin_id, row.origin_rule) == "leave"
    from_id, to_id = _proposed(row, tiling)
    key = "left" if is_left else _open_key(row)
    return {
        "finding_id": row.origin_id,
        "rule": row.origin_rule,
        "status": "left" if is_left else "proposed",
        "from_id": from_id,
        "to_id": to_id,
        "area_m2": row.measure,
        "method": "left" if is_left else "ask",
        "geometry": row.geometry,
        **_people(row.geometry, tiling),
        **_reasons(
            key, from_id=from_id, to_id=to_id, names=names, area_m2=row.measure, border_m=0.0
        ),
    }


def _is_main_pair(row: Any, tiling: Tiling) -> bool:  # noqa: ANN401
    """Return True for the part of a straddle that lies in its own base grid: nothing to move."""
    from_id, to_id = _proposed(row, tiling)
    return bool(row.rule == "G207" and from_id == to_id)


def _open_key(row: Any) -> str:  # noqa: ANN401
    if row.rule == "G207":
        return "ask_straddle"
    if row.defect == "gap":
        return "ask_gap"
    return "ask_same" if row.rule == "G202" else "ask_overlap"


def _proposed(row: Any, tiling: Tiling) -> tuple[str | None, str | None]:  # noqa: ANN401
    """Return from whom to whom a finding that is left could be moved."""
    ids = list(row.grid_ids)
    if row.defect == "gap":
        return None, ids[0] if len(ids) == 1 else None
    at = [int(np.flatnonzero(tiling.ids == each)[0]) for each in ids]
    dedicated = [k for k in at if tiling.is_dedicated[k]]
    if row.rule == "G207" and len(dedicated) == 1:
        main = tiling.host_of(dedicated[0])
        other = next(k for k in at if k != dedicated[0])
        return tiling.ids[other], tiling.ids[main] if main >= 0 else None
    return ids[-1], ids[0]


def _people(shape: shapely.Geometry, tiling: Tiling) -> dict[str, float]:
    """Return residents and households of the buildings inside, missing where nothing is known."""
    inside = tiling.points_in(shape)
    return {
        name: float(np.nansum(tiling.point_counts[name].to_numpy()[inside]))
        if tiling.is_counted[name]
        else np.nan
        for name in ("residents", "households")
    }


def _reasons(
    key: str,
    *,
    from_id: str | None,
    to_id: str | None,
    names: Mapping[str, str],
    area_m2: float,
    border_m: float,
) -> dict[str, str]:
    return {
        f"reason_{language}": text(
            f"planning.{key}",
            language,
            giver="–" if from_id is None else names.get(from_id, from_id),
            taker="–" if to_id is None else names.get(to_id, to_id),
            area_m2=area_m2,
            border_m=border_m,
        )
        for language in LANGUAGES
    }


def _names(grids: gpd.GeoDataFrame) -> dict[str, str]:
    if "name" not in grids:
        return {}
    named = grids["name"].dropna()
    return {str(k): f"{name}（{k}）" for k, name in named.items() if str(name) != str(k)}


def _framed(rows: Iterable[Mapping[str, Any]], grids: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return `rows` as a frame, numbered, with the names of the grids."""
    table = pd.DataFrame(list(rows), dtype=object).reindex(columns=list(CHANGE_COLUMNS))
    table["change_id"] = [f"{k + 1:04d}" for k in range(len(table))]
    for side in ("from", "to"):
        known = grids["name"].to_dict() if "name" in grids else {}
        table[f"{side}_name"] = [known.get(each) for each in table[f"{side}_id"]]
    for column in ("area_m2", "residents", "households"):
        table[column] = pd.to_numeric(table[column]).astype(float)
    shapes = gpd.GeoSeries(list(table["geometry"]), index=table.index, crs=grids.crs)
    return gpd.GeoDataFrame(table.drop(columns="geometry"), geometry=shapes)
