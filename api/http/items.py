"""Features as bytes: a page of them, or one."""

from datetime import UTC, datetime
from typing import Final

import orjson

from api.http.calls import GEOJSON, HTML, Answer, Call, segment
from api.http.columns import Rows
from api.http.documents import CRS84
from api.http.features import FeatureTable
from api.http.queries import ItemsQuery, read_items_query
from geo.errors import NotFoundError

__all__ = ["Page", "find_page", "item_answer", "items_answer", "row_of_item"]

_HEADERS: Final = {"Content-Crs": f"<{CRS84}>"}


class Page:
    """One page of the features that match a request."""

    __slots__ = ("matched", "query", "rows")

    def __init__(self, query: ItemsQuery, rows: Rows | range) -> None:
        """Cut the page that `query` asks out of all matching `rows`."""
        self.query = query
        self.matched = len(rows)
        self.rows = rows[query.offset : query.offset + query.limit]

    def links(self, call: Call) -> list[dict[str, str]]:
        """Return the links of the page; `next` is there only while more follows."""
        links = call.own_links(GEOJSON)
        start, limit = self.query.offset, self.query.limit
        media = HTML if call.form == "html" else GEOJSON
        if start + len(self.rows) < self.matched and len(self.rows):
            href = call.here(limit=limit, offset=start + limit)
            links.append({"href": href, "rel": "next", "type": media, "title": call.word("next")})
        if start > 0:
            before = max(min(start, self.matched) - limit, 0)
            href = call.here(limit=limit, offset=before or None)
            links.append({"href": href, "rel": "prev", "type": media, "title": call.word("prev")})
        return links


def find_page(call: Call, table: FeatureTable) -> Page:
    """Return the page that `call` asks for."""
    query = read_items_query(call.values, table, call.service.settings)
    rows = table.select(query.boxes, query.equals)
    return Page(query, range(len(table)) if rows is None else rows)


def items_answer(call: Call, table: FeatureTable) -> Answer:
    """Return a page of features as GeoJSON: a join of bytes."""
    page = find_page(call, table)
    links = page.links(call)
    links.append(_collection_link(call, table))
    encoded = table.encoded
    tail = orjson.dumps(
        {
            "numberMatched": page.matched,
            "numberReturned": len(page.rows),
            "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "links": links,
        }
    )
    body = b'{"type":"FeatureCollection","features":[%b],%b' % (
        b",".join([encoded[row] for row in page.rows]),
        tail[1:],
    )
    return Answer(body=body, media_type=GEOJSON, headers=_HEADERS)


def item_answer(call: Call, table: FeatureTable) -> Answer:
    """Return one feature as GeoJSON, with its links."""
    row = row_of_item(call, table)
    links = orjson.dumps([*call.own_links(GEOJSON), _collection_link(call, table)])
    body = b'%b,"links":%b}' % (table.encoded[row][:-1], links)
    return Answer(body=body, media_type=GEOJSON, headers=_HEADERS)


def row_of_item(call: Call, table: FeatureTable) -> int:
    """Return the row of the feature that `call` names; `NotFoundError` when there is none."""
    row = table.row_of.get(call.names["item"])
    if row is None:
        raise NotFoundError("http.no_item", collection=table.name, item=call.names["item"])
    return row


def _collection_link(call: Call, table: FeatureTable) -> dict[str, str]:
    path = f"/collections/{segment(table.name)}"
    return call.link(path, "collection", title=call.word(table.name))
