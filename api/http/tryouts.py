"""`/coverage`: the answers to what-if questions."""

from http import HTTPStatus
from typing import Final

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.http import pages
from api.http.calls import JSON, Call
from api.http.problems import RequestError, problem
from api.http.whatif import BusyError, edits_of_values, read_edits

__all__ = ["coverage_response"]

_MAX_BYTES: Final = 100_000


async def coverage_response(call: Call, request: Request) -> Response:
    """Return what the edits of a request make of the city: of its body, or of its URL.

    Nothing is kept, so no token is asked for.
    """
    if request.method == "POST":
        body = await _body(request)
        if body is None:
            told = RequestError("http.body_too_large", maximum=_MAX_BYTES)
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, told, call.language)
        edits = read_edits(body)
    else:
        edits = edits_of_values(call.values)
    cities = call.service.cities
    try:
        found = await run_in_threadpool(cities.answer, call.dataset, edits, call.language)
    except BusyError as error:
        headers = {"Retry-After": "1"}
        return problem(HTTPStatus.TOO_MANY_REQUESTS, error, call.language, headers=headers)
    headers = {
        "Cache-Control": "no-store",
        "Vary": "Accept, Accept-Encoding, Accept-Language",
        "Content-Language": call.language,
    }
    if call.form == "html" and request.method != "POST":
        shown = pages.document_page(call, call.word("whatif"), orjson.loads(found))
        return Response(
            shown.body, media_type=shown.media_type, headers={**headers, **shown.headers}
        )
    return Response(found, media_type=JSON, headers=headers)


async def _body(request: Request) -> bytes | None:
    """Return the body of a request, None where it is too large."""
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > _MAX_BYTES:
            return None
    return bytes(held)
