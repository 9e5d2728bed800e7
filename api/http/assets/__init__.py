"""`/assets`: the style of our pages and the vendored libraries, by their hash.

Only what is listed here is given out. An address that holds the hash never changes its content, so
that a browser may keep it for good.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from api.http.calls import Call
from geo.errors import NotFoundError
from maps.vendored import manifest

__all__ = ["STYLE", "asset_path", "assets_document", "find_asset"]

STYLE: Final = "service.css"

_HASH_LENGTH: Final = 16
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "png": "image/png",
    "LICENSE": "text/plain; charset=utf-8",
}


def asset_path(call: Call, name: str) -> str:
    """Return the path of `name` on the server that the client asked."""
    return f"{urlsplit(call.server).path}/assets/{_hash_of(name)}/{name}"


def assets_document(call: Call) -> Mapping[str, object]:
    """Return the assets, each with the address that holds its hash."""
    return {
        "links": [
            {
                "href": f"{call.server}/assets/{_hash_of(name)}/{name}",
                "rel": "item",
                "type": _media_type(name),
                "title": name,
            }
            for name in _contents()
        ]
    }


def find_asset(tag: str, name: str) -> tuple[bytes, str]:
    """Return content and media type of an asset.

    Raises
    ------
    NotFoundError
        If there is none of that name, or its hash is another.
    """
    if name not in _contents() or _hash_of(name) != tag:
        raise NotFoundError("http.no_page", path=f"/assets/{tag}/{name}"[:200])
    return _contents()[name], _media_type(name)


@cache
def _contents() -> Mapping[str, bytes]:
    """Return all assets by name; those of the manifest, and our own."""
    vendored = files("maps").joinpath("assets")
    found = {STYLE: files(__package__).joinpath(STYLE).read_bytes()}
    for library in manifest().values():
        for name in library["files"]:
            found[name] = vendored.joinpath(name).read_bytes()
    return found


@cache
def _hash_of(name: str) -> str:
    return sha256(_contents()[name]).hexdigest()[:_HASH_LENGTH]


def _media_type(name: str) -> str:
    return _TYPES[name.rpartition("/")[2].rpartition(".")[2]]
