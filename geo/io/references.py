"""References between layers: ids that name nothing (D107)."""

import pandas as pd

from geo import words
from geo.io.records import Records

__all__ = ["check_references"]

_TARGETS = {
    "grid_id": "grids",
    "unit_id": "units",
    "building_id": "buildings",
    "estate_id": "estates",
}


def check_references(
    frame: pd.DataFrame, rows: pd.Series, known: dict[str, pd.Index], *, records: Records
) -> None:
    """Note every id in `frame` that names nothing in its layer; parents are the hierarchy's.

    Parameters
    ----------
    frame
        A layer with its ids as index.
    rows
        Row number in the file of each of its ids.
    known
        Layer to its ids; a layer that is not given is not judged.
    """
    for column, layer in _TARGETS.items():
        if column not in frame.columns or layer not in known or frame.index.name == column:
            continue
        values = frame[column]
        unknown = values.notna() & ~values.isin(known[layer])
        for name in frame.index[unknown]:
            records.note(
                "D107",
                "io.unknown_reference",
                row=int(rows[name]),
                column=column,
                value=values[name],
                target_zh=words.text(f"io.layer_{layer}", "zh"),
                target_en=words.text(f"io.layer_{layer}", "en"),
            )
