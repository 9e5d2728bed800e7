"""Raw findings to published ones: severity, unit, residents, sentences, ids, order."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import isnan
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.findings import FINDING_COLUMNS, SEVERITIES, Rule, finding_ids, rules
from geo.grids.owners import proposed_owners
from geo.layers import Layers
from geo.standards import Figure, Standard
from geo.words import LANGUAGES, text

__all__ = ["complete_findings"]

_MAX_NAMES: Final = 5
_AREA_RULES: Final = ("G201", "G202", "G203", "G204", "G207", "G209", "G210", "N701")
_TOLD: Final = (
    *("rule", "layer", "tier", "category", "measure", "limit", "width_m", "residents"),
    *("households", "details", "grid_ids", "unit_ids", "site_ids", "caused_by_projection"),
)
"""What the sentence of a finding may speak of."""

_PEOPLE: Final = ("residents", "households")


class _Blank:
    """A missing value in a sentence: a dash, whatever format is asked for."""

    def __format__(self, spec: str) -> str:
        return "–"


class _Fields(dict[str, Any]):
    """Fields of a sentence; what is not there is a dash."""

    def __missing__(self, key: str) -> _Blank:
        return _Blank()


def complete_findings(
    raw: gpd.GeoDataFrame, *, layers: Layers, standard: Standard, people: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return `raw` as a frame of `FINDING_COLUMNS`, worst first.

    Parameters
    ----------
    raw
        Rows of `RAW_COLUMNS`, in the working CRS.
    layers, standard
        What was audited and by which limits: names and tier titles in the sentences.
    people
        `residents` and `households` of each base grid (index `grid_id`), missing where unknown.

    Notes
    -----
    Residents touched by a defect that has an area are those of the buildings inside it, unknown
    without buildings; by any other, those of its base grids; each grid counts once.
    """
    findings = raw.reset_index(drop=True)
    registry = rules()
    found = [registry[code] for code in findings["rule"]]
    findings["severity"] = [
        details.get("severity", rule.severity)
        for details, rule in zip(findings["details"], found, strict=True)
    ]
    findings["measure_unit"] = [rule.measure_unit for rule in found]
    backing = [
        _backing(rule, row, standard)
        for rule, row in zip(found, _rows(findings, ("limit", "details", "tier")), strict=True)
    ]
    findings["source"] = [source for source, _ in backing]
    findings["confidence"] = [confidence for _, confidence in backing]
    findings["status"] = "new"
    findings["caused_by_projection"] = [
        bool(details.get("caused_by_projection", False)) for details in findings["details"]
    ]
    findings["finding_id"] = finding_ids(findings)
    for column, values in _people_touched(findings, layers, people).items():
        findings[column] = findings[column].fillna(values)
    findings["n_buildings"] = _buildings_touched(findings, layers)
    owners = proposed_owners(findings, layers.all_grids, layers.parents)
    for name in ("owner_id", "border_m"):
        given = [details.get(name) for details in findings["details"]]
        told = pd.Series(given, index=findings.index, dtype=owners[name].dtype)
        findings[name] = owners[name].where(owners[name].notna(), told)
    for language, sentences in _sentences(findings, layers, standard).items():
        findings[f"message_{language}"] = sentences
    findings["unit_ids"] = _units_of(findings, layers)
    return _sorted(findings)[list(FINDING_COLUMNS)]


def _backing(rule: Rule, row: Mapping[Any, Any], standard: Standard) -> tuple[str, str]:
    """Return the source and the confidence of one finding.

    They are what the check says, else those of the threshold that is its limit, else the rule's. A
    number that nobody has read in a text (a threshold, the minutes or metres of the tier) makes the
    finding unverified.
    """
    figures = [standard.thresholds[name] for name in rule.limits if name in standard.thresholds]
    is_limit = len(figures) == 1 and figures[0].value == row["limit"]
    told: Figure | Rule = figures[0] if is_limit else rule
    source = row["details"].get("source", told.source)
    confidence = row["details"].get("confidence", told.confidence)
    is_unverified = any(figure.confidence == "unverified" for figure in figures)
    if row["tier"] in standard.tiers:
        is_unverified |= standard.tiers[row["tier"]].is_unverified
    return source, "unverified" if is_unverified else confidence


def _people_touched(
    findings: gpd.GeoDataFrame, layers: Layers, people: pd.DataFrame
) -> dict[str, pd.Series]:
    """Residents and households of each finding, missing where unknown."""
    has_area = findings["rule"].isin(_AREA_RULES).to_numpy()
    pairs = findings.loc[~has_area, "grid_ids"].explode().dropna()
    result = {}
    for column in _PEOPLE:
        values = pd.Series(np.nan, index=findings.index)
        of_grid = pairs.map(people[column]) if column in people else pairs.map({})
        sums = of_grid.astype(float).groupby(level=0).sum(min_count=1)
        values.loc[sums.index] = sums
        values.loc[has_area] = _inside(findings.geometry.array[has_area], layers, column)
        result[column] = values
    return result


