"""How people move, as data (`modes.toml`), and what each street allows them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from geo.coverage.network.arrays import Floats, Longs, Mask
from geo.errors import NotFoundError
from geo.standards import Figure

__all__ = ["Mode", "Ways", "modes", "the_mode", "ways_of"]

MS_PER_METRE_AT_1_KMH: Final = 3600.0
_SEPARATORS: Final = r"[;,|/、，；\s]+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One way of moving.

    `uses` is the kind of way (foot, bicycle, motor), `avoids` the classes of street it cannot take.
    """

    mode_id: str
    title: Mapping[str, str]
    uses: str
    speed: Figure
    avoids: tuple[str, ...] = ()
    keeps_oneway: bool = False
    keeps_street_speed: bool = False

    @property
    def ms_per_m(self) -> float:
        """Milliseconds for one metre at the mode's own speed."""
        return MS_PER_METRE_AT_1_KMH / float(self.speed.value)  # type: ignore[arg-type]


class Ways(NamedTuple):
    """What each street allows a mode: forward, backward, and its ms for one metre (arrays)."""

    forward: Mask
    backward: Mask
    ms_per_m: Floats


@cache
def modes() -> Mapping[str, Mode]:
    """Return every mode by its id."""
    return MappingProxyType(
        {name: _mode(name, dict(entry)) for name, entry in _data()["modes"].items()}
    )


def the_mode(mode_id: str) -> Mode:
    """Return the mode `mode_id`.

    Raises
    ------
    NotFoundError
        If there is no such mode.
    """
    if mode_id not in modes():
        raise NotFoundError("coverage.no_mode", name=mode_id, known=", ".join(modes()))
    return modes()[mode_id]


def ways_of(streets: gpd.GeoDataFrame, mode: Mode) -> Ways:
    """Return what each of the n streets allows `mode`.

    `modes` (words, separated by commas or semicolons) decides where it is given, else the tags of
    OpenStreetMap (`access`, `foot`, …), else the class in `highway`, else every street is open.
    `oneway` and `speed_kmh` hold for the modes that keep them.
    """
    n = len(streets)
    is_open = _by_tags(streets, mode, _by_class(streets, mode))
    if "modes" in streets:
        said = streets["modes"].astype(object)
        given = said.notna().to_numpy() & (said.astype(str).str.strip() != "").to_numpy()
        is_open = np.where(given, _by_words(said, mode), is_open)
    if "highway" in streets and mode.avoids:
        is_open &= ~streets["highway"].isin(mode.avoids).to_numpy()
    direction = _directions(streets) if mode.keeps_oneway else np.zeros(n, dtype=np.int64)
    if mode.uses == "bicycle" and "oneway:bicycle" in streets:
        direction[streets["oneway:bicycle"].isin(["no"]).to_numpy()] = 0
    speed = np.full(n, float(mode.speed.value))  # type: ignore[arg-type]
    if mode.keeps_street_speed and "speed_kmh" in streets:
        own = pd.to_numeric(streets["speed_kmh"], errors="coerce").to_numpy(dtype=float)
        speed = np.where(np.isfinite(own) & (own > 0), own, speed)
    return Ways(
        forward=is_open & (direction >= 0),
        backward=is_open & (direction <= 0),
        ms_per_m=MS_PER_METRE_AT_1_KMH / speed,
    )


@cache
def _data() -> dict[str, Any]:
    source = files("geo.coverage.network").joinpath("modes.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _mode(name: str, entry: dict[str, Any]) -> Mode:
    speed = entry.pop("speed_kmh")
    return Mode(
        mode_id=name,
        title=MappingProxyType(entry.pop("title")),
        speed=Figure(unit="km/h", **speed),
        avoids=tuple(entry.pop("avoids", ())),
        **entry,
    )


def _by_class(streets: gpd.GeoDataFrame, mode: Mode) -> Mask:
    if "highway" not in streets:
        return np.ones(len(streets), dtype=bool)
    closed = _data()["classes"][mode.uses]
    return np.asarray(~streets["highway"].isin(closed).to_numpy())


def _by_tags(streets: gpd.GeoDataFrame, mode: Mode, is_open: Mask) -> Mask:
    """Return `is_open` as changed by what the tags of the streets say, the later the stronger."""
    answers = _data()["answers"]
    for column in _data()["tags"][mode.uses]:
        if column in streets:
            is_open = np.where(streets[column].isin(answers["closed"]), False, is_open)  # noqa: FBT003
            may = streets[column].isin(answers["open"]) & (column != "access")
            is_open = np.where(may, True, is_open)  # noqa: FBT003
    return is_open


def _by_words(said: pd.Series, mode: Mode) -> Mask:
    """Return which texts name the kind of way that `mode` uses, or the mode itself."""
    words = _data()["words"]
    known = {*words[mode.uses], *words["all"], mode.mode_id}
    texts = [str(text) for text in said]
    unique = {text: _names(text, known) for text in set(texts)}
    return np.array([unique[text] for text in texts], dtype=bool)


def _names(text: str, known: set[str]) -> bool:
    return any(word in known for word in re.split(_SEPARATORS, text.casefold()))


def _directions(streets: gpd.GeoDataFrame) -> Longs:
    """Return 1 for one-way along the line, -1 against it, 0 for both ways."""
    if "oneway" not in streets:
        return np.zeros(len(streets), dtype=np.int64)
    words = streets["oneway"].astype(object).astype(str).str.strip().str.casefold()
    table = _data()["oneway"]
    result = np.zeros(len(streets), dtype=np.int64)
    result[words.isin(table["forward"]).to_numpy()] = 1
    result[words.isin(table["backward"]).to_numpy()] = -1
    return result
