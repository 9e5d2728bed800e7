"""What all pages of the door share: the workspace with its jobs, uploads and store."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.http.door.access import Access
from api.http.door.limits import Limits
from api.http.door.uploads import Uploads
from api.http.jobs import Jobs
from api.http.negotiation import choose_language
from geo.store import Store, Version, open_store
from geo.words import LANGUAGES, table, text

__all__ = ["PREFIX", "Desk", "Visit"]

PREFIX: Final = "/door"
"""Where the pages are."""

_LANGUAGE: Final = "gridcircle_lang"
_CSP: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _CSP,
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
_YEAR_SECONDS: Final = 31_536_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Desk:
    """One workspace, open."""

    workspace: Path
    jobs: Jobs
    uploads: Uploads
    access: Access
    language: str = "zh"
    limits: Limits = field(default_factory=Limits)

    def store(self) -> Store:
        """Return the store, made where there is none yet."""
        return open_store(self.workspace, create=True)

    def versions(self) -> tuple[Version, ...]:
        """Return all versions, the newest first."""
        return tuple(reversed(self.store().versions()))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Visit:
    """One request for a page."""

    request: Request
    desk: Desk
    language: str
    asked: str | None

    @classmethod
    def of(cls, request: Request, desk: Desk) -> "Visit":
        """Return the visit of a request: its language by `lang`, cookie, browser, server."""
        given = request.query_params.get("lang")
        asked = given if given in LANGUAGES else None
        kept = request.cookies.get(_LANGUAGE)
        chosen = asked or (kept if kept in LANGUAGES else None)
        accept = request.headers.get("accept-language")
        language = chosen or choose_language(None, accept, desk.language)
        return cls(request=request, desk=desk, language=language, asked=asked)

    def name(self, key: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[key])

    def url(self, *parts: object) -> str:
        """Return the address of a page of the door."""
        root = self.request.scope.get("root_path", "")
        return "/".join([f"{root}{PREFIX}", *(str(part) for part in parts)])

    def word(self, key: str, /, **values: Any) -> str:  # noqa: ANN401
        """Return a text of `words/door.toml`."""
        return text(f"door.{key}", self.language, **values)

    def _other_word(self, key: str) -> str:
        """Return a text of any room."""
        return text(key, self.language)

    def _maybe(self, key: str) -> str:
        """Return a text of the door, nothing where there is none: names that may grow."""
        return self.word(key) if key in table("door") else ""

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:  # noqa: ANN401
        """Return a page; everything in it is escaped."""
        body = (
            _environment()
            .get_template(template)
            .render(
                t=self.word,
                word=self._other_word,
                maybe=self._maybe,
                url=self.url,
                lang=self.language,
                other="en" if self.language == "zh" else "zh",
                path=self.request.scope["path"],
                access=self.desk.access,
                can_write=self.desk.access.can_be_written,
                number=_number,
                share=_share,
                moment=_moment,
                **values,
            )
        )
        response = HTMLResponse(body, status_code=status, headers=_HEADERS)
        response.headers["Content-Language"] = self.language
        if self.asked is not None:
            response.set_cookie(
                _LANGUAGE, self.asked, max_age=_YEAR_SECONDS, httponly=True, samesite="lax"
            )
        return response

    def go(self, *parts: object) -> Response:
        """Return the way to another page."""
        return RedirectResponse(self.url(*parts), status_code=303, headers=_HEADERS)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("api.http.door", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    """Return a share as percent that never rounds to all or to nothing."""
    if value is None:
        return "–"
    if 0 < value < 0.001 or 0.999 < value < 1:  # noqa: PLR2004 a tenth of a percent
        return "<0.1%" if value < 0.5 else ">99.9%"  # noqa: PLR2004 half
    return f"{value:.1%}"


def _moment(value: str) -> str:
    """Return an ISO time to the minute, as the clock of the server shows it."""
    return f"{datetime.fromisoformat(value).astimezone():%Y-%m-%d %H:%M}" if value else ""
