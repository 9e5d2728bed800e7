"""What loading says about rows: raw findings D101–D107 and the quarantine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from geo import words
from geo.io.project import LayerSpec

__all__ = ["QUARANTINE_COLUMNS", "Records"]

QUARANTINE_COLUMNS: Final = ("layer", "row", "id", "column", "value", "reason")
"""Columns of `quarantine.csv` (contract, Outputs)."""

_SUBJECTS: Final = {"grids": "grid_ids", "units": "unit_ids", "sites": "site_ids"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    rule: str
    key: str
    row: int
    column: str | None
    named: Mapping[str, Any]


@dataclass(slots=True, kw_only=True)
class Records:
    """What was said about the rows of one layer while it was read; `row` counts from 1."""

    spec: LayerSpec
    language: str
    entries: list[_Entry] = field(default_factory=list)
    refused: dict[int, _Entry] = field(default_factory=dict)
    repaired: int = 0

    def note(
        self,
        rule: str,
        key: str,
        *,
        row: int = 0,
        column: str | None = None,
        **values: Any,  # noqa: ANN401
    ) -> None:
        """Make a finding of `rule` about one row, or about the layer (`row` 0)."""
        self.entries.append(_Entry(rule=rule, key=key, row=row, column=column, named=values))

    def refuse(
        self,
        rule: str,
        key: str,
        *,
        row: int,
        column: str = "geometry",
        **values: Any,  # noqa: ANN401
    ) -> None:
        """Make a finding of `rule` and set the row aside."""
        if row not in self.refused:
            self.note(rule, key, row=row, column=column, **values)
            self.refused[row] = self.entries[-1]

    def refuse_all(
        self,
        rule: str,
        key: str,
        *,
        values_of_rows: Mapping[int, str],
        **values: Any,  # noqa: ANN401
    ) -> None:
        """Make one finding of `rule` about the layer and set all its rows aside."""
        self.note(rule, key, column="geometry", **values)
        for row, value in values_of_rows.items():
            named = {**values, "value": value}
            entry = _Entry(rule=rule, key=key, row=row, column="geometry", named=named)
            self.refused.setdefault(row, entry)

    def quarantine(self, ids: pd.Series) -> pd.DataFrame:
        """Return the refused rows; `ids` maps row numbers to ids."""
        rows = [
            {
                "layer": self.spec.name,
                "row": row,
                "id": ids.get(row),
                "column": entry.column,
                "value": str(entry.named.get("value", "")),
                "reason": self._sentence(entry, ids, self.language),
            }
            for row, entry in sorted(self.refused.items())
        ]
        return pd.DataFrame(rows, columns=list(QUARANTINE_COLUMNS))

    def findings(self, ids: pd.Series, places: gpd.GeoSeries) -> list[dict[str, Any]]:
        """Return raw findings, one an entry for grids, units and sites, else one a kind of fault.

        Parameters
        ----------
        ids
            Row number to id, refused rows included.
        places
            Row number to geometry in the working CRS.
        """
        entries = sorted(self.entries, key=lambda entry: entry.row)
        if self.spec.schema in _SUBJECTS:
            return [self._finding(entry, ids, places) for entry in entries]
        kinds: dict[tuple[str, str, str | None], list[_Entry]] = {}
        for entry in entries:
            kinds.setdefault((entry.rule, entry.key, entry.column), []).append(entry)
        return [self._finding(group[0], ids, places, n=len(group)) for group in kinds.values()]

    def _finding(
        self, entry: _Entry, ids: pd.Series, places: gpd.GeoSeries, *, n: int = 1
    ) -> dict[str, Any]:
        details: dict[str, Any] = {"path": self.spec.path.name, "row": entry.row, "n": n}
        for language in words.LANGUAGES:
            sentence = self._sentence(entry, ids, language)
            if n > 1:
                what = {"what_zh": sentence, "what_en": sentence}
                sentence = words.text("io.many_rows", language, n=n, **what)
            details[f"what_{language}"] = sentence
            details[f"layer_{language}"] = words.text(f"io.layer_{self.spec.schema}", language)
        if "severity" in entry.named:
            details["severity"] = entry.named["severity"]
        subject = _SUBJECTS.get(self.spec.schema)
        place = places.get(entry.row) if entry.row else None
        return {
            "rule": entry.rule,
            "layer": self.spec.name,
            **({subject: [ids[entry.row]]} if subject and entry.row else {}),
            "details": details,
            "geometry": place if isinstance(place, shapely.Geometry) else None,
        }

    def _sentence(self, entry: _Entry, ids: pd.Series, language: str) -> str:
        values = {"id": ids.get(entry.row), "row": entry.row, "column": entry.column}
        return words.text(entry.key, language, **{**values, **entry.named})
