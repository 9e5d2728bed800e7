"""Ids that break their code scheme: H304."""

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd

from geo.codes import CodeFault, CodeScheme, code_faults
from geo.findings import Report, findings_frame
from geo.grids.names import display_names
from geo.words import LANGUAGES, text

__all__ = ["find_code_faults"]

_SUREST: Final = ("published", "secondary", "ours", "unverified")


def find_code_faults(
    grids: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame | None,
    *,
    schemes: Mapping[str, CodeScheme],
) -> Report:
    """Report grids and units whose id breaks its scheme, or names another parent than they have.

    Parameters
    ----------
    grids
        Index `grid_id`; `parent_id` where the source has it.
    units
        Units of all levels with `level`, or None.
    schemes
        `grids`, or the level of units, to the scheme of its ids. None at all: H304 is skipped.

    Returns
    -------
    report
        H304, one finding an id with every reason in `details`; its confidence is that of the
        surest reason. Counts `n_judged`, and `n_parents_unjudged`: parents that are no code of the
        scheme.
    """
    rows: list[Mapping[str, Any]] = []
    counts = {"n_judged": 0, "n_parents_unjudged": 0}
    for name, scheme in schemes.items():
        frame = grids if name == "grids" else _level(units, name)
        if frame is None or not len(frame):
            continue
        given = _given_ids(units)
        parents = frame.get("parent_id", [])
        faults, n_unjudged = code_faults(
            [given.get(each, str(each)) if name != "grids" else str(each) for each in frame.index],
            scheme,
            parents=[given.get(p, p) if isinstance(p, str) else None for p in parents] or None,
        )
        rows += _rows(frame, faults, scheme, layer="grids" if name == "grids" else "units")
        counts["n_judged"] += len(frame)
        counts["n_parents_unjudged"] += n_unjudged
    skipped = {} if schemes else {"H304": "audit.skip_no_code_scheme"}
    return Report(findings=findings_frame(rows, grids.crs), counts=counts, skipped=skipped)


def _level(units: gpd.GeoDataFrame | None, level: str) -> gpd.GeoDataFrame | None:
    return None if units is None else units[units["level"] == level]


def _given_ids(units: gpd.GeoDataFrame | None) -> Mapping[str, str]:
    """Return the ids as their files have them, of the units told apart from another level's."""
    if units is None or "unit_id_source" not in units:
        return {}
    return dict(units["unit_id_source"].dropna())


def _rows(
    frame: gpd.GeoDataFrame, faults: list[CodeFault], scheme: CodeScheme, *, layer: str
) -> list[dict[str, Any]]:
    by_position: dict[int, list[CodeFault]] = {}
    for fault in faults:
        by_position.setdefault(fault.position, []).append(fault)
    names = display_names(frame)
    column = "grid_ids" if layer == "grids" else "unit_ids"
    found: list[dict[str, Any]] = []
    for at, reasons in by_position.items():
        surest = min(reasons, key=lambda fault: _SUREST.index(fault.confidence))
        subject = str(frame.index[at])
        details = {
            "subject": names.get(subject, subject),
            "scheme": scheme.name,
            "parts": tuple(fault.part for fault in reasons if fault.part is not None),
            "source": surest.source,
            "confidence": surest.confidence,
        }
        for language in LANGUAGES:
            said = text("codes.join", language).join(fault.reason[language] for fault in reasons)
            details[f"reason_{language}"] = said
            details[f"scheme_{language}"] = scheme.title[language]
            details[f"layer_{language}"] = text(f"io.layer_{layer}", language)
        found.append(
            {
                "rule": "H304",
                "layer": layer,
                column: (frame.index[at],),
                "details": details,
                "geometry": frame.geometry.array[at],
            }
        )
    return found
