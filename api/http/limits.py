"""Bounds on what a client may send: the size of a body, and how often it asks."""

import time
from collections import OrderedDict
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.guards import PRIVATE, nothing
from api.http.negotiation import choose_language
from api.http.problems import RequestError, problem
from api.http.settings import Settings

__all__ = ["Limits"]

_MAX_CLIENTS: Final = 10_000


class _TooLargeError(Exception):
    """A body is longer than was said, or than may be."""


class Limits:
    """ASGI middleware: 413 for a body that is too large, 429 for a client that asks too often.

    Parameters
    ----------
    app
        What it protects.
    settings
        `max_body_bytes`, `max_requests_per_second`.
    language
        Language of problems when the request asks for none.
    """

    def __init__(self, app: ASGIApp, settings: Settings, language: str) -> None:
        self.app = app
        self.language = language
        self._max_body_bytes = settings.max_body_bytes
        self._rate = settings.max_requests_per_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, or refuse it; the planner's pages bound their files themselves."""
        if scope["type"] != "http" or scope["path"].startswith(f"{PRIVATE}/"):
            await self.app(scope, receive, send)
            return
        if self._rate is not None and not self._may_ask(scope, self._rate):
            await self._refuse(scope, send, 429, "http.too_often")
            return
        told = Headers(scope=scope).get("content-length", "0")
        if not told.isdecimal() or int(told) > self._max_body_bytes:
            await self._refuse(scope, send, 413, "http.body_too_large")
            return
        await self._bounded(scope, receive, send)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send) -> None:
        n_bytes, is_started = 0, False

        async def counted() -> Message:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if n_bytes > self._max_body_bytes:
                raise _TooLargeError
            return message

        async def noted(message: Message) -> None:
            nonlocal is_started
            is_started = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except _TooLargeError:
            if is_started:
                raise
            await self._refuse(scope, send, 413, "http.body_too_large")

    def _may_ask(self, scope: Scope, rate: float) -> bool:
        """Take one of the client's tokens: `rate` come in a second, twice as many are kept."""
        client = scope.get("client")
        name = client[0] if client else ""
        now = time.monotonic()
        tokens, then = self._buckets.pop(name, (2 * rate, now))
        tokens = min(2 * rate, tokens + (now - then) * rate)
        may_ask = tokens >= 1
        self._buckets[name] = (tokens - may_ask, now)
        if len(self._buckets) > _MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return may_ask

    async def _refuse(self, scope: Scope, send: Send, status: int, key: str) -> None:  # noqa: PLR0917
        accept = Headers(scope=scope).get("accept-language")
        language = choose_language(None, accept, self.language)
        headers = {"Connection": "close"} if status == 413 else {"Retry-After": "1"}  # noqa: PLR2004
        told = RequestError(key, maximum=self._max_body_bytes)
        await problem(status, told, language, headers=headers)(scope, nothing, send)
