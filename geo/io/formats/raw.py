"""A layer as its file has it, before names, ids and places are looked at."""

import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd

from geo.io.project import LayerSpec

__all__ = ["Note", "RawLayer", "quiet", "reason_of", "told_apart"]

Note = tuple[str, Mapping[str, Any]]
"""Key of a sentence in the words of this room, and the values in it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RawLayer:
    """Rows 0, 1, … in file order, the column names of the file; a GeoDataFrame where it has places.

    `bad_positions`
        Row to the text of a coordinate that could not be read.
    `has_own_crs`
        False where the CRS was only implied by the format.
    `refused`
        Row to why its reader sets it aside.
    `sha256`
        Hash of what was read, where it was no file.
    """

    frame: pd.DataFrame | gpd.GeoDataFrame
    spec: LayerSpec
    encoding: str | None = None
    problems: tuple[Note, ...] = ()
    bad_positions: dict[int, str] | None = None
    has_own_crs: bool = True
    position_columns: tuple[str, ...] = ()
    refused: Mapping[int, Note] = field(default_factory=lambda: MappingProxyType({}))
    sha256: str | None = None

    @property
    def has_geometry(self) -> bool:
        """True when the rows have places."""
        return isinstance(self.frame, gpd.GeoDataFrame)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings and log lines of the reading libraries away from the terminal."""
    logger = logging.getLogger("pyogrio")
    before = logger.disabled
    logger.disabled = True
    children = [
        child
        for name, child in logging.root.manager.loggerDict.items()
        if name.startswith(("pyogrio", "openpyxl")) and isinstance(child, logging.Logger)
    ]
    states = [(child, child.disabled) for child in children]
    for child in children:
        child.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.disabled = before
        for child, state in states:
            child.disabled = state


def reason_of(error: BaseException) -> str:
    """Return the first line of what a library said, short enough for one sentence."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = (lines[0] if lines else type(error).__name__).rstrip(".;")
    line = "".join(char if char.isprintable() else "?" for char in line)
    return line if len(line) <= 160 else line[:157] + "…"  # noqa: PLR2004 one line of a terminal


def told_apart(names: Sequence[str]) -> list[str]:
    """Return names that differ: of columns with one name, all but the first get a number."""
    found: list[str] = []
    for position, name in enumerate(names, 1):
        new = name
        while new in found or (new != name and new in names):
            new = f"{new}_{position}"
        found.append(new)
    return found
