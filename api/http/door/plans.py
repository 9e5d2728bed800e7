"""The plan of an upload: what each dataset is, as suggested, corrected by the user, as a project.

A plan is a JSON object: `title`, `project_id`, `language`, `standards`, and `layers`, an entry a
dataset: `role` (empty: not used), `level`, `columns`, `datum`, `crs`, `axes` and `extra`, settings
that the suggestion made beside those.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from api.http.door.limits import UploadError
from geo.outputs.toml import toml_text
from geo.schema import layer_schemas
from geo.standards import DEFAULT_STANDARD, load_standard, shipped_standards

__all__ = [
    "DATUMS",
    "PLACES",
    "ROLES",
    "changed_plan",
    "datasets_of_specs",
    "first_plan",
    "plan_text",
    "profiles",
]

ROLES: Final = (
    "grids", "units", "sites", "buildings", "streets", "candidates", "estates", "staff", "cases",
)  # fmt: skip
"""What a dataset can be."""
DATUMS: Final = ("wgs84", "gcj02", "bd09")
PLACES: Final = ("lon", "lat")
"""Columns of a table that are places."""

_SEVERAL: Final = "units"
_LEVEL: Final = re.compile(r"[\w·（）()\-]{1,40}")
_CRS: Final = re.compile(r"(EPSG|epsg):\d{4,6}|")
_LONGEST: Final = 120

Plan = dict[str, Any]
Datasets = Sequence[Mapping[str, Any]]


def first_plan(text: str | None, datasets: Datasets, head: Mapping[str, Any]) -> Plan:
    """Return the plan that a suggested project file makes; without one, nothing is anything.

    A datum in it comes from the guard's verdict: it is left out, for the user to accept.
    """
    layers = [_unused() for _ in datasets]
    for role, entry in _entries(text):
        number = _number_of(datasets, entry)
        if number is None or layers[number]["role"]:
            continue
        known = ("path", "layer", "level", "columns", "datum", "crs", "axes")
        layers[number] = {
            **_unused(),
            "role": role,
            "level": entry.get("level"),
            "columns": entry.get("columns", {}),
            "crs": entry.get("crs"),
            "axes": entry.get("axes"),
            "extra": {name: value for name, value in entry.items() if name not in known},
        }
    return {**head, "standards": [DEFAULT_STANDARD], "layers": layers}


def changed_plan(plan: Plan, datasets: Datasets, values: Mapping[str, str]) -> Plan:
    """Return `plan` with what a form says; names of files never come from the form.

    Raises
    ------
    UploadError
        If it says what cannot be chosen.
    """
    title = values.get("title", plan["title"]).strip()[:_LONGEST]
    layers = [
        _changed(entry, dataset, values, number=number)
        for number, (entry, dataset) in enumerate(zip(plan["layers"], datasets, strict=True))
    ]
    return {
        **plan,
        "title": title or plan["title"],
        "standards": _standards(plan["standards"], values),
        "layers": layers,
    }


def plan_text(plan: Plan, datasets: Datasets) -> str:
    """Return the project file of a plan.

    Raises
    ------
    UploadError
        If no dataset is the grids, or several are the same layer.
    """
    layers: dict[str, Any] = {}
    for entry, dataset in sorted(zip(plan["layers"], datasets, strict=True), key=_place):
        role = entry["role"]
        if not role:
            continue
        settings = {"path": dataset["path"], **_settings(entry, dataset)}
        if role == _SEVERAL:
            layers.setdefault(role, []).append(settings)
        elif role in layers:
            raise UploadError("door.two_of_a_kind", role=role, name=dataset["shown"])
        else:
            layers[role] = settings
    if "grids" not in layers:
        raise UploadError("door.no_grids")
    head = {
        "id": plan["project_id"],
        "title": plan["title"],
        "standards": plan["standards"],
        "language": plan["language"],
    }
    return toml_text({"project": head, "layers": layers})


def _place(layer: tuple[Plan, Mapping[str, Any]]) -> int:
    """Return where a layer goes: the fewer units, the higher their level, and the earlier."""
    entry, dataset = layer
    return int(dataset.get("n_rows", 0)) if entry["role"] == _SEVERAL else 0


def profiles() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the shipped standards and the shipped profiles of cities."""
    kinds: dict[str, list[str]] = {"standard": [], "profile": []}
    for name in shipped_standards():
        kinds["profile" if load_standard([name]).kind == "profile" else "standard"].append(name)
    return tuple(kinds["standard"]), tuple(kinds["profile"])


