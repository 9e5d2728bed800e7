"""Read one standard's TOML and check it against the schema, naming every fault with its place."""

import difflib
import json
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jsonschema

from geo.errors import StandardError

__all__ = ["hint", "read_defaults", "read_standard_file", "shipped_standards"]

_DEFAULTS: Final = "defaults"

_SHIPPED_ORDER: Final = (
    "gb50180-2018",
    "tdt1062-2021",
    "complete-community-2021",
    "convenience-15",
    "grid-size",
)


@cache
def shipped_standards() -> tuple[str, ...]:
    """Return the names of the shipped standards and profiles: the norms first, then the cities."""
    folder = files(__package__).joinpath("data")
    names = {path.name.removesuffix(".toml") for path in folder.iterdir()} - {_DEFAULTS}
    return (*_SHIPPED_ORDER, *sorted(names - set(_SHIPPED_ORDER)))


@cache
def read_defaults() -> Mapping[str, Any]:
    """Return the checked file of our own thresholds: the layer below every standard."""
    return _checked(_data_file(_DEFAULTS), f"{_DEFAULTS}.toml")


def read_standard_file(name: str | Path) -> Mapping[str, Any]:
    """Return the checked content of a shipped standard, or of a TOML file when `name` is a path.

    Raises
    ------
    StandardError
        If there is no such standard or file, if it is not TOML, or naming every fault at once.
    """
    text = str(name)
    if not isinstance(name, Path) and text in shipped_standards():
        return _checked(_data_file(text), f"{text}.toml")
    path = Path(name)
    if not isinstance(name, Path) and path.suffix.lower() != ".toml":
        known = shipped_standards()
        raise StandardError(
            "standards.unknown", name=text, hint=hint(text, known), known="、".join(known)
        )
    if not path.is_file():
        raise StandardError("standards.no_file", path=path)
    return _checked(path.read_bytes(), text)


def _data_file(name: str) -> bytes:
    return files(__package__).joinpath("data", f"{name}.toml").read_bytes()


def hint(name: str, known: Iterable[str]) -> str:
    """Return ` (…?)`, the nearest name, when one of `known` is close to `name`, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" ({close[0]}?)" if close else ""


def _checked(content: bytes, path: str) -> Mapping[str, Any]:
    try:
        document = tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StandardError("standards.not_toml", path=path, reason=error) from error
    faults = [*_schema_faults(document), *_sense_faults(document)]
    if faults:
        raise StandardError("standards.invalid", path=path, n=len(faults), faults="; ".join(faults))
    return document


@cache
def _schema() -> jsonschema.Draft202012Validator:
    source = files(__package__).joinpath("standard.schema.json")
    return jsonschema.Draft202012Validator(json.loads(source.read_text(encoding="utf-8")))


def _schema_faults(document: Mapping[str, Any]) -> list[str]:
    errors = sorted(_schema().iter_errors(document), key=lambda error: error.json_path)
    return [
        f"{'.'.join(map(str, error.absolute_path)) or '.'}: {error.message}" for error in errors
    ]


def _sense_faults(document: Mapping[str, Any]) -> list[str]:
    """Return what the schema cannot say: known thresholds, an orphan tier that is there."""
    faults = []
    if document.get("name") != _DEFAULTS:
        known = tuple(read_defaults()["thresholds"])
        faults += [
            f"thresholds.{name}: no such threshold{hint(name, known)}, known: {', '.join(known)}"
            for name in _table(document, "thresholds")
            if name not in known
        ]
    tiers, orphan = _table(document, "tiers"), document.get("orphan_tier")
    if orphan is not None and orphan not in tiers:
        faults.append(f"orphan_tier: no tier {orphan!r}, known: {', '.join(tiers)}")
    if orphan is None and len(tiers) > 1:
        faults.append(f"orphan_tier: required with several tiers, one of {', '.join(tiers)}")
    return faults


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name, {})
    return found if isinstance(found, Mapping) else {}
