"""What a basemap is: its tiles, whose they are, their datum; from a file of tiles or a TOML."""

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from geo.errors import ProjectError
from geo.io import Project
from maps.basemaps.sources import TileFiles, open_tiles

__all__ = ["Basemap", "project_basemap", "read_basemap"]

_KNOWN: Final = frozenset({"tiles", "attribution", "datum", "key_env", "min_zoom", "max_zoom"})
_DATUMS: Final = ("wgs84", "gcj02")
_PLACES: Final = ("{z}", "{x}", "{y}")
_MAX_ZOOM: Final = 22
_DEFAULT_MAX_ZOOM: Final = 18
_MAX_TEXT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Basemap:
    """Tiles of Web Mercator under the grids.

    `files`
        Tiles on this machine; None where they come from `url`.
    `url`
        Address of a tile with `{z}`, `{x}`, `{y}` left in it, the key already in its place: a
        secret, told to nobody.
    `attribution`
        Whose tiles they are, shown on the map as text.
    `datum`
        `wgs84` (Tianditu's CGCS2000 too) or `gcj02`: then the tiles are shifted, never the data.
    `min_zoom`, `max_zoom`
        The zooms that have tiles.
    """

    files: TileFiles | None
    url: str | None = field(repr=False)
    attribution: str
    datum: str
    min_zoom: int
    max_zoom: int


def read_basemap(path: Path) -> Basemap:
    """Return the basemap at `path`: `.mbtiles`, `.pmtiles`, a folder of tiles, or a `.toml`.

    The TOML has `tiles` (one of the former, beside it, or `http(s)://…{z}…{x}…{y}…{key}`),
    `attribution`, `datum`, `min_zoom`, `max_zoom`, and `key_env`, the name of the environment
    variable that holds the key.

    Raises
    ------
    LoadError
        If there are no tiles, or the file is broken.
    ProjectError
        If the TOML says what cannot be, or the key is not set.
    """
    path = Path(path)
    if path.suffix.lower() != ".toml":
        return _basemap({"tiles": path.name}, path.parent)
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProjectError("maps.bad_basemap", what=f"{path}: {error}") from error
    unknown = sorted(set(given) - _KNOWN)
    if unknown:
        raise ProjectError("maps.bad_basemap", what=", ".join(unknown))
    return _basemap(given, path.parent)


def project_basemap(project: Project) -> Basemap | None:
    """Return the basemap that `[map]` of a project names, None where it names none.

    Raises
    ------
    LoadError
        If there are no tiles, or the file is broken.
    ProjectError
        If its TOML says what cannot be, or it is of another host: a map file carries its tiles.
    """
    if project.basemap is None:
        return None
    found = read_basemap(project.basemap)
    if found.files is None:
        raise ProjectError("maps.remote_basemap")
    return found


def _basemap(given: dict[str, Any], folder: Path) -> Basemap:
    tiles = _text(given, "tiles")
    datum = _text(given, "datum", default="wgs84")
    if datum not in _DATUMS:
        raise ProjectError("maps.bad_basemap", what=f"datum = {datum}")
    if tiles.startswith(("http://", "https://")):
        files, least, most = None, 0, _DEFAULT_MAX_ZOOM
        url: str | None = _address(tiles, given)
    else:
        files = open_tiles(folder / tiles)
        url, (least, most) = None, files.zooms()
    least, most = _zoom(given, "min_zoom", least), _zoom(given, "max_zoom", most)
    if least > most:
        raise ProjectError("maps.bad_basemap", what=f"min_zoom {least} > max_zoom {most}")
    return Basemap(
        files=files,
        url=url,
        attribution=_text(given, "attribution", default=""),
        datum=datum,
        min_zoom=least,
        max_zoom=most,
    )


def _address(template: str, given: dict[str, Any]) -> str:
    """Return the template with its key; the host must be spelled out in it."""
    host = urlsplit(template).netloc
    if not host or "{" in host or not all(place in template for place in _PLACES):
        raise ProjectError("maps.bad_basemap", what=f"tiles = {template}")
    if "{key}" not in template:
        return template
    name = _text(given, "key_env")
    key = os.environ.get(name, "")
    if not key.isalnum():
        raise ProjectError("maps.no_key", name=name)
    return template.replace("{key}", key)


def _text(given: dict[str, Any], name: str, *, default: str | None = None) -> str:
    value = given.get(name, default)
    if not isinstance(value, str) or (name != "tiles" and len(value) > _MAX_TEXT):
        raise ProjectError("maps.bad_basemap", what=f"{name} = {value!r}")
    return value


def _zoom(given: dict[str, Any], name: str, default: int) -> int:
    value = given.get(name, default)
    if type(value) is not int or not 0 <= value <= _MAX_ZOOM:
        raise ProjectError("maps.bad_basemap", what=f"{name} = {value!r}")
    return value
