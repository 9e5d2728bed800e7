"""The gate of every page: no element of it loads from elsewhere; a policy forbids it besides."""

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Final

from geo.errors import GridCircleError

__all__ = ["external_references", "policy", "require_offline"]

_LOADING: Final = frozenset(
    {
        "action",
        "background",
        "codebase",
        "data",
        "formaction",
        "href",
        "longdesc",
        "manifest",
        "ping",
        "poster",
        "src",
        "srcdoc",
        "srcset",
        "xlink:href",
    }
)
"""Attributes that make a browser load, or go to, another address."""

_FORBIDDEN: Final = frozenset(
    {"applet", "base", "embed", "frame", "iframe", "link", "object", "portal"}
)
"""Elements that have no business in a page of one file."""

_CSS_LOADS: Final = re.compile(r"@import|url\(\s*['\"]?(?!data:|#)[^)]*\)?", re.IGNORECASE)


class _Reader(HTMLParser):
    """Collects what the page would load, and the text of its inline scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.loads: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._into: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _FORBIDDEN or given.get("http-equiv", "").lower() == "refresh":
            self.loads.append(f"<{tag}>")
        self.loads += [
            f'<{tag} {name}="{value[:80]}">'
            for name, value in given.items()
            if name in _LOADING and not value.startswith(("#", "data:"))
        ]
        self.loads += _css_loads(given.get("style", ""))
        self._into = None
        if tag == "style":
            self._into = self.styles
        elif tag == "script" and given.get("type", "") in {"", "text/javascript", "module"}:
            self._into = self.scripts
        if self._into is not None:
            self._into.append("")

    def handle_data(self, data: str) -> None:
        if self._into is not None:
            self._into[-1] += data

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._into = None


def external_references(html: str) -> tuple[str, ...]:
    """Return every place of `html` that would load something from elsewhere, in order.

    Text inside scripts does not count (Leaflet names addresses in its comments); the policy of the
    page and the tests in a browser answer for that.
    """
    reader = _read(html)
    return (*reader.loads, *(hit for style in reader.styles for hit in _css_loads(style)))


def require_offline(html: str) -> str:
    """Return `html` as it is.

    Raises
    ------
    GridCircleError
        If an element of it would load anything from elsewhere.
    """
    loads = external_references(html)
    if loads:
        raise GridCircleError("maps.loads_from_elsewhere", what=", ".join(loads[:5]))
    return html


def policy(html: str) -> str:
    """Return the content security policy that lets exactly the inline code of `html` run.

    Nothing may be fetched from anywhere: pictures are data URIs, scripts and styles are named by
    their SHA-256.
    """
    reader = _read(html)
    scripts = " ".join(dict.fromkeys(map(_hash, reader.scripts))) or "'none'"
    styles = " ".join(dict.fromkeys(map(_hash, reader.styles))) or "'none'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src {styles}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _read(html: str) -> _Reader:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader


def _css_loads(style: str) -> list[str]:
    return [hit[:80] for hit in _CSS_LOADS.findall(style)]


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