def _buildings_touched(findings: gpd.GeoDataFrame, layers: Layers) -> pd.Series:
    """Count the buildings whose point lies in each defect that has an area, missing otherwise."""
    counts = pd.Series(np.nan, index=findings.index, dtype=float)
    has_area = findings["rule"].isin(_AREA_RULES).to_numpy()
    if layers.buildings is not None and has_area.any():
        areas = findings.geometry.array[has_area]
        area, _ = layers.buildings.sindex.query(areas, predicate="intersects")
        counts.loc[has_area] = np.bincount(area, minlength=len(areas)).astype(float)
    return counts


def _inside(areas: Any, layers: Layers, column: str) -> np.ndarray:  # noqa: ANN401
    """Sum `column` of the buildings whose point lies in each area; NaN without such buildings."""
    buildings = layers.buildings
    if buildings is None or column not in buildings or len(areas) == 0:
        return np.full(len(areas), np.nan)
    area, point = buildings.sindex.query(areas, predicate="intersects")
    weight = buildings[column].fillna(0.0).to_numpy(float)[point]
    return np.bincount(area, weights=weight, minlength=len(areas))


def _sentences(
    findings: gpd.GeoDataFrame, layers: Layers, standard: Standard
) -> dict[str, list[str]]:
    """Return the sentence of each finding by language."""
    registry = rules()
    names = {
        "grids": _names(layers.all_grids),
        "units": _names(layers.parents),
        "sites": _names(layers.sites),
    }
    titles = {name: tier.marked_title for name, tier in standard.tiers.items()}
    sentences: dict[str, list[str]] = {language: [] for language in LANGUAGES}
    for row in _rows(findings, _TOLD):
        fields = _Fields({k: v for k, v in row["details"].items() if not _is_missing(v)})
        for column in ("measure", "limit", "width_m", "residents", "households", "category"):
            if not _is_missing(row[column]):
                fields[column] = row[column]
        tier = standard.tiers.get(row["tier"])
        if tier is not None:
            fields |= {"minutes": tier.minutes, "distance_m": tier.distance_m}
        for language, told in sentences.items():
            for key, known in names.items():
                fields[key] = _listed(row[f"{key[:-1]}_ids"], known, language)
            if row["layer"] == "units" and not row["grid_ids"]:
                fields["grids"] = fields["units"]
            if tier is not None:
                fields["tier"] = titles[row["tier"]][language]
            sentence = registry[row["rule"]].message[language].format_map(fields)
            if row["caused_by_projection"]:
                sentence += text("audit.caused_by_projection", language)
            told.append(sentence)
    return sentences


def _rows(findings: gpd.GeoDataFrame, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows as plain values of some columns: `to_dict` looks at every value of all."""
    values = (findings[column].tolist() for column in columns)
    return (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and isnan(value))


def _names(frame: pd.DataFrame | None) -> Mapping[str, str]:
    if frame is None or "name" not in frame:
        return {}
    named = frame["name"].dropna()
    ids, texts = named.index.astype(str), named.astype(str)
    return {key: f"{name}（{key}）" for key, name in zip(ids, texts, strict=True) if name != key}


def _listed(ids: tuple[str, ...], names: Mapping[str, str], language: str) -> str:
    if not ids:
        return text("audit.no_name", language)
    if len(ids) == 1:
        return names.get(ids[0], ids[0])
    shown = text("audit.join", language).join(names.get(key, key) for key in ids[:_MAX_NAMES])
    if len(ids) <= _MAX_NAMES:
        return shown
    return f"{shown} {text('audit.and_more', language, n=len(ids))}"


def _units_of(findings: gpd.GeoDataFrame, layers: Layers) -> pd.Series:
    """Fill empty `unit_ids` with the parents of the grids, so that findings filter by unit.

    Of grids of a finer level these are grids; the units above them are added.
    """
    every = layers.all_grids
    if layers.parents is None or "parent_id" not in every:
        return pd.Series(findings["unit_ids"])
    parent = every["parent_id"].dropna().to_dict()
    known = set(layers.parents.index)
    coarser = known.intersection(every.index) if layers.finer else set()
    filled = [
        _with_units_above(
            given or tuple(sorted({parent[g] for g in grids if parent.get(g) in known})),
            parent,
            coarser,
        )
        for given, grids in zip(findings["unit_ids"], findings["grid_ids"], strict=True)
    ]
    return pd.Series(filled, index=findings.index, dtype=object)


def _with_units_above(
    given: tuple[str, ...], parent: Mapping[str, str], coarser: Collection[str]
) -> tuple[str, ...]:
    """Return `given` and, of those that are grids (`coarser`), the units above them."""
    told = dict.fromkeys(given)
    above = [key for key in given if key in coarser]
    while above:
        above = [parent[key] for key in above if key in parent and parent[key] not in told]
        told |= dict.fromkeys(above)
        above = [key for key in above if key in coarser]
    return tuple(told)


def _sorted(findings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Worst first: severity, then residents touched, then rule and id."""
    order = pd.DataFrame(
        {
            "severity": -findings["severity"].map(SEVERITIES.index).astype(int),
            "residents": -findings["residents"].fillna(-1.0),
            "rule": findings["rule"],
            "id": findings["finding_id"],
        }
    ).sort_values(["severity", "residents", "rule", "id"], kind="stable")
    return findings.loc[order.index].reset_index(drop=True)
