"""A Folium figure that carries everything inside itself.

Folium and branca compile what a template rendered as a template again, so an attribute `{{7*7}}`
would come out as 49. Here nothing but constants passes through their templates: data, scripts and
styles are `RawElement`, whose `render` returns text, and the page is put together as plain text.
"""

from html import escape
from typing import Final

from branca.element import CssLink, Element, Figure, JavascriptLink

from maps.offline import policy, require_offline
from maps.vendored import vendored_file, vendored_text

__all__ = ["OfflineFigure", "RawElement", "script", "style"]

_NO_ZOOM: Final = ", maximum-scale=1.0, user-scalable=no"
"""What Folium writes in its viewport; people who need larger text must be able to zoom."""


class RawElement(Element):  # type: ignore[misc,unused-ignore]
    """An element whose text reaches the page as it is, past every template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._name = "RawElement"
        self._text = text

    def render(self, **_kwargs: object) -> str:
        """Return the text."""
        return self._text


class OfflineFigure(Figure):  # type: ignore[misc,unused-ignore]
    """A figure whose page loads nothing: links become vendored copies, an unknown link raises.

    Parameters
    ----------
    title
        Title of the page; escaped here, never given to a template.
    language
        Language of the page as it opens, `zh` or `en`.
    last_script
        Our own script, run when everything that Folium writes has run.
    """

    def __init__(self, *, title: str, language: str, last_script: str = "") -> None:
        super().__init__()
        self._last_script = last_script
        self._title_text = title
        self._language = language

    def render(self, **kwargs: object) -> str:
        """Return the page, with a policy that forbids every request.

        Raises
        ------
        NotFoundError
            If an element asks for a script or style that is not vendored.
        GridCircleError
            If the page would still load something from elsewhere.
        """
        for child in list(self._children.values()):
            child.render(**kwargs)
        parts = list(self.header._children.values())  # noqa: SLF001
        parts.sort(key=lambda part: isinstance(part, RawElement))  # our style overrides Leaflet's
        head = "\n".join(map(_inlined, parts))
        body = "\n".join(part.render() for part in self.html._children.values())  # noqa: SLF001
        code = [part.render() for part in self.script._children.values()]  # noqa: SLF001
        code.append(self._last_script)
        rest = f"{head}\n</head>\n<body>\n{body}\n" + "\n".join(map(script, filter(None, code)))
        tail = f"<title>{escape(self._title_text)}</title>\n{rest}\n</body>\n</html>\n"
        language = {"zh": "zh-Hans"}.get(self._language, self._language)
        return require_offline(
            f'<!DOCTYPE html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy(tail))}">\n{tail}'
        )


def script(text: str) -> str:
    """Return an inline script; a closing tag inside a string literal or comment cannot end it."""
    safe = text.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    return f"<script>{safe}</script>"


def style(text: str) -> str:
    """Return an inline style sheet."""
    safe = text.replace("</style", "<\\2f style")
    return f"<style>{safe}</style>"


def _inlined(part: Element) -> str:
    """Return a head element as text, a link as the vendored copy."""
    if isinstance(part, JavascriptLink):
        return script(vendored_text(vendored_file(part.url)))
    if isinstance(part, CssLink):
        return style(vendored_text(vendored_file(part.url)))
    return str(part.render()).replace(_NO_ZOOM, "")