def datasets_of_specs(specs: Sequence[Any], root: Path, datasets: Datasets) -> list[int]:
    """Return the dataset that each layer of a loaded project is."""
    places = {
        ((root / item["path"]).resolve(), item["layer"]): number
        for number, item in enumerate(datasets)
    }
    return [places[Path(spec.path).resolve(), spec.layer] for spec in specs]


def _unused() -> Plan:
    return {
        "role": "", "level": None, "columns": {}, "datum": None, "crs": None, "axes": None,
        "extra": {},
    }  # fmt: skip


def _entries(text: str | None) -> list[tuple[str, Mapping[str, Any]]]:
    layers = {} if text is None else tomllib.loads(text)["layers"]
    return [
        (role, entry)
        for role, value in layers.items()
        for entry in (value if isinstance(value, list) else [value])
    ]


def _number_of(datasets: Datasets, entry: Mapping[str, Any]) -> int | None:
    wanted = (entry.get("path"), entry.get("layer"))
    return next(
        (n for n, item in enumerate(datasets) if (item["path"], item["layer"]) == wanted), None
    )


def _changed(
    entry: Plan, dataset: Mapping[str, Any], values: Mapping[str, str], *, number: int
) -> Plan:
    role = values.get(f"role{number}", entry["role"])
    if role and role not in ROLES:
        raise UploadError("door.bad_choice", value=role[:_LONGEST])
    level = values.get(f"level{number}", entry["level"] or "").strip()
    if role != entry["role"]:
        return {**_unused(), "role": role, "level": _fit(level, _LEVEL)}
    datum = values.get(f"datum{number}", entry["datum"] or "")
    if datum and datum not in DATUMS:
        raise UploadError("door.bad_choice", value=datum[:_LONGEST])
    axes = values.get(f"axes{number}", entry["axes"] or "")
    return {
        **entry,
        "level": _fit(level, _LEVEL),
        "columns": _columns(entry, dataset, values, number=number),
        "datum": datum or None,
        "axes": axes if axes in {"xy", "yx"} else None,
        "crs": _fit(values.get(f"crs{number}", entry["crs"] or "").strip(), _CRS),
    }


def _columns(
    entry: Plan, dataset: Mapping[str, Any], values: Mapping[str, str], *, number: int
) -> dict[str, str]:
    """Return the columns that the form names, each one of the dataset's own."""
    if not entry["role"]:
        return {}
    known = [*layer_schemas()[entry["role"]].columns, *PLACES]
    kept = {name: column for name, column in entry["columns"].items() if name not in known}
    chosen: dict[str, str] = {}
    for name in known:
        column = values.get(f"c{number}.{name}", entry["columns"].get(name, ""))
        if column and column not in dataset["columns"]:
            raise UploadError("door.bad_choice", value=column[:_LONGEST])
        if column and column not in chosen.values():
            chosen[name] = column
    return {**kept, **chosen}


def _fit(value: str, form: re.Pattern[str]) -> str | None:
    if value and not form.fullmatch(value):
        raise UploadError("door.bad_choice", value=value[:_LONGEST])
    return value or None


def _standards(before: list[str], values: Mapping[str, str]) -> list[str]:
    if "standard" not in values:
        return before
    names = [name for name in (values["standard"], values.get("profile", "")) if name]
    for name in names:
        if name not in shipped_standards():
            raise UploadError("door.bad_choice", value=name[:_LONGEST])
    return names or before


def _settings(entry: Plan, dataset: Mapping[str, Any]) -> Plan:
    settings: Plan = {}
    if dataset["layer"] is not None:
        settings["layer"] = dataset["layer"]
    if dataset["is_degrees"] and not entry["crs"]:
        settings["datum"] = "wgs84"
    for name in ("level", "crs", "datum", "axes"):
        if entry[name]:
            settings[name] = entry[name]
    settings |= entry["extra"]
    if entry["columns"]:
        settings["columns"] = dict(entry["columns"])
    return settings
