"""JSON or HTML, Chinese or English: what a request asks for."""

from typing import Final, Literal

from starlette.requests import Request

from api.http.problems import RequestError
from geo.words import LANGUAGES

__all__ = ["FORMS", "Form", "accepts_gzip", "choose_form", "choose_language"]

Form = Literal["json", "html"]

FORMS: Final = ("json", "html")

_HTML: Final = frozenset({"text/html", "application/xhtml+xml"})


def choose_form(asked: str | None, accept: str | None) -> Form:
    """Return the form of the answer: `f` when given, else by `Accept`.

    `*/*`, nothing and anything unknown are JSON.

    Raises
    ------
    RequestError
        If `asked` is no form of ours.
    """
    if asked is not None:
        if asked not in FORMS:
            raise RequestError("http.bad_choice", name="f", known=", ".join(FORMS), value=asked)
        return "html" if asked == "html" else "json"
    if accept is None or "html" not in accept:
        return "json"
    weights = _weights(accept)
    html = max((q for name, q in weights.items() if name in _HTML), default=0.0)
    json = max((q for name, q in weights.items() if name.endswith(("/json", "+json"))), default=0.0)
    return "html" if html > json else "json"


def accepts_gzip(request: Request) -> bool:
    """Return True where the client takes answers that are compressed by gzip."""
    accept = request.headers.get("accept-encoding", "")
    if "gzip" not in accept:
        return False
    return accept == "gzip" or _weights(accept).get("gzip", 0.0) > 0


def choose_language(asked: str | None, accept: str | None, default: str) -> str:
    """Return the language: `lang` when given, else by `Accept-Language`, else `default`.

    Raises
    ------
    RequestError
        If `asked` is no language of ours.
    """
    if asked is not None:
        if asked not in LANGUAGES:
            raise RequestError(
                "http.bad_choice", name="lang", known=", ".join(LANGUAGES), value=asked
            )
        return asked
    if not accept:
        return default
    ranked = sorted(_weights(accept).items(), key=lambda item: -item[1])
    for name, weight in ranked:
        primary = name.split("-", 1)[0]
        if weight > 0 and primary in LANGUAGES:
            return primary
    return default


def _weights(header: str) -> dict[str, float]:
    """Return the names in an Accept header, in lower case, with their q (0: unreadable)."""
    found: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        found[name] = weight
    return found
