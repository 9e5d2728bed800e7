"""Errors as `application/problem+json` (RFC 9457): one table from error to status."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import orjson
from starlette.responses import Response

from geo.errors import GridCircleError, NotFoundError

__all__ = ["PROBLEM_TYPE", "RequestError", "problem", "problem_of", "status_of"]

PROBLEM_TYPE: Final = "application/problem+json"

_MAX_DETAIL: Final = 1000


class RequestError(GridCircleError, ValueError):
    """A request that cannot be answered as it stands."""


_STATUS: Final = ((RequestError, HTTPStatus.BAD_REQUEST), (NotFoundError, HTTPStatus.NOT_FOUND))


def status_of(error: GridCircleError) -> HTTPStatus:
    """Return the status that tells of `error`; 500 where it is no fault of the request."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return HTTPStatus.INTERNAL_SERVER_ERROR


def problem(
    status: int,
    error: GridCircleError,
    language: str,
    *,
    headers: Mapping[str, str] | None = None,
    kind: str | None = None,
) -> Response:
    """Return `error` as a problem document; `code` is stable, `detail` is for people.

    `kind` is the URI of a kind of problem that a specification names.
    """
    body = {
        "type": kind or "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "detail": error.text(language)[:_MAX_DETAIL],
        "code": error.key,
    }
    return Response(
        orjson.dumps(body),
        status_code=int(status),
        media_type=PROBLEM_TYPE,
        headers={"Cache-Control": "no-store", "Content-Language": language, **(headers or {})},
    )


def problem_of(error: GridCircleError, language: str) -> Response:
    """Return `error` as a problem document; a fault of the server is not described."""
    status = status_of(error)
    told = error if status < HTTPStatus.INTERNAL_SERVER_ERROR else GridCircleError("http.failed")
    return problem(status, told, language)
