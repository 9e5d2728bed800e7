"""Which dataset is which layer, and how sure that is."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

import pandas as pd

from geo.io.columns import id_text, normalised
from geo.io.suggest.surveys import Dataset
from geo.schema import layer_schemas

__all__ = ["Guess", "LevelColumns", "guess_layers", "level_of"]

_SHAPES: Final[Mapping[str | None, tuple[str, ...]]] = {
    "polygon": ("grids", "units", "estates", "buildings", "sites", "candidates"),
    "point": ("sites", "buildings", "candidates", "cases"),
    "line": ("streets",),
    None: ("units", "staff", "cases"),
}
_NAMED: Final = 6
"""What a word in the name of the file or layer is worth, in columns recognised."""
_COLUMN: Final = 2
_CLOSE: Final = 2
"""Two guesses that differ by no more than this are both told."""
_LEAST: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelColumns:
    """One level out of a table: its id and name columns."""

    level: str
    unit_id: str
    name: str | None


@dataclass(slots=True, kw_only=True, eq=False)
class Guess:
    """One dataset as one layer. `also` are layers it might be as well; `why` the words found."""

    layer: str
    dataset: Dataset
    score: int
    why: tuple[str, ...]
    also: tuple[str, ...] = ()
    level: str | None = None
    levels: tuple[LevelColumns, ...] = ()
    rivals: list[str] = field(default_factory=list)


def guess_layers(datasets: Sequence[Dataset]) -> tuple[list[Guess], list[Dataset]]:
    """Return a guess a layer (units: one a level, from the top down), and what is left over."""
    guesses = [guess for dataset in datasets if (guess := _guess(dataset)) is not None]
    _name_the_grids(guesses)
    chosen: list[Guess] = []
    for layer in (
        "grids",
        *(name for name in _hints()["layers"] if name not in ("grids", "units")),
    ):
        mine = sorted(
            (guess for guess in guesses if guess.layer == layer),
            key=lambda guess: (-guess.score, -guess.dataset.n_rows, guess.dataset.shown),
        )
        if mine:
            mine[0].rivals += [_told(guess.dataset) for guess in mine[1:]]
            chosen.append(mine[0])
    chosen += _levels([guess for guess in guesses if guess.layer == "units"])
    used = {id(guess.dataset) for guess in chosen}
    return chosen, [dataset for dataset in datasets if id(dataset) not in used]


def _told(dataset: Dataset) -> str:
    return dataset.shown if dataset.layer is None else f"{dataset.shown} / {dataset.layer}"


def _guess(dataset: Dataset) -> Guess | None:
    """Return the best guess for one dataset, None where nothing speaks for any layer."""
    scores: dict[str, tuple[int, tuple[str, ...]]] = {}
    for layer in _SHAPES[dataset.shape]:
        words = [word for word in _hints()["layers"][layer] if word in dataset.label]
        ours = dataset.mapped(layer).ours
        own = layer_schemas()[layer].id_column
        told = normalised(ours.get(own, ""))
        is_own = any(normalised(word) in told for word in _hints()["layers"][layer]) and told != ""
        score = _NAMED * bool(words) + _COLUMN * is_own + len(ours)
        scores[layer] = (score, tuple(words))
    levels = nested_codes(dataset) if dataset.shape is None else ()
    order = [name for name in _hints()["layers"] if name in scores]
    best = max(order, key=lambda name: (scores[name][0], -order.index(name)), default=None)
    if len(levels) > 1 and (best is None or scores[best][0] < _NAMED or best == "units"):
        best = "units"
    if best is None or (scores[best][0] < _LEAST and dataset.shape != "polygon"):
        return None
    also = tuple(
        name
        for name in order
        if name != best and scores[name][1] and scores[best][0] - scores[name][0] <= _CLOSE
    )
    return Guess(
        layer=best,
        dataset=dataset,
        score=scores[best][0],
        why=scores[best][1],
        also=also,
        levels=levels if best == "units" and len(levels) > 1 else (),
    )


def _name_the_grids(guesses: list[Guess]) -> None:
    """Make the finest polygons the grids where no name says which they are."""
    areas = [guess for guess in guesses if guess.dataset.shape == "polygon"]
    if any(guess.layer == "grids" and guess.why for guess in areas):
        for guess in areas:
            if guess.layer == "grids" and not guess.why:
                guess.layer = "units"
        return
    unnamed = [guess for guess in areas if not guess.why or guess.layer in ("grids", "units")]
    if not unnamed:
        return
    finest = max(unnamed, key=lambda guess: guess.dataset.n_rows)
    for guess in unnamed:
        guess.layer = "grids" if guess is finest else "units"
    finest.also = ("units",)


def _levels(guesses: list[Guess]) -> list[Guess]:
    """Return the units from the top down: a table of several levels by itself, else by size."""
    tables = [guess for guess in guesses if guess.levels]
    drawn = [guess for guess in guesses if not guess.levels]
    if tables and not drawn:
        best = max(tables, key=lambda guess: guess.dataset.n_rows)
        best.rivals += [_told(guess.dataset) for guess in tables if guess is not best]
        return [best]
    drawn.sort(key=lambda guess: (guess.dataset.n_rows, guess.dataset.shown))
    found: dict[str, Guess] = {}
    for guess in drawn:
        ours = guess.dataset.mapped("units").ours
        values = guess.dataset.frame[ours["level"]].dropna() if "level" in ours else pd.Series()
        if len(values.unique()) > 1:
            return [guess]
        told = str(values.iloc[0]) if len(values) else None
        named = (
            told or level_of(guess.dataset.label) or level_of(normalised(ours.get("unit_id", "")))
        )
        level = named or f"level_{len(found) + 1}"
        if level in found:
            found[level].rivals.append(_told(guess.dataset))
        else:
            guess.level = level
            found[level] = guess
    return list(found.values())


def level_of(label: str) -> str | None:
    """Return the level that a name speaks of; the lowest where it names several."""
    named = [
        level
        for level, words in _hints()["levels"].items()
        if any(word in label or normalised(word) in label for word in words)
    ]
    return named[-1] if named else None


def nested_codes(dataset: Dataset) -> tuple[LevelColumns, ...]:
    """Return the levels of a table whose columns hold codes that begin one another."""
    codes: dict[str, pd.Series] = {}
    for name in (str(name) for name in dataset.frame.columns if name != "geometry"):
        values = dataset.frame[name].map(id_text)
        filled = values.dropna()
        if len(filled) and filled.str.fullmatch(r"\d{2,}").mean() > 0.95:  # noqa: PLR2004 nearly all
            codes[name] = values
    order = sorted(codes, key=lambda name: codes[name].dropna().str.len().median())
    chain: list[str] = []
    for name in order:
        if not chain or _begins(codes[chain[-1]], codes[name]):
            chain.append(name)
    return tuple(
        LevelColumns(
            level=level_of(normalised(name)) or f"level_{number}",
            unit_id=name,
            name=_name_beside(dataset, name, chain),
        )
        for number, name in enumerate(chain, 1)
    )


def _begins(upper: pd.Series, lower: pd.Series) -> bool:
    """Return True when nearly every code of `lower` begins with, and is longer than, `upper`."""
    both = pd.DataFrame({"upper": upper, "lower": lower}).dropna()
    pairs = zip(both["upper"], both["lower"], strict=True)
    fits = sum(low.startswith(up) and len(low) > len(up) for up, low in pairs)
    return len(both) > 0 and fits > 0.95 * len(both)


def _name_beside(dataset: Dataset, code: str, chain: Sequence[str]) -> str | None:
    """Return the text column right before or after a code column that has as many values."""
    columns = [str(name) for name in dataset.frame.columns if name != "geometry"]
    at = columns.index(code)
    n = dataset.frame[code].nunique()
    for beside in (at - 1, at + 1):
        if 0 <= beside < len(columns) and columns[beside] not in chain:
            n_names = dataset.frame[columns[beside]].nunique()
            if 0.5 * n <= n_names <= n:
                return columns[beside]
    return None


@cache
def _hints() -> Mapping[str, Mapping[str, list[str]]]:
    source = files(__package__).joinpath("hints.toml")
    hints: dict[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
    return hints
