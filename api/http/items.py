"""Features as bytes: a page of them, or one."""

from datetime import UTC, datetime
from functools import reduce

import numpy as np
import orjson

from api.http.calls import GEOJSON, HTML, Answer, Call, segment
from api.http.columns import Rows
from api.http.features import FeatureTable
from api.http.filters import Places, rows_where
from api.http.queries import ItemsQuery, read_items_query, read_reference
from api.http.references import Reference
from geo.errors import NotFoundError

__all__ = ["Page", "find_page", "item_answer", "items_answer", "row_of_item"]


class Page:
    """One page of the features that match a request; `start` of all that match come before it."""

    __slots__ = ("ids", "matched", "query", "rows", "start")

    def __init__(self, query: ItemsQuery, rows: Rows | range, table: FeatureTable) -> None:
        """Cut the page that `query` asks out of all matching `rows`."""
        self.query = query
        self.ids = table.ids
        self.matched = len(rows)
        self.start = _start(query, rows, table)
        self.rows = rows[self.start : self.start + query.limit]

    def links(self, call: Call) -> list[dict[str, str]]:
        """Return the links of the page; `next` is there only while more follows.

        `next` names the last feature of the page, so that what is inserted or deleted before it
        between two requests shifts nothing.
        """
        links = call.own_links(GEOJSON)
        limit = self.query.limit
        media = HTML if call.form == "html" else GEOJSON
        if self.start + len(self.rows) < self.matched and len(self.rows):
            last = self.rows[-1]
            href = call.here(limit=limit, offset=None, after=f"{last}.{self.ids[last]}")
            links.append({"href": href, "rel": "next", "type": media, "title": call.word("next")})
        if self.start > 0:
            before = max(min(self.start, self.matched) - limit, 0)
            href = call.here(limit=limit, offset=before or None, after=None)
            links.append({"href": href, "rel": "prev", "type": media, "title": call.word("prev")})
        return links


def find_page(call: Call, table: FeatureTable) -> Page:
    """Return the page that `call` asks for."""
    query = read_items_query(
        call.values, table, call.service.settings, references=call.dataset.references
    )
    rows = _matching(table, query)
    return Page(query, range(len(table)) if rows is None else rows, table)


def _matching(table: FeatureTable, query: ItemsQuery) -> Rows | None:
    """Return the rows that meet all of `query`, ascending; None: all."""
    found: list[Rows] = []
    if query.boxes:
        found.append(table.rows_in(query.boxes, query.box_reference))
    found += [table.columns[name].rows_equal(text) for name, text in query.equals.items()]
    if query.tree is not None:
        reference = query.filter_reference
        places = Places(projected=table.projected(reference), reference=reference)
        found.append(rows_where(query.tree, table.columns, places))
    if not found:
        return None
    return reduce(lambda a, b: np.intersect1d(a, b, assume_unique=True), found)


def _start(query: ItemsQuery, rows: Rows | range, table: FeatureTable) -> int:
    """Return how many of `rows` come before the page.

    A cursor stands after its feature, or where that stood when it is there no more.
    """
    if query.after is None:
        return query.offset
    row, fid = query.after
    last = table.row_of.get(fid, row - 1)
    if isinstance(rows, range):
        return min(last + 1, len(rows))
    return int(np.searchsorted(rows, last, side="right"))


def items_answer(call: Call, table: FeatureTable) -> Answer:
    """Return a page of features as GeoJSON: a join of bytes."""
    page = find_page(call, table)
    links = page.links(call)
    links.append(_collection_link(call, table))
    tail = orjson.dumps(
        {
            "numberMatched": page.matched,
            "numberReturned": len(page.rows),
            "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "links": links,
        }
    )
    body = b'{"type":"FeatureCollection","features":[%b],%b' % (
        b",".join(_encoded(table, page)),
        tail[1:],
    )
    return Answer(body=body, media_type=GEOJSON, headers=_crs_header(page.query.reference))


def _encoded(table: FeatureTable, page: Page) -> list[bytes]:
    query = page.query
    return table.encoded_in(query.reference, page.rows, has_geometry=query.has_geometry)


def item_answer(call: Call, table: FeatureTable) -> Answer:
    """Return one feature as GeoJSON, with its links."""
    row = row_of_item(call, table)
    links = orjson.dumps([*call.own_links(GEOJSON), _collection_link(call, table)])
    reference = read_reference(call.values, "crs", call.dataset.references)
    (encoded,) = table.encoded_in(reference, (row,))
    body = b'%b,"links":%b}' % (encoded[:-1], links)
    return Answer(body=body, media_type=GEOJSON, headers=_crs_header(reference))


def row_of_item(call: Call, table: FeatureTable, item: str | None = None) -> int:
    """Return the row of the feature `item`, by default the one that `call` names.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    name = call.names["item"] if item is None else item
    row = table.row_of.get(name)
    if row is None:
        raise NotFoundError("http.no_item", collection=table.name, item=name)
    return row


def _crs_header(reference: Reference) -> dict[str, str]:
    return {"Content-Crs": f"<{reference.uri}>"}


def _collection_link(call: Call, table: FeatureTable) -> dict[str, str]:
    path = f"/collections/{segment(table.name)}"
    return call.link(path, "collection", title=call.word(table.name))
