"""Files of an output folder, whole or in part; only those of the allow-list."""

from email.utils import formatdate
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from api.http.calls import Call
from api.http.datasets import FILES, MAP_FILE
from api.http.exports import EXPORT_TYPES, export_names
from geo.errors import NotFoundError

__all__ = ["MAP_CSP", "file_response", "is_unchanged", "map_response", "media_type_of"]

MAP_CSP: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; connect-src data: blob:; worker-src blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-scripts allow-downloads allow-popups allow-modals"
)
"""The map is one file with its scripts inside; nothing may be loaded from elsewhere.

Its origin is its own (sandbox): a script in it could not act on the planner's pages.
"""

_SAVED: Final = (".xlsx", ".gpkg", ".csv", ".fgb", ".parquet", ".pmtiles")
"""Files that a browser saves under their name."""


def map_response(call: Call, request: Request) -> Response:
    """Return the map; `NotFoundError` where the folder has none."""
    if MAP_FILE not in call.dataset.files:
        raise NotFoundError("http.no_map")
    return file_response(call, request, MAP_FILE)


def file_response(call: Call, request: Request, name: str) -> Response:
    """Return the output `name`, or the part of it that `Range` asks for.

    The tag is made from size and time of the file. It is weak where the answer may be compressed,
    strong otherwise, so that a broken-off download can go on.
    """
    if name in export_names(call.dataset):
        path, media_type = call.service.exports.path(call.dataset, name), media_type_of(name)
    else:
        path, media_type = call.dataset.file(name), FILES[name]
    try:
        state = path.stat()
    except OSError as error:
        raise NotFoundError("http.no_file", name=name, known="") from error
    tag = f'"{state.st_mtime_ns:x}-{state.st_size:x}"'
    headers = {
        "ETag": f"W/{tag}" if _is_compressed(media_type) else tag,
        "Last-Modified": formatdate(state.st_mtime, usegmt=True),
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
    }
    if name == MAP_FILE:
        headers["Content-Security-Policy"] = MAP_CSP
    if is_unchanged(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return FileResponse(
        path,
        media_type=media_type,
        headers=headers,
        stat_result=state,
        filename=name if name.endswith(_SAVED) else None,
    )


def media_type_of(name: str) -> str:
    """Return the media type of an output or an export."""
    return FILES.get(name) or EXPORT_TYPES[name.rpartition(".")[2]]


def is_unchanged(request: Request, etag: str) -> bool:
    """Return True when the client holds the content with `etag` (weak comparison)."""
    held = request.headers.get("if-none-match")
    if held is None:
        return False
    bare = etag.removeprefix("W/")
    tags = [tag.strip().removeprefix("W/") for tag in held.split(",")]
    return "*" in tags or bare in tags


def _is_compressed(media_type: str) -> bool:
    return "json" in media_type or media_type.startswith("text/")
