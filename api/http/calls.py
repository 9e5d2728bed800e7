"""One request, seen from the API root it was sent to, and the answer to it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from api.http.catalogue import Catalogue
from api.http.datasets import Dataset
from api.http.exports import Exports
from api.http.negotiation import Form
from api.http.roots import segment
from api.http.settings import Settings
from api.http.tiles import TileCache
from api.http.watching import Metrics
from api.http.whatif import Cities
from geo.words import text

__all__ = ["GEOJSON", "HTML", "JSON", "Answer", "Call", "Service", "json_answer", "segment"]

JSON: Final = "application/json"
GEOJSON: Final = "application/geo+json"
HTML: Final = "text/html"

_MEDIA: Final = MappingProxyType({"json": JSON, "html": HTML})
_OTHER: Final[Mapping[Form, Form]] = MappingProxyType({"json": "html", "html": "json"})
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Service:
    """What the application serves, and how; `has_desk` where it is a workspace: with jobs."""

    catalogue: Catalogue
    settings: Settings
    tiles: TileCache
    metrics: Metrics
    exports: Exports
    has_desk: bool = False
    cities: Cities = field(default_factory=Cities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A body with its media type; `headers` are added to those of every answer.

    `state`
        What the answer depends on besides the dataset and the request.
    """

    body: bytes
    media_type: str
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """A checked request.

    `server`, `root`
        URLs without a slash at their end: of the server, and of the API root within it.
    `project`, `version`
        What the path names of them, None where it names none.
    `path`
        Of the request, percent-encoded, from the server on.
    `names`
        What the path names: `collection`, `item`, `file`.
    `values`
        URL parameters by name.
    """

    service: Service
    dataset: Dataset
    server: str
    root: str
    project: str | None
    version: str | None
    path: str
    names: Mapping[str, str]
    values: Mapping[str, str]
    form: Form
    language: str

    @property
    def title(self) -> str:
        """Title of the API root."""
        return self.service.settings.title or self.dataset.title

    @property
    def is_default(self) -> bool:
        """True for the root of the server itself."""
        return self.root == self.server

    def word(self, name: str, /, **values: Any) -> str:  # noqa: ANN401
        """Return a text of `words/http.toml` in the language of the answer."""
        return text(f"http.{name}", self.language, **values)

    def other_word(self, key: str) -> str:
        """Return a text of any room in the language of the answer."""
        return text(key, self.language)

    def link(
        self, path: str, rel: str, *, media_type: str = JSON, title: str | None = None
    ) -> dict[str, str]:
        """Return a link to `path` below the root."""
        found = {"href": f"{self.root}{path}", "rel": rel, "type": media_type}
        return found if title is None else {**found, "title": title}

    def here(self, **changes: object) -> str:
        """Return the URL of this request with parameters changed; None leaves one out."""
        values = {**self.values, **changes}
        query = urlencode({k: v for k, v in values.items() if v is not None}, safe=",:/")
        url = f"{self.server}{self.path}"
        return f"{url}?{query}" if query else url

    def own_links(self, json_type: str = JSON) -> list[dict[str, str]]:
        """Return the links `self` and `alternate`."""
        types = {**_MEDIA, "json": json_type}
        other = _OTHER[self.form]
        return [
            {
                "href": self.here(),
                "rel": "self",
                "type": types[self.form],
                "title": self.word("this_document"),
            },
            {
                "href": self.here(f=other),
                "rel": "alternate",
                "type": types[other],
                "title": self.word(f"as_{other}"),
            },
        ]

    def etag(self, answer: Answer) -> str:
        """Return a weak tag: the same as long as the content is, whenever it was asked."""
        content = (self.dataset.digest, answer.state, self.title, answer.media_type)
        asked = (self.server, self.path, *self.values, *self.values.values(), self.language)
        parts = (*content, *asked)
        return f'W/"{hashlib.blake2b(chr(0).join(parts).encode(), digest_size=12).hexdigest()}"'


def json_answer(document: object, media_type: str = JSON, *, state: str = "") -> Answer:
    """Return `document` as JSON."""
    return Answer(body=orjson.dumps(document), media_type=media_type, state=state)
