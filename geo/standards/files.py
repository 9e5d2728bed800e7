"""Read one standard's TOML and check it against the schema, naming every fault with its place."""

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import jsonschema

from geo.errors import StandardError
from geo.standards.extending import extended, merged_documents, unknown_without
from geo.standards.services import service_codes

__all__ = ["StandardFile", "hint", "read_defaults", "read_standard_file", "shipped_standards"]

_DEFAULTS: Final = "defaults"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

_SHIPPED_ORDER: Final = (
    "gb50180-2018",
    "tdt1062-2021",
    "complete-community-2021",
    "convenience-15",
    "grid-size",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardFile:
    """A checked file with all that it extends; `editions` are the files by themselves, own last."""

    document: Mapping[str, Any]
    editions: tuple[Mapping[str, Any], ...]


@cache
def shipped_standards() -> tuple[str, ...]:
    """Return the names of the shipped standards and profiles: the norms first, then the cities."""
    folder = files(__package__).joinpath("data")
    names = {path.name.removesuffix(".toml") for path in folder.iterdir()} - {_DEFAULTS}
    return (*_SHIPPED_ORDER, *sorted(names - set(_SHIPPED_ORDER)))


@cache
def read_defaults() -> Mapping[str, Any]:
    """Return the checked file of our own thresholds: the layer below every standard."""
    name = f"{_DEFAULTS}.toml"
    document = _parsed(_data_file(_DEFAULTS), name)
    _require_sound(document, document, name)
    return document


def read_standard_file(name: str | Path, *, above: tuple[str, ...] = ()) -> StandardFile:
    """Return the checked content of a shipped standard, or of a TOML file when `name` is a path.

    What it `extends` is read first and lies below it; `above` are the files that led here.

    Raises
    ------
    StandardError
        If there is no such standard or file, if it is not TOML, if it extends itself, or naming
        every fault at once.
    """
    text = str(name)
    is_shipped = not isinstance(name, Path) and text in shipped_standards()
    key = text if is_shipped else str(Path(name).resolve())
    if key in above:
        chain = " → ".join(Path(each).name for each in (*above, key))
        raise StandardError("standards.circle", path=text, chain=chain)
    if is_shipped:
        content, folder = _data_file(text), None
    else:
        content, folder = _own_file(name), Path(name).parent
    document = _parsed(content, text)
    bases = [
        read_standard_file(_placed(base, folder), above=(*above, key)) for base in _bases(document)
    ]
    below = merged_documents([base.document for base in bases])
    faults = [] if not bases else unknown_without(document, below)
    whole = extended(document, below) if bases else document
    _require_sound(whole, document, text, faults=faults)
    editions = tuple(edition for base in bases for edition in base.editions)
    return StandardFile(document=whole, editions=(*editions, document))


def _own_file(name: str | Path) -> bytes:
    path = Path(name)
    if not isinstance(name, Path) and path.suffix.lower() != ".toml":
        known = shipped_standards()
        raise StandardError(
            "standards.unknown", name=str(name), hint=hint(str(name), known), known="、".join(known)
        )
    if not path.is_file():
        raise StandardError("standards.no_file", path=path)
    return path.read_bytes()


def _bases(document: Mapping[str, Any]) -> list[str]:
    """Return what a file extends; what is no name there is a fault of the schema."""
    given = document.get("extends", [])
    listed = [given] if isinstance(given, str) else given
    return [base for base in listed if isinstance(base, str)] if isinstance(listed, list) else []


def _placed(base: str, folder: Path | None) -> str | Path:
    """Return a shipped name as it is, a path joined to the folder of the file that names it."""
    if folder is None or base in shipped_standards() or not base.lower().endswith(".toml"):
        return base
    return folder / base


def _data_file(name: str) -> bytes:
    return files(__package__).joinpath("data", f"{name}.toml").read_bytes()


def hint(name: str, known: Iterable[str]) -> str:
    """Return ` (…?)`, the nearest name, when one of `known` is close to `name`, else nothing."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" ({close[0]}?)" if close else ""


def _parsed(content: bytes, path: str) -> Mapping[str, Any]:
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StandardError("standards.not_toml", path=path, reason=error) from error


def _require_sound(
    whole: Mapping[str, Any], own: Mapping[str, Any], path: str, *, faults: Sequence[str] = ()
) -> None:
    """Raise naming every fault of a file, with what it extends, at once."""
    found = [*faults, *_schema_faults(whole), *_sense_faults(whole), *_date_faults(own)]
    if found:
        raise StandardError("standards.invalid", path=path, n=len(found), faults="; ".join(found))


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
    faults += [
        f"tiers.{name}.services: no such service {code!r}{hint(code, service_codes())}"
        for name, entry in tiers.items()
        for code in _unknown_services(entry)
    ]
    if orphan is None and len(tiers) > 1:
        faults.append(f"orphan_tier: required with several tiers, one of {', '.join(tiers)}")
    return faults


def _unknown_services(tier: object) -> list[str]:
    named = tier.get("services", []) if isinstance(tier, Mapping) else []
    known = service_codes()
    listed = named if isinstance(named, list) else []
    return [code for code in listed if isinstance(code, str) and code not in known]


def _date_faults(document: Mapping[str, Any]) -> list[str]:
    """Return the dates of validity that are none, or in the wrong order."""
    faults, dates = [], []
    for name in ("valid_from", "valid_to"):
        given = document.get(name)
        if isinstance(given, str) and _DATE.fullmatch(given):
            try:
                dates.append(date.fromisoformat(given))
            except ValueError:
                faults.append(f"{name}: there is no day {given}")
    if len(dates) == 2 and dates[0] > dates[1]:  # noqa: PLR2004 from and to
        faults.append(f"valid_to: {dates[1]} is before valid_from {dates[0]}")
    return faults


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name, {})
    return found if isinstance(found, Mapping) else {}
