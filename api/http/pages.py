"""The HTML pages: plain, without scripts, every text of the data escaped."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

import orjson

from api.http.assets import STYLE, asset_path
from api.http.calls import HTML, Answer, Call, segment
from api.http.codes import stable_link
from api.http.datasets import MAP_FILE
from api.http.documents import OPENAPI_TYPE, column_title, project_of
from api.http.exports import export_names
from api.http.features import FeatureTable
from api.http.items import Page
from api.http.sketches import sketch_of

__all__ = [
    "collection_page",
    "collections_page",
    "conformance_page",
    "docs_page",
    "document_page",
    "files_page",
    "item_page",
    "items_page",
    "landing_page",
    "locate_page",
    "projects_page",
    "queryables_page",
    "versions_page",
]

_CSP: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)

_DECIMALS: Final = 6
_ON_MAP: Final = {"grids": "grid", "sites": "site", "units": "unit", "findings": "finding"}
"""What the address of the map names a feature by."""

Cell = str
"""HTML that is safe: made by `_text` or `_anchor`."""


def landing_page(call: Call) -> Answer:
    """Return the landing page."""
    names = ["collections", "files", "docs", "conformance"]
    if MAP_FILE in call.dataset.files:
        names.insert(0, "map")
    if call.is_default:
        names.append("projects")
    body = f"<p>{_text(call.word('landing_description', title=call.title))}</p>" + _list(
        _anchor(_url(call, name), call.word(name)) for name in names
    )
    if call.service.has_desk:
        body = f"<p>{_anchor(f'{call.server}/door', call.word('door'))}</p>{body}"
    return _page(call, call.title, body)


def conformance_page(call: Call, classes: Sequence[str]) -> Answer:
    """Return the conformance classes."""
    return _page(call, call.word("conformance"), _list(_text(uri) for uri in classes))


def collections_page(call: Call) -> Answer:
    """Return the list of collections."""
    rows = [
        [
            _anchor(_url(call, "collections", table.name), call.word(table.name)),
            _text(len(table)),
            _text(call.word(f"{table.name}_description")),
        ]
        for table in call.dataset.tables.values()
    ]
    head = [call.word("collection"), call.word("features"), call.word("description")]
    return _page(call, call.word("collections"), _table(head, rows))


def collection_page(call: Call, table: FeatureTable) -> Answer:
    """Return one collection."""
    title = call.word(table.name)
    path = ("collections", table.name)
    bbox = ", ".join(f"{value:.6f}" for value in table.bbox_deg or ())
    body = (
        f"<p>{_text(call.word(f'{table.name}_description'))}</p>"
        + sketch_of(table)
        + _table(
            [],
            [
                [_text(call.word("features")), _text(len(table))],
                [_text(call.word("extent")), _text(bbox)],
            ],
        )
        + _list(
            [
                _anchor(_url(call, *path, "items"), call.word("items_of", title=title)),
                _anchor(_url(call, *path, "queryables"), call.word("queryables_of", title=title)),
                _anchor(_url(call, *path, "tiles"), call.word("tiles")),
            ]
        )
    )
    return _page(call, title, body)


def items_page(call: Call, table: FeatureTable, page: Page) -> Answer:
    """Return a page of features as a table of their properties."""
    features = [table.feature(int(row)) for row in page.rows]
    names = list(dict.fromkeys(name for feature in features for name in feature["properties"]))
    rows = [
        [
            _anchor(_url(call, "collections", table.name, "items", feature["id"]), feature["id"]),
            *(_text(feature["properties"].get(name)) for name in names),
        ]
        for feature in features
    ]
    around = [link for link in page.links(call) if link["rel"] in {"prev", "next"}]
    nav = "".join(_anchor(link["href"], link["title"]) for link in around)
    first = page.start + 1 if rows else 0
    told = call.word("matched", n=page.matched, first=first, last=page.start + len(rows))
    head = ["id", *(column_title(call, table, name) for name in names)]
    body = f"<p>{_text(told)}</p><nav>{nav}</nav>{_table(head, rows)}<nav>{nav}</nav>"
    return _page(call, call.word("items_of", title=call.word(table.name)), body)


def item_page(call: Call, table: FeatureTable, row: int) -> Answer:
    """Return one feature as a table."""
    feature = table.feature(row)
    geometry = feature["geometry"] or {}
    rows = _properties(call, table, feature["properties"])
    rows.append([_text(call.word("geometry")), _text(geometry.get("type"))])
    links = [_anchor(_url(call, "collections", table.name), call.word(table.name))]
    if MAP_FILE in call.dataset.files and table.name in _ON_MAP:
        shown = f"{call.root}/map#{_ON_MAP[table.name]}={segment(feature['id'])}"
        links.append(_anchor(shown, call.word("on_the_map")))
    link = stable_link(call, table, feature["id"])
    code = f"{call.root}/qr/{segment(table.name)}/{segment(feature['id'])}.svg"
    rows.append([_text(call.word("stable_link")), _anchor(link, link)])
    picture = f'<img src="{escape(code)}" alt="{_text(call.word("qr"))}" width="150" height="150">'
    body = f"{sketch_of(table, row)}{_table([], rows)}<nav>{''.join(links)}</nav>{picture}"
    return _page(call, f"{call.word(table.name)} · {feature['id']}", body)


def queryables_page(call: Call, table: FeatureTable, document: Mapping[str, Any]) -> Answer:
    """Return what can be filtered by."""
    title = call.word("queryables_of", title=call.word(table.name))
    rows = [
        [
            f"<code>{_text(name)}</code>",
            _text(entry["title"]),
            _text(entry.get("type", entry.get("format"))),
        ]
        for name, entry in document["properties"].items()
    ]
    return _page(call, title, _table([call.word("name"), call.word("title"), "type"], rows))


def projects_page(call: Call) -> Answer:
    """Return the list of projects."""
    query = _query(call)
    rows = []
    for project in call.service.catalogue.projects():
        href = f"{call.server}/projects/{segment(project.project_id)}"
        versions = _anchor(f"{href}/versions{query}", len(project.versions))
        rows.append([_anchor(f"{href}{query}", project.title), versions])
    head = [call.word("project"), call.word("versions")]
    return _page(
        call,
        call.word("projects"),
        _table(head, rows),
        state=call.service.catalogue.revision,
    )


def versions_page(call: Call) -> Answer:
    """Return the list of the versions of a project, the newest first."""
    project = project_of(call)
    base = f"{call.server}/projects/{segment(project.project_id)}/versions"
    rows = [
        [
            _anchor(f"{base}/{segment(each.version_id)}{_query(call)}", each.version_id),
            _text(each.name),
            _text(each.created_at),
        ]
        for each in reversed(project.versions)
    ]
    head = [call.word("version"), call.word("name"), call.word("created")]
    title = call.word("versions_of", title=project.title)
    return _page(call, title, _table(head, rows), state=call.service.catalogue.revision)


def files_page(call: Call) -> Answer:
    """Return the files that can be fetched."""
    names = [*call.dataset.files, *export_names(call.dataset)]
    links = [_anchor(f"{call.root}/files/{segment(name)}", name) for name in names]
    return _page(call, call.word("files"), _list(links))


def locate_page(call: Call, document: Mapping[str, Any]) -> Answer:
    """Return the grid and the units at a point."""
    parts = [f"<p>{_text(document['lon'])}, {_text(document['lat'])}</p>"]
    if document["grid"] is None:
        parts.append(f"<p>{_text(call.word('in_no_grid'))}</p>")
    for name in ("grids", "units"):
        table = call.dataset.tables.get(name)
        for found in document[name] if table is not None else ():
            heading = _anchor(_url(call, "collections", name, "items", found["id"]), found["id"])
            rows = _properties(call, table, found["properties"])
            parts.append(f"<h2>{_text(call.word(name))} {heading}</h2>{_table([], rows)}")
    return _page(call, call.word("locate"), "".join(parts))


def document_page(call: Call, title: str, document: Mapping[str, Any]) -> Answer:
    """Return a document as it is, for people who read JSON."""
    shown = orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()
    return _page(call, title, f"<pre>{_text(shown)}</pre>")


def docs_page(call: Call, document: Mapping[str, Any]) -> Answer:
    """Return the OpenAPI document for people."""
    rows = [
        [
            f"<code>{method.upper()} {_text(path)}</code>",
            _text(operation["summary"]),
            " ".join(
                f"<code>{_text(p.get('name') or p['$ref'].rsplit('/', 1)[-1])}</code>"
                for p in operation.get("parameters", ())
            ),
        ]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    link = _anchor(f"{call.root}/openapi?f=json", f"{call.word('openapi')} ({OPENAPI_TYPE})")
    head = [call.word("path"), call.word("description"), call.word("parameters")]
    return _page(call, call.word("docs"), f"<p>{link}</p>{_table(head, rows)}")


def _page(call: Call, title: str, body: str, *, state: str = "") -> Answer:
    """Return a whole page around `body`, which is safe HTML."""
    other = "en" if call.language == "zh" else "zh"
    switch = _anchor(call.here(lang=other), call.word("other_language"))
    as_json = _anchor(call.here(f="json"), "JSON")
    home = _anchor(_url(call), call.title)
    lang = "zh-CN" if call.language == "zh" else "en"
    whole = (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{_text(title)}</title>"
        f'<link rel="stylesheet" href="{_text(asset_path(call, STYLE))}"></head><body>'
        f"<header><span>{home}</span>{as_json}{switch}</header>"
        f"<main><h1>{_text(title)}</h1>{body}</main></body></html>"
    )
    return Answer(
        body=whole.encode(),
        media_type=f"{HTML}; charset=utf-8",
        headers={"Content-Security-Policy": _CSP},
        state=state,
    )


def _text(value: object) -> Cell:
    """Return any value of the data as text that is safe in HTML."""
    if value is None:
        return ""
    if isinstance(value, list):
        return escape("、".join(str(item) for item in value))
    if isinstance(value, bool):
        return str(value).lower()
    return escape(str(round(value, _DECIMALS) if isinstance(value, float) else value))


def _anchor(href: str, label: object) -> Cell:
    """Return a link to a URL of ours."""
    return f'<a href="{escape(href)}">{_text(label)}</a>'


def _list(cells: Iterable[Cell]) -> str:
    return f"<ul>{''.join(f'<li>{cell}</li>' for cell in cells)}</ul>"


def _table(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    top = f"<thead><tr>{''.join(f'<th>{_text(h)}</th>' for h in head)}</tr></thead>" if head else ""
    lines = (f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table>{top}<tbody>{"".join(lines)}</tbody></table></div>'


def _properties(
    call: Call, table: FeatureTable | None, properties: Mapping[str, Any]
) -> list[list[Cell]]:
    return [
        [_text(name if table is None else column_title(call, table, name)), _text(value)]
        for name, value in properties.items()
    ]


def _url(call: Call, *parts: str) -> str:
    """Return the URL of a page below the root."""
    return f"{call.root}/{'/'.join(segment(part) for part in parts)}{_query(call)}"


def _query(call: Call) -> str:
    """Return the parameters that keep a reader among pages of one language."""
    return f"?f=html&lang={call.language}" if "lang" in call.values else "?f=html"
