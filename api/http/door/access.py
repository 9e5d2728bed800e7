"""Who may write: a token, told by header or kept by a cookie after a login; or anyone, locally."""

import secrets
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from api.http.problems import RequestError

__all__ = ["COOKIE", "Access", "AccessError", "is_local"]

COOKIE: Final = "gridcircle_session"

_LOCAL: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_HOURS: Final = 12
_MOST_SESSIONS: Final = 1000
_TRIES: Final = 10
_TRIES_SECONDS: Final = 60.0
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class AccessError(RequestError):
    """A request that may not do what it asks for."""


@dataclass(slots=True, kw_only=True)
class Access:
    """The rule of one server.

    `token`
        Who knows it may write; then whoever does not may not read the pages of the door either.
    `is_open`
        True where anyone on this machine may write; never beside a token.
    """

    token: str | None = None
    is_open: bool = False
    _sessions: dict[str, float] = field(default_factory=dict)
    _failures: deque[float] = field(default_factory=deque)

    @property
    def can_be_written(self) -> bool:
        """True where anyone may write at all."""
        return self.is_open or self.token is not None

    def login(self, token: str) -> str:
        """Return the value of a cookie for whoever knows the token.

        Raises
        ------
        AccessError
            If it is another, or too many were tried.
        """
        now = time.monotonic()
        while self._failures and now - self._failures[0] > _TRIES_SECONDS:
            self._failures.popleft()
        if len(self._failures) >= _TRIES:
            raise AccessError("door.many_tries")
        if not self._is_token(token):
            self._failures.append(now)
            raise AccessError("door.wrong_token")
        for old in [name for name, until in self._sessions.items() if until < now]:
            del self._sessions[old]
        if len(self._sessions) >= _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        session = secrets.token_urlsafe(32)
        self._sessions[session] = now + _HOURS * 3600
        return session

    def logout(self, request: Request) -> None:
        """Forget the session of a request."""
        self._sessions.pop(request.cookies.get(COOKIE, ""), None)

    def is_known(self, request: Request) -> bool:
        """Return True where a request comes with the token, a session, or needs neither."""
        if self.token is None:
            return True
        if self._has_bearer(request):
            return True
        until = self._sessions.get(request.cookies.get(COOKIE, ""), 0.0)
        return until > time.monotonic()

    def require(self, request: Request) -> None:
        """Check that a request may write.

        Raises
        ------
        AccessError
            If nobody may, it does not know the token, or another site's page sent it.
        """
        if not self.can_be_written:
            raise AccessError("door.read_only")
        self.require_local(request)
        if not self.is_known(request):
            raise AccessError("door.need_token")
        if not self._has_bearer(request):
            require_same_origin(request)

    def require_local(self, request: Request) -> None:
        """Check that a server without a token is asked for by a name of this machine.

        A page of another site may have had its own name resolved to this machine.

        Raises
        ------
        AccessError
            If it is asked for by another.
        """
        if self.is_open and not is_local(request.url.hostname or ""):
            raise AccessError("door.not_local")

    def _has_bearer(self, request: Request) -> bool:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        return kind.casefold() == "bearer" and self._is_token(value.strip())

    def _is_token(self, value: str) -> bool:
        given = value.encode("utf-8", errors="replace")
        return self.token is not None and secrets.compare_digest(given, self.token.encode())


def require_same_origin(request: Request) -> None:
    """Check that a page of this server sent a request, by `Origin`, else by `Referer`.

    Raises
    ------
    AccessError
        If another page did, or it cannot be told.
    """
    if request.method in _SAFE:
        return
    told = request.headers.get("origin") or request.headers.get("referer") or ""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise AccessError("door.foreign_page")
    if urlsplit(told).netloc.casefold() != request.headers.get("host", "").casefold() or not told:
        raise AccessError("door.foreign_page")


def is_local(host: str) -> bool:
    """Return True for the names of this machine."""
    return host.strip("[]").casefold() in _LOCAL
