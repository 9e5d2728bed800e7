"""The application factory, and the server around it."""

import logging
import os
import socket
from contextlib import suppress
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http.basemaps import BASEMAP_PATH, BasemapTiles
from api.http.calls import Service
from api.http.catalogue import read_catalogue
from api.http.door.access import is_local
from api.http.door.opening import open_desk
from api.http.door.routes import door_routes
from api.http.exports import EXPORT_TYPES, Exports
from api.http.guards import ALLOWED, Guard
from api.http.limits import Limits
from api.http.negotiation import choose_language
from api.http.problems import RequestError, problem, problem_of
from api.http.processes import process_routes
from api.http.routes import root_routes, server_routes
from api.http.settings import Settings
from api.http.tiles import TileCache
from api.http.watching import Metrics, Watch, log_to_stdout
from api.http.wire import PatientProtocol
from geo.errors import GridCircleError, NotFoundError, ProjectError

__all__ = ["create_app", "serve"]

_LOG = logging.getLogger("uvicorn.error")

_ZIPPED = (
    "application/zip",
    "application/geopackage+sqlite3",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    *EXPORT_TYPES.values(),
    "image/*",
)
_BACKLOG = 1024
_NOT_FOUND = 404
_NOT_ALLOWED = 405


def create_app(folder: Path, *, settings: Settings | None = None) -> FastAPI:
    """Return the application that serves `folder`, an output folder of `gridcircle audit`.

    The folder is read here, once; later only `/files` and `/map` read from it.

    Raises
    ------
    NotFoundError
        If there is no such folder.
    LoadError
        If it is not an output folder, or a file in it is broken.
    """
    chosen = settings or Settings()
    desk = open_desk(Path(folder), chosen)
    catalogue = read_catalogue(Path(folder))
    app = FastAPI(title="GridCircle", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.service = Service(
        catalogue=catalogue,
        settings=chosen,
        tiles=TileCache(chosen.max_tile_bytes),
        metrics=Metrics(),
        exports=Exports(),
        has_desk=desk is not None,
    )
    app.state.desk = desk
    door = [] if desk is None else door_routes(desk)
    routes = [*door, *process_routes(desk), *root_routes(), *server_routes()]
    app.router.routes.extend(routes)
    app.add_exception_handler(GridCircleError, _on_our_error)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_middleware(
        GZipMiddleware,
        minimum_size=chosen.min_gzip_bytes,
        compresslevel=chosen.gzip_level,
        exclude_content_types=_ZIPPED,
    )
    language = chosen.language or catalogue.find().language
    if chosen.basemap is not None:
        tiles = BasemapTiles(chosen.basemap, language=language)
        app.router.routes.append(Route(BASEMAP_PATH, tiles.answer, methods=["GET", "HEAD"]))
    app.add_middleware(Limits, settings=chosen, language=language)
    app.add_middleware(Guard, language=language)
    metrics = app.state.service.metrics
    app.add_middleware(Watch, metrics=metrics, is_logged=chosen.is_access_logged)
    return app


def serve(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    settings: Settings | None = None,
) -> None:
    """Serve `folder` until interrupted; port 0 is any free one, told in the log.

    Raises
    ------
    GridCircleError
        As `create_app`; `ProjectError` when the port cannot be had.
    """
    if settings is not None and settings.allow_upload and not is_local(host):
        raise ProjectError("door.upload_needs_loopback", host=host)
    app = create_app(folder, settings=settings)
    listener = _listen(host, port)
    log_to_stdout()
    config = uvicorn.Config(
        app,
        log_level="info",
        access_log=False,
        server_header=False,
        http=PatientProtocol,
        ws="none",
    )
    name = f"[{host}]" if ":" in host else host
    _LOG.info("Serving %s on http://%s:%d/", folder, name, listener.getsockname()[1])
    try:
        with listener, suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
    finally:
        if app.state.desk is not None:
            app.state.desk.jobs.close()


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket that says it is TCP.

    Without that asyncio leaves the delay of small packets on, and every answer is 40 ms late.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise ProjectError("http.port_taken", host=host, port=port, reason=reason) from error
    return listener


def _language(request: Request) -> str:
    service: Service = request.app.state.service
    default = service.settings.language or service.catalogue.find().language
    asked = request.query_params.get("lang")
    accept = request.headers.get("accept-language")
    return choose_language(asked if asked in {"zh", "en"} else None, accept, default)


async def _on_our_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, GridCircleError):  # pragma: no cover
        raise error
    return problem_of(error, _language(request))


async def _on_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):  # pragma: no cover
        raise error
    language = _language(request)
    if error.status_code == _NOT_FOUND:
        return problem(404, NotFoundError("http.no_page", path=request.url.path), language)
    if error.status_code == _NOT_ALLOWED:
        allowed = ", ".join(ALLOWED)
        told = RequestError("http.no_method", method=request.method, allowed=allowed)
        return problem(405, told, language, headers={"Allow": allowed})
    return problem(error.status_code, RequestError("http.bad_request"), language)


async def _on_invalid(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return problem(422, RequestError("http.bad_request"), _language(request))
