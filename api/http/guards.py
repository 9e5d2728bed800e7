"""What holds for every answer: headers, no traceback, no body after HEAD, errors of one form."""

import logging
import re
from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.negotiation import choose_language
from api.http.problems import RequestError, problem
from geo.errors import GridCircleError

__all__ = ["ALLOWED", "PRIVATE", "Guard", "nothing"]

ALLOWED: Final = ("GET", "HEAD", "OPTIONS")
"""The service only reads."""

Header = tuple[bytes, bytes]

PRIVATE: Final = "/door"
"""The planner's pages: no other site may read them."""

_LOG: Final = logging.getLogger("gridcircle.http")
_HOST: Final = re.compile(r"[A-Za-z0-9._~\-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Accept-Ranges, Content-Crs, Content-Range, ETag, Link, Location",
    ),
)
_BAD: Final = 400
_BAD_RANGE: Final = 416


class Guard:
    """ASGI middleware around the application.

    Parameters
    ----------
    app
        What it guards.
    language
        Language of problems when the request asks for none.
    """

    def __init__(self, app: ASGIApp, language: str) -> None:
        self.app = app
        self.language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        language = choose_language(None, headers.get("accept-language"), self.language)
        answer = _Answer(scope, send, language)
        if not _HOST.fullmatch(headers.get("host", "localhost")):
            await answer.refuse(_BAD, RequestError("http.bad_host"))
            return
        try:
            await self.app(scope, receive, answer.send)
        except Exception:
            if answer.is_started:
                raise
            _LOG.exception("%s %s failed", scope["method"], scope["path"])
            await answer.refuse(500, GridCircleError("http.failed"))


class _Answer:
    """The way back of one request."""

    def __init__(self, scope: Scope, send: Send, language: str) -> None:
        self._scope = scope
        self._send = send
        self._language = language
        self._is_replaced = False
        self.is_started = False

    async def refuse(self, status: int, error: GridCircleError, *kept: Header) -> None:
        """Answer with a problem; `kept` are headers besides its own."""
        response = problem(status, error, self._language)
        response.raw_headers.extend(kept)
        await response(self._scope, nothing, self.send)

    async def send(self, message: Message) -> None:
        """Pass `message` on: headers added, a plain-text error of a library made a problem."""
        if message["type"] == "http.response.start":
            if _is_plain_error(message):
                await self._replace(message)
                return
            self.is_started = True
            message["headers"] = _with_own(message.get("headers", ()), self._scope["path"])
        elif self._is_replaced:
            return
        elif message["type"] == "http.response.body" and self._scope["method"] == "HEAD":
            message = {**message, "body": b""}
        await self._send(message)

    async def _replace(self, message: Message) -> None:
        """Say as a problem what `message` begins to say as text; drop what follows."""
        status = message["status"]
        is_range = status in {_BAD, _BAD_RANGE}
        kept = [item for item in message["headers"] if item[0] == b"content-range"]
        error = RequestError("http.bad_range" if is_range else "http.bad_request")
        await _Answer(self._scope, self._send, self._language).refuse(status, error, *kept)
        self.is_started = self._is_replaced = True


def _with_own(headers: Iterable[Header], path: str) -> list[Header]:
    """Return `headers` with ours where the answer says nothing; pages stay on their own site."""
    said = {name for name, _ in headers}
    is_private = path == PRIVATE or path.startswith(f"{PRIVATE}/")
    added = [
        item
        for item in _HEADERS
        if item[0] not in said and not (is_private and item[0].startswith(b"access-control"))
    ]
    return [*headers, *added]


async def nothing() -> Message:
    """Say that the client has gone: an answer of ours waits for nothing more."""
    return {"type": "http.disconnect"}


def _is_plain_error(message: Message) -> bool:
    kind = Headers(raw=message.get("headers", [])).get("content-type", "")
    return message["status"] >= _BAD and kind.startswith("text/plain")
