"""The project file: which layers, by which standard, in which CRS."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from geo import words
from geo.errors import ProjectError
from geo.io.validation import find_faults, sentence
from geo.standards import DEFAULT_STANDARD

__all__ = ["DATABASES", "LayerSpec", "Project", "project_from_files", "read_project"]

DATABASES: Final = ("postgresql://", "postgres://")
"""How the address of a database begins."""

_MARKS: Final = ("mark", "approval_number")
_NO_WORDS: Final[Mapping[str, Any]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSpec:
    """One layer of a project file.

    `name`
        `grids`, `units`, `nets.police`: how findings and outputs call it.
    `schema`
        Its entry in the column schema: `grids`, `units`, `nets`.
    `path`, `shown`
        The file, and how the user wrote it.
    `header_row`
        Line of the header in a table, counted from 1; None where it is looked for.
    `url`
        The database that `path` names, with its password; `path` and `shown` are without.
    `parent`
        How rows find the unit above them: `column`, `prefix` or `place`; None: by their column
        where they have one, else not at all.
    `is_distinct`
        True where several rows of the file may name the same unit: each unit is taken once.
    `columns`
        Canonical column (or a place: `lon`, `lat`, `x`, `y`, `lonlat`, `latlon`, `wkt`) to the
        file's column.
    `datum`
        `wgs84`, `gcj02` or `bd09`; None when the project does not declare one.
    `axes`
        `xy`, or `yx` where the file has latitude or northing first.
    """

    name: str
    schema: str
    path: Path
    shown: str
    layer: str | None = None
    crs: str | None = None
    datum: str | None = None
    axes: str = "xy"
    encoding: str | None = None
    where: str | None = None
    level: str | None = None
    header_row: int | None = None
    url: str | None = field(default=None, repr=False)
    parent: str | None = None
    is_distinct: bool = False
    columns: Mapping[str, str] = field(default_factory=lambda: _NO_WORDS)
    defaults: Mapping[str, str | float | bool] = field(default_factory=lambda: _NO_WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What one audit is made of.

    `path`
        The project file, None when files were given without one.
    `standards`
        Shipped names, or paths to TOML files; a later one overrides.
    `layers`
        All layers in the order in which they are read, grids first.
    `categories`
        The data's words to ours.
    `tiers`, `thresholds`
        Overrides of the standards.
    `has_all_buildings`
        True when the project says `complete = true`.
    `levels`
        Levels of the units from the top down, where the project lists them.
    `codes`
        `grids`, or a level of units, to the name of the scheme of its ids.
    `map_marks`
        `mark` (such as 内部资料) and `approval_number` (审图号), printed on maps and reports.
    `basemap`
        The tiles to put under the map (`maps.basemaps.read_basemap`); None for none.
    """

    project_id: str
    title: str
    layers: tuple[LayerSpec, ...]
    language: str = "zh"
    path: Path | None = None
    standards: tuple[str | Path, ...] = (DEFAULT_STANDARD,)
    crs: str | None = None
    residents_basis: str = "常住"
    categories: Mapping[str, str] = field(default_factory=lambda: _NO_WORDS)
    tiers: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: _NO_WORDS)
    thresholds: Mapping[str, float] = field(default_factory=lambda: _NO_WORDS)
    has_all_buildings: bool = False
    levels: tuple[str, ...] = ()
    codes: Mapping[str, str] = field(default_factory=lambda: _NO_WORDS)
    map_marks: Mapping[str, str] = field(default_factory=lambda: _NO_WORDS)
    basemap: Path | None = None

    def specs(self, schema: str) -> tuple[LayerSpec, ...]:
        """Return the layers of one kind, in the order of the file."""
        return tuple(spec for spec in self.layers if spec.schema == schema)


def read_project(path: Path) -> Project:
    """Return the project of a TOML file; paths in it are relative to it.

    Raises
    ------
    ProjectError
        If the file is missing, is no TOML, or breaks the schema: every fault is named at once.
    """
    data = _parse(path)
    faults = find_faults(data)
    if faults:
        raise ProjectError(
            "io.project_faults",
            path=path,
            faults_zh=sentence(faults, "zh"),
            faults_en=sentence(faults, "en"),
        )
    head, layers, drawn = data["project"], data["layers"], data.get("map", {})
    names = head.get("standards", [head["standard"]] if "standard" in head else [DEFAULT_STANDARD])
    return Project(
        project_id=head["id"],
        title=head.get("title", head["id"]),
        language=head.get("language", words.language()),
        path=path,
        standards=tuple(_standard(name, path.parent) for name in names),
        crs=head.get("crs"),
        residents_basis=head.get("residents_basis", "常住"),
        layers=tuple(_specs(layers, path.parent)),
        categories=MappingProxyType(data.get("categories", {})),
        tiers=MappingProxyType(data.get("tiers", {})),
        thresholds=MappingProxyType(data.get("thresholds", {})),
        has_all_buildings=bool(
            head.get("complete") or layers.get("buildings", {}).get("complete", False)
        ),
        levels=tuple(head.get("levels", ())),
        codes=MappingProxyType(_codes(head, layers)),
        map_marks=MappingProxyType({name: drawn[name] for name in _MARKS if name in drawn}),
        basemap=path.parent / drawn["basemap"] if "basemap" in drawn else None,
    )


