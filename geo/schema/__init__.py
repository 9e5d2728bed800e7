"""The columns of every layer, as data: `columns.toml` and `synonyms.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = ["Column", "LayerSchema", "layer_schemas"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `dtype` is `text`, `number`, `integer` or `flag`; `synonyms`: its other names."""

    name: str
    dtype: str
    unit: str | None
    minimum: float | None
    meaning: Mapping[str, str]
    synonyms: tuple[str, ...]
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSchema:
    """One layer: its first column is the id; `geometry` is `polygon`, `point`, `line` or None."""

    name: str
    id_column: str
    geometry: str | None
    columns: Mapping[str, Column]


@cache
def layer_schemas() -> Mapping[str, LayerSchema]:
    """Return the schema of every layer by name."""
    here = files(__package__)
    columns = tomllib.loads(here.joinpath("columns.toml").read_text(encoding="utf-8"))
    synonyms = tomllib.loads(here.joinpath("synonyms.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {name: _schema(name, entry, synonyms) for name, entry in columns.items()}
    )


def _schema(
    name: str, entry: Mapping[str, object], synonyms: Mapping[str, Mapping[str, list[str]]]
) -> LayerSchema:
    listed: list[Mapping[str, object]] = entry["columns"]  # type: ignore[assignment]
    known = synonyms.get(name, {})
    columns = {
        str(item["name"]): Column(
            name=str(item["name"]),
            dtype=str(item["dtype"]),
            unit=item.get("unit"),  # type: ignore[arg-type]
            minimum=item.get("minimum"),  # type: ignore[arg-type]
            meaning=MappingProxyType({"zh": str(item["zh"]), "en": str(item["en"])}),
            synonyms=tuple(known.get(str(item["name"]), ())),
            choices=tuple(item.get("choices", ())),  # type: ignore[arg-type]
        )
        for item in listed
    }
    return LayerSchema(
        name=name,
        id_column=str(listed[0]["name"]),
        geometry=entry.get("geometry"),  # type: ignore[arg-type]
        columns=MappingProxyType(columns),
    )
