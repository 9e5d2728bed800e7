"""From a request to a checked `Call`: root, parameters, form and language."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.http.calls import Call, Service
from api.http.catalogue import Catalogue
from api.http.datasets import Dataset
from api.http.guards import ALLOWED
from api.http.negotiation import choose_form, choose_language
from api.http.queries import ITEMS_PARAMETERS, single_values
from api.http.roots import root_path

__all__ = ["COMMON", "options", "read_call"]

COMMON: Final = ("f", "lang")
"""Parameters that every document takes."""

_HEADERS: Final = (
    "Accept, Accept-Language, Authorization, Content-Type, If-None-Match, Prefer, Range"
)
_PATH_SAFE: Final = "/~:@!$&'()*+,;="


def options(*methods: str) -> Response:
    """Return what OPTIONS is answered: by default the methods of what only reads."""
    allowed = ", ".join(methods or ALLOWED)
    return Response(
        status_code=204,
        headers={
            "Allow": allowed,
            "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers": _HEADERS,
            "Access-Control-Max-Age": "86400",
        },
    )


async def read_call(request: Request, known: Iterable[str] | None) -> Call:
    """Return `request` checked; `known` are its parameters, None: those of items.

    Raises
    ------
    RequestError
        If a parameter is not known, comes twice, or cannot be read.
    NotFoundError
        If there is no such project, version or collection.
    """
    service: Service = request.app.state.service
    names = dict(request.path_params)
    project, version = names.pop("project", None), names.pop("version", None)
    dataset = await _dataset(service.catalogue, project, version)
    if known is None:
        columns = dataset.table(names["collection"]).columns
        known = {**dict.fromkeys((*ITEMS_PARAMETERS, *COMMON)), **columns}
    values = single_values(request.query_params.multi_items(), known)
    settings = service.settings
    server = settings.public_url or str(request.base_url).rstrip("/")
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    accept = request.headers
    return Call(
        service=service,
        dataset=dataset,
        server=server,
        root=f"{server}{root_path(project, version)}",
        project=project,
        version=version,
        path=quote(path, safe=_PATH_SAFE),
        names=names,
        values=values,
        form=choose_form(values.get("f"), accept.get("accept")),
        language=choose_language(
            values.get("lang"),
            accept.get("accept-language"),
            settings.language or dataset.language,
        ),
    )


async def _dataset(catalogue: Catalogue, project: str | None, version: str | None) -> Dataset:
    """Return what is asked for; read aside, so that others are answered meanwhile."""
    catalogue.refresh()
    found = catalogue.held(project, version)
    if found is None:
        found = await run_in_threadpool(catalogue.find, project, version)
    return found