def project_from_files(
    *,
    grids: Path | str,
    sites: Path | str | None = None,
    units: Path | str | None = None,
    buildings: Path | str | None = None,
    streets: Path | str | None = None,
    standard: str | None = None,
    datums: Mapping[str, str] | None = None,
) -> Project:
    """Return a project of bare files: columns by their names, everything else by default.

    A layer may be a database instead: `postgresql://user@host/database#schema.table`. `datums`
    gives the `datum` of layers, by their names.
    """
    given = {
        "grids": grids,
        "units": units,
        "sites": sites,
        "buildings": buildings,
        "streets": streets,
    }
    said = datums or {}
    specs = tuple(
        replace(_bare_spec(name, place), datum=said.get(name))
        for name, place in given.items()
        if place is not None
    )
    names = _standard(standard, Path()) if standard else DEFAULT_STANDARD
    title = specs[0].layer if specs[0].url and specs[0].layer else specs[0].path.name.split(".")[0]
    return Project(
        project_id=_slug(title),
        title=title,
        layers=specs,
        language=words.language(),
        standards=(names,),
    )


def _bare_spec(name: str, place: Path | str) -> LayerSpec:
    url, shown = _database(str(place)) if isinstance(place, str) else (None, str(place))
    if url is None:
        return LayerSpec(name=name, schema=name, path=Path(place), shown=shown)
    address, _, table = url.partition("#")
    return LayerSpec(
        name=name, schema=name, path=Path(shown), shown=shown, url=address, layer=table or None
    )


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        key = "io.is_folder" if path.is_dir() else "io.no_file"
        raise ProjectError(key, path=path) from error
    except UnicodeDecodeError as error:
        raise ProjectError("io.project_encoding", path=path) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProjectError("io.project_syntax", path=path, reason=error) from error


def _standard(name: str, folder: Path) -> str | Path:
    """Return a shipped name as it is, a path joined to `folder`."""
    is_path = name.endswith(".toml") or "/" in name or "\\" in name
    return folder / name if is_path else name


def _specs(layers: Mapping[str, Any], folder: Path) -> list[LayerSpec]:
    order = ["grids", "units", *(name for name in layers if name not in ("grids", "units"))]
    found: list[LayerSpec] = []
    for name in order:
        entry = layers.get(name, [])
        if name == "nets":
            found += [
                _spec(f"nets.{net}", item, schema="nets", folder=folder)
                for net, item in entry.items()
            ]
        else:
            entries = [each for item in _listed(entry) for each in _one_a_level(item)]
            found += [_spec(name, item, schema=name, folder=folder) for item in entries]
    return found


def _spec(name: str, entry: Mapping[str, Any], *, schema: str, folder: Path) -> LayerSpec:
    url, shown = _database(entry["path"])
    return LayerSpec(
        name=name,
        schema=schema,
        path=Path(shown) if url else folder / shown,
        shown=shown,
        url=url,
        header_row=entry.get("header_row"),
        layer=entry.get("layer"),
        crs=entry.get("crs"),
        datum=entry.get("datum"),
        axes=entry.get("axes", "xy"),
        encoding=entry.get("encoding"),
        where=entry.get("where"),
        level=entry.get("level"),
        parent=entry.get("parent"),
        is_distinct=entry.get("distinct", False),
        columns=MappingProxyType(entry.get("columns", {})),
        defaults=MappingProxyType(entry.get("defaults", {})),
    )


def _one_a_level(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return an entry with `levels` as one entry a level, from the top down.

    The unit above a row's unit is the one that the same row names one level up.
    """
    if "levels" not in entry:
        return [entry]
    shared = {name: value for name, value in entry.items() if name not in ("levels", "columns")}
    further: Mapping[str, str] = entry.get("columns", {})
    found: list[Mapping[str, Any]] = []
    above: str | None = None
    for item in entry["levels"]:
        named = {name: item[name] for name in ("unit_id", "name", "parent_id") if name in item}
        if above is not None:
            named.setdefault("parent_id", above)
        is_lowest = item is entry["levels"][-1]
        columns = {**further, **named} if is_lowest else named
        found.append({**shared, "level": item["level"], "distinct": True, "columns": columns})
        above = item["unit_id"]
    return found


def _listed(entry: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401
    return entry if isinstance(entry, list) else [entry]


def _codes(head: Mapping[str, Any], layers: Mapping[str, Any]) -> dict[str, str]:
    """Return the scheme of the grids' ids and of each level's, those of the layers last."""
    codes = {"grids": head["codes"]} if "codes" in head else {}
    for entry in _listed(layers["grids"]):
        if "codes" in entry:
            codes[entry.get("level", "grids")] = entry["codes"]
    units = layers.get("units", [])
    for entry in _listed(units):
        named = entry.get("levels", [entry] if "level" in entry else [])
        for item in named:
            scheme = item.get("codes", entry.get("codes"))
            if scheme is not None:
                codes[item["level"]] = scheme
    return codes


def _database(path: str) -> tuple[str | None, str]:
    """Return the URL of a database, None for a file, and how it is shown: without secrets."""
    if not path.startswith(DATABASES):
        return None, path
    place = path.split("?", 1)[0].split("#", 1)[0]
    scheme, _, rest = place.partition("://")
    login, at, where = rest.rpartition("@")
    return path, f"{scheme}://{login.split(':', 1)[0]}{at}{where}"


def _slug(stem: str) -> str:
    """Return `stem` in lower-case letters, digits and hyphens; `project` when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", stem.casefold()).strip("-") or "project"
