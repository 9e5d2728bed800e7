"""The files that every page carries inside itself: vendored libraries and our own script and style.

`assets/manifest.json` names each vendored library with version, licence and SHA-256. Nothing is
ever downloaded.
"""

import base64
import json
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from geo.errors import NotFoundError

__all__ = [
    "APP_SCRIPTS",
    "LOOK_BACK_SCRIPTS",
    "app_script",
    "app_style",
    "look_back_script",
    "look_back_style",
    "manifest",
    "report_style",
    "vendored_file",
    "vendored_text",
]

APP_SCRIPTS: Final = (
    "base.js",
    "inflate.js",
    "unpack.js",
    "model.js",
    "paint.js",
    "tiles.js",
    "basemap.js",
    "streets.js",
    "labels.js",
    "hits.js",
    "popups.js",
    "list.js",
    "panel.js",
    "search.js",
    "controls.js",
    "svg.js",
    "print.js",
    "whatif.js",
    "whatif_city.js",
    "whatif_straight.js",
    "whatif_panel.js",
    "main.js",
)
"""Our own script, in the order in which its parts build on each other."""

LOOK_BACK_SCRIPTS: Final = (
    *APP_SCRIPTS[: APP_SCRIPTS.index("popups.js")],
    "panel.js",
    "controls.js",
    "lookback.js",
    "lookback_panel.js",
    "lookback_main.js",
)
"""The script of the look-back's page, built on the same parts."""

_TYPES: Final = {"png": "image/png", "svg": "image/svg+xml", "gif": "image/gif"}
_CSS_URL: Final = re.compile(r"url\(\s*['\"]?([^)'\"]+)['\"]?\s*\)")
_SOURCE_MAP: Final = re.compile(r"\n?//# sourceMappingURL=\S+\s*$")


@cache
def manifest() -> Mapping[str, Mapping[str, Any]]:
    """Return the vendored libraries by name: version, licence, origin, files with SHA-256."""
    found: dict[str, dict[str, Any]] = json.loads(_read("manifest.json"))
    return found


def vendored_file(url: str) -> str:
    """Return the path under `assets` of the vendored copy that stands in for `url`.

    Raises
    ------
    NotFoundError
        If no vendored file replaces it: the page would have to load it from elsewhere.
    """
    for library in manifest().values():
        for path, entry in library["files"].items():
            if "replaces" in entry and re.search(entry["replaces"] + "$", url):
                return str(path)
    raise NotFoundError("maps.unknown_asset", url=url)


@cache
def vendored_text(path: str) -> str:
    """Return a vendored script or style that needs no other file: `url()` become data URIs."""
    text = _read(path)
    if path.endswith(".css"):
        folder = path.rsplit("/", 1)[0]
        return _CSS_URL.sub(lambda hit: f"url({_data_uri(folder, hit[1])})", text)
    return _SOURCE_MAP.sub("\n", text)


@cache
def app_script() -> str:
    """Return our own script, all parts in order."""
    return "\n".join(_read(f"app/{name}") for name in APP_SCRIPTS)


@cache
def app_style() -> str:
    """Return our own style sheet."""
    return _read("app/app.css")


@cache
def report_style() -> str:
    """Return the style sheet of the printed report."""
    return _read("report/report.css")


@cache
def look_back_script() -> str:
    """Return the script of the look-back's page, all parts in order."""
    return "\n".join(_read(f"app/{name}") for name in LOOK_BACK_SCRIPTS)


@cache
def look_back_style() -> str:
    """Return the style sheet of the look-back's page."""
    return _read("app/app.css") + _read("app/lookback.css")


def _data_uri(folder: str, url: str) -> str:
    if url.startswith(("#", "data:")):
        return url
    kind = _TYPES.get(url.rsplit(".", 1)[-1])
    if kind is None or "://" in url:
        raise NotFoundError("maps.unknown_asset", url=url)
    content = files(__package__).joinpath("assets", folder, url).read_bytes()
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _read(path: str) -> str:
    text = files(__package__).joinpath("assets", path).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")
