"""The addresses of the door, and what holds for all of them: who may, and how errors are told."""

import logging
from collections.abc import Awaitable, Callable
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from inspect import iscoroutinefunction
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.http.door import ledgers, results, reviewing, starting, waiting
from api.http.door.access import AccessError, require_same_origin
from api.http.door.desk import PREFIX, Desk, Visit
from api.http.door.limits import TooLargeError, UploadError
from api.http.jobs import JobsFullError
from geo.errors import GridCircleError, NotFoundError, OutputError

__all__ = ["door_routes"]

_LOG: Final = logging.getLogger("gridcircle.door")
_ASSETS: Final = {
    "door.css": "text/css; charset=utf-8",
    "door.js": "text/javascript; charset=utf-8",
}
_STATUS: Final = (
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (UploadError, HTTPStatus.BAD_REQUEST),
    (AccessError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (JobsFullError, HTTPStatus.SERVICE_UNAVAILABLE),
)

Handler = Callable[[Visit], Response | Awaitable[Response]]

_PAGES: Final[tuple[tuple[str, str, Handler], ...]] = (
    ("GET", "", starting.home),
    ("POST", "/logout", starting.logout),
    ("POST", "/uploads", starting.receive_upload),
    ("GET", "/uploads/{upload}", reviewing.review),
    ("POST", "/uploads/{upload}", reviewing.change_upload),
    ("GET", "/uploads/{upload}/quarantine.csv", reviewing.quarantine),
    ("GET", "/jobs/{job}", waiting.job_page),
    ("GET", "/jobs/{job}/state", waiting.job_state),
    ("POST", "/jobs/{job}/cancel", waiting.cancel),
    ("GET", "/versions/{version}", results.version_page),
    ("POST", "/versions/{version}/compare", results.compare),
    ("GET", "/versions/{version}/files/{file}", results.version_file),
    ("GET", "/lookbacks/{job}", results.look_back_page),
    ("GET", "/lookbacks/{job}/files/{file}", results.look_back_file),
    ("POST", "/projects/{project}/ledger", ledgers.receive_ledger),
    ("GET", "/projects/{project}/ledger.xlsx", ledgers.send_ledger),
    ("GET", "/ledgers/{job}", ledgers.ledger_page),
    ("GET", "/templates/{template}", ledgers.send_template),
)


def door_routes(desk: Desk) -> list[Route]:
    """Return the routes of the door to one workspace."""
    handlers: dict[str, dict[str, Handler]] = {}
    for method, path, handler in _PAGES:
        handlers.setdefault(path, {})[method] = handler
    routes = [
        Route(f"{PREFIX}{path}", _endpoint(desk, mine), methods=[*mine])
        for path, mine in handlers.items()
    ]
    return [
        *routes,
        Route(f"{PREFIX}/uploads", _home(desk), methods=["GET"]),
        Route(f"{PREFIX}/", _home(desk), methods=["GET"]),
        Route(f"{PREFIX}/login", _login(desk), methods=["GET", "POST"]),
        Route(f"{PREFIX}/assets/{{name}}", _asset, methods=["GET"]),
    ]


def _endpoint(desk: Desk, handlers: dict[str, Handler]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        visit = Visit.of(request, desk)
        is_reading = request.method in {"GET", "HEAD"}
        try:
            desk.access.require_local(request)
            if not desk.access.is_known(request) and is_reading:
                return visit.go("login")
            if not is_reading:
                desk.access.require(request)
            return await _answer(handlers["GET" if is_reading else request.method], visit)
        except GridCircleError as error:
            return _told(visit, error)
        except Exception:  # noqa: BLE001 a page for people, whatever went wrong
            _LOG.exception("%s %s failed", request.method, request.scope["path"])
            return _told(visit, OutputError("http.failed"))

    return endpoint


async def _answer(handler: Handler, visit: Visit) -> Response:
    if iscoroutinefunction(handler):
        answer: Response = await handler(visit)
        return answer
    return await run_in_threadpool(handler, visit)  # type: ignore[arg-type]


def _login(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        visit = Visit.of(request, desk)
        if desk.access.token is None:
            return visit.go()
        try:
            if request.method != "POST":
                return starting.login_page(visit)
            require_same_origin(request)
            return await starting.login(visit)
        except GridCircleError as error:
            fault = error.text(visit.language)
            return visit.page("login.html", status=int(HTTPStatus.FORBIDDEN), fault=fault)

    return endpoint


def _home(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return Visit.of(request, desk).go()

    return endpoint


def _told(visit: Visit, error: GridCircleError) -> Response:
    """Return an error as a page."""
    status = next(
        (s for kind, s in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _LOG.error("%s: %s", visit.request.scope["path"], error)
    reason = error.text(visit.language)
    return visit.page("error.html", status=int(status), reason=reason, is_reading=False)


async def _asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in _ASSETS:
        return RedirectResponse(PREFIX, status_code=303)
    body, tag = _asset_bytes(name)
    headers = {"ETag": tag, "Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=_ASSETS[name], headers=headers)


@cache
def _asset_bytes(name: str) -> tuple[bytes, str]:
    body = files("api.http.door").joinpath("assets", name).read_bytes()
    return body, f'"{sha256(body).hexdigest()[:16]}"'
