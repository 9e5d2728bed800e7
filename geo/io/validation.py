"""Every fault of a project file at once, each with its place in the TOML."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from geo import words
from geo.codes import shipped_schemes
from geo.schema import layer_schemas

__all__ = ["Fault", "find_faults"]

Fault = tuple[str, Mapping[str, Any]]
"""Key of the sentence in `words/io.toml` and the values in it."""

_POSITIONS = ("lon", "lat", "x", "y", "lonlat", "latlon", "wkt")

_PLACED: Final[Mapping[str, tuple[str, ...]]] = {
    "levels": ("units",),
    "distinct": ("units",),
    "parent": ("grids", "units"),
    "codes": ("grids", "units"),
}
"""Keys of a layer that only some layers have."""


@cache
def _validator() -> Draft202012Validator:
    source = files(__package__).joinpath("project.schema.json")
    return Draft202012Validator(json.loads(source.read_text(encoding="utf-8")))


def find_faults(data: Mapping[str, Any]) -> list[Fault]:
    """Return every fault of `data`, a parsed project file, in the order of their places."""
    found: list[tuple[str, Fault]] = []
    for error in _leaves(_validator().iter_errors(data), data):
        place = _place(error.absolute_path)
        found += [(fault[1]["place"], fault) for fault in _faults_of(error, place)]
    if not found:
        checks = (_column_faults(data["layers"]), _misplaced(data["layers"]), _code_faults(data))
        found = [(fault[1]["place"], fault) for faults in checks for fault in faults]
    return [fault for _, fault in sorted(found, key=lambda item: item[0])]


def sentence(faults: Sequence[Fault], language: str) -> str:
    """Return `faults` as one line in `language`."""
    joint = "；" if language == "zh" else "; "
    return joint.join(words.text(key, language, **values) for key, values in faults)


def closest(word: str, known: Iterable[str]) -> str:
    """Return the known word nearest to `word`, or nothing."""
    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)), "")


def unknown_key(place: str, key: str, known: Iterable[str]) -> Fault:
    """Return the fault of a key that is not in `known`, with the nearest that is."""
    names = list(known)
    near = closest(key, names)
    where = f"{place}.{key}" if place else key
    if near:
        return "io.fault_unknown_near", {"place": where, "near": near}
    return "io.fault_unknown", {"place": where, "known": ", ".join(names)}


def _leaves(errors: Iterable[ValidationError], data: Mapping[str, Any]) -> list[ValidationError]:
    """Return the errors, those of `units` by the form that the file uses."""
    found: list[ValidationError] = []
    for error in errors:
        if error.validator == "anyOf" and error.context:
            branch = 0 if isinstance(error.instance, list) else 1
            own = [child for child in error.context if child.schema_path[0] == branch]
            found += _leaves(own, data)
        else:
            found.append(error)
    return found


def _place(path: Iterable[str | int]) -> str:
    place = ""
    for part in path:
        place += f"[{part}]" if isinstance(part, int) else f".{part}" if place else str(part)
    return place


def _faults_of(error: ValidationError, place: str) -> list[Fault]:
    schema: Mapping[str, Any] = error.schema  # type: ignore[assignment]
    kind = str(error.validator)
    if kind == "additionalProperties":
        known = list(schema.get("properties", {}))
        instance: Mapping[str, Any] = error.instance  # type: ignore[assignment]
        return [unknown_key(place, key, known) for key in instance if key not in known]
    if kind == "required":
        missing = re.match(r"'(.+?)'", error.message)
        name = missing.group(1) if missing else "?"
        return [("io.fault_required", {"place": f"{place}.{name}" if place else name})]
    values = {"place": place, "value": _shown(error.instance)}
    if kind == "enum":
        choices = ", ".join(str(item) for item in schema["enum"])
        return [("io.fault_choice", {**values, "choices": choices})]
    if kind == "type":
        wanted = schema["type"]
        names = [wanted] if isinstance(wanted, str) else list(wanted)
        return [("io.fault_type", {**values, "wanted": " / ".join(names)})]
    if kind == "pattern":
        return [("io.fault_id", values)]
    return [("io.fault_value", {**values, "rule": error.message})]


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"  # noqa: PLR2004 one line of a message


def _column_faults(layers: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for every key of `columns` and `defaults` that is no canonical column."""
    found: list[Fault] = []
    for place, schema_name, entry in _layer_entries(layers):
        known = [*layer_schemas()[schema_name].columns, *_POSITIONS]
        for part in ("columns", "defaults"):
            found += [
                unknown_key(f"{place}.{part}", key, known)
                for key in entry.get(part, {})
                if key not in known and (part == "columns" or closest(key, known))
            ]
    return found


def _misplaced(layers: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for every key of the hierarchy in a layer that has no part in it."""
    found: list[Fault] = []
    for place, name, entry in _layer_entries(layers):
        found += [
            ("io.fault_misplaced", {"place": f"{place}.{key}", "layers": ", ".join(wanted)})
            for key, wanted in _PLACED.items()
            if key in entry and name not in wanted
        ]
        if "level" in entry and "levels" in entry:
            found.append(("io.fault_level_twice", {"place": place}))
    return found


def _code_faults(data: Mapping[str, Any]) -> list[Fault]:
    """Return a fault for every scheme of codes that is not known."""
    given = [("project", data["project"])]
    for place, _, entry in _layer_entries(data["layers"]):
        given += [(place, entry)]
        given += [(f"{place}.levels[{i}]", item) for i, item in enumerate(entry.get("levels", ()))]
    found: list[Fault] = []
    for place, entry in given:
        scheme = entry.get("codes")
        if scheme is not None and scheme not in shipped_schemes():
            values = {"place": f"{place}.codes", "value": _shown(scheme)}
            choices = ", ".join(shipped_schemes())
            found.append(("io.fault_choice", {**values, "choices": choices}))
    return found


def _layer_entries(layers: Mapping[str, Any]) -> list[tuple[str, str, Mapping[str, Any]]]:
    """Return place, schema and entry of every layer of the file."""
    found: list[tuple[str, str, Mapping[str, Any]]] = []
    for name, entry in layers.items():
        if name == "nets":
            found += [(f"layers.nets.{net}", "nets", item) for net, item in entry.items()]
        elif isinstance(entry, list):
            found += [(f"layers.{name}[{i}]", name, item) for i, item in enumerate(entry)]
        else:
            found.append((f"layers.{name}", name, entry))
    return found
