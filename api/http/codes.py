"""QR codes of the stable links of grids, sites and findings."""

import io
from typing import Final

import segno

from api.http.calls import Answer, Call, segment
from api.http.features import FeatureTable
from api.http.items import row_of_item
from api.http.problems import RequestError

__all__ = ["qr_answer", "stable_link"]

_MEDIA: Final = {"svg": "image/svg+xml", "png": "image/png"}
_CSP: Final = "default-src 'none'; style-src 'unsafe-inline'"
_SCALE: Final = 8


def stable_link(call: Call, table: FeatureTable, item: str) -> str:
    """Return the link of a feature that holds whichever version is the last.

    A browser that follows it gets the page, a program the GeoJSON.
    """
    project = segment(call.dataset.dataset_id)
    path = f"collections/{segment(table.name)}/items/{segment(item)}"
    return f"{call.server}/projects/{project}/{path}"


def qr_answer(call: Call) -> Answer:
    """Return the QR code of a feature that is there, as SVG or PNG.

    Raises
    ------
    RequestError
        If the path does not end with `.svg` or `.png`, or the link does not fit.
    NotFoundError
        If there is no such feature.
    """
    item, _, kind = call.names["item"].rpartition(".")
    if kind not in _MEDIA:
        raise RequestError("http.bad_qr")
    table = call.dataset.table(call.names["collection"])
    row = row_of_item(call, table, item)
    try:
        code = segno.make_qr(stable_link(call, table, table.ids[row]), error="m")
    except segno.DataOverflowError as error:
        raise RequestError("http.qr_too_long") from error
    picture = io.BytesIO()
    code.save(picture, kind=kind, scale=_SCALE)
    return Answer(
        body=picture.getvalue(),
        media_type=_MEDIA[kind],
        headers={"Content-Security-Policy": _CSP},
    )
