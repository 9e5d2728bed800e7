"""Results: a version with its figures, map and findings; a look-back; everything as one zip."""

import csv
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response, StreamingResponse

from api.http.datasets import FILES
from api.http.door.desk import Visit
from api.http.door.limits import UploadError
from api.http.door.receiving import receive_form
from api.http.files import MAP_CSP
from geo.errors import GridCircleError, NotFoundError
from geo.findings import rules

__all__ = ["compare", "look_back_file", "look_back_page", "version_file", "version_page"]

_PAGE: Final = 100
_MAP: Final = "map.html"
_LOOK_BACK_FILES: Final = {
    **{name: FILES[name] for name in ("summary.json", "ledger.xlsx", _MAP)},
    "lineage.csv": "text/csv; charset=utf-8",
    "moves.csv": "text/csv; charset=utf-8",
    "compare.gpkg": "application/geopackage+sqlite3",
}
_SAME: Final = frozenset({"unchanged", "resurveyed"})
_FLAGS: Final = ("recoded", "renamed", "reparented", "rekinded")
_CHUNK: Final = 1 << 18
_ALL: Final = "all.zip"
_SELECT: Final = (
    "SELECT rule, severity, message_zh, message_en, residents, households, finding_id"
    " FROM findings {where} ORDER BY fid LIMIT ? OFFSET ?"
)


def version_page(visit: Visit) -> Response:
    """Return the result of an audit."""
    store = visit.desk.store()
    version = store.version(visit.name("version"))
    folder = store.folder(version.version_id)
    summary = orjson.loads((folder / "summary.json").read_bytes())
    others = [v for v in store.versions(version.project_id) if v != version]
    asked = visit.request.query_params
    rule = asked.get("rule", "")
    rule = rule if rule in summary["findings"] else ""
    start = int(asked["start"]) if asked.get("start", "").isdecimal() else 0
    return visit.page(
        "version.html",
        version=version,
        summary=summary,
        others=list(reversed(others)),
        files=_files(folder, FILES),
        findings=_findings(folder / "audit.gpkg", rule, start),
        rules=rules(),
        rule=rule,
        start=start,
        step=_PAGE,
        n_shown=summary["findings"][rule] if rule else sum(summary["findings"].values()),
        tiers={tier["tier"]: tier for tier in summary["tiers"]},
        has_map=(folder / _MAP).is_file(),
    )


def version_file(visit: Visit) -> Response:
    """Return one file of a version, or all of them."""
    store = visit.desk.store()
    version = store.version(visit.name("version"))
    folder = store.folder(version.version_id)
    return _file(visit, folder, known=FILES, stem=version.version_id)


async def compare(visit: Visit) -> Response:
    """Compare a version with an earlier one of its project."""
    values = await receive_form(visit.request, visit.desk.limits)
    return await run_in_threadpool(_compare, visit, values.get("other", ""))


def look_back_page(visit: Visit) -> Response:
    """Return a look-back."""
    job = visit.desk.jobs.find(visit.name("job"))
    if job.task != "compare":
        raise NotFoundError("door.not_shown")
    result = visit.desk.jobs.result(job.job_id)
    folder = visit.desk.jobs.folder(job.job_id) / "out"
    store = visit.desk.store()
    return visit.page(
        "lookback.html",
        job=job,
        result=result,
        summary=result["summary"],
        old=_version_or_id(store, result["old"]),
        new=_version_or_id(store, result["new"]),
        lineage=_lineage(folder / "lineage.csv"),
        files=_files(folder, _LOOK_BACK_FILES),
    )


def look_back_file(visit: Visit) -> Response:
    """Return one file of a look-back, or all of them."""
    job = visit.desk.jobs.find(visit.name("job"))
    if job.task != "compare" or job.status != "successful":
        raise NotFoundError("door.not_shown")
    folder = visit.desk.jobs.folder(job.job_id) / "out"
    stem = f"{job.inputs['old']}_{job.inputs['new']}"
    return _file(visit, folder, known=_LOOK_BACK_FILES, stem=stem)


def _compare(visit: Visit, other: str) -> Response:
    store = visit.desk.store()
    version = store.version(visit.name("version"))
    mine = store.versions(version.project_id)
    chosen = [v for v in mine if v.version_id == other and v != version]
    if not chosen:
        raise UploadError("door.no_earlier")
    old, new = sorted([chosen[0], version], key=mine.index)
    job = visit.desk.jobs.submit(
        "compare",
        {"old": old.version_id, "new": new.version_id, "language": visit.language},
    )
    return visit.go("jobs", job.job_id)


def _version_or_id(store: Any, version_id: str) -> dict[str, str]:  # noqa: ANN401
    try:
        version = store.version(version_id)
    except GridCircleError:
        return {"version_id": version_id, "title": version_id, "name": "", "created_at": ""}
    names = ("version_id", "title", "name", "created_at")
    return {name: getattr(version, name) for name in names}


def _files(folder: Path, known: Any) -> list[tuple[str, int]]:  # noqa: ANN401
    """Return the files that are there with their sizes (bytes)."""
    return [(name, (folder / name).stat().st_size) for name in known if (folder / name).is_file()]


def _file(visit: Visit, folder: Path, *, known: Any, stem: str) -> Response:  # noqa: ANN401
    name = visit.name("file")
    names = [each for each, _ in _files(folder, known)]
    if name == _ALL:
        headers = {"Content-Disposition": f"attachment; filename*=utf-8''{quote(stem)}.zip"}
        return StreamingResponse(
            _zipped(folder, names), media_type="application/zip", headers=headers
        )
    if name not in names:
        raise NotFoundError("http.no_file", name=name[:100], known=", ".join(names))
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    if name == _MAP:
        headers["Content-Security-Policy"] = MAP_CSP
    saved = None if name == _MAP else f"{stem}-{name}"
    return FileResponse(folder / name, media_type=known[name], filename=saved, headers=headers)


def _zipped(folder: Path, names: list[str]) -> Iterator[bytes]:
    """Yield a zip of files as it is made."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:  # type: ignore[call-overload]
        for name in names:
            info = zipfile.ZipInfo.from_file(folder / name, name)
            info.compress_type = zipfile.ZIP_DEFLATED
            with (folder / name).open("rb") as source, archive.open(info, "w") as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
                    yield sink.taken()
    yield sink.taken()


class _Sink:
    """Holds what a zip writes until it is sent; it cannot be sought."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""

    def taken(self) -> bytes:
        """Return what was written since the last time."""
        held = bytes(self._held)
        self._held.clear()
        return held


def _findings(path: Path, rule: str, start: int) -> list[dict[str, Any]]:
    """Return a page of findings, worst first."""
    where, values = ("WHERE rule = ?", (rule,)) if rule else ("", ())
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as line:
        line.row_factory = sqlite3.Row
        found = line.execute(_SELECT.format(where=where), (*values, _PAGE, start))
        return [dict(row) for row in found]


def _lineage(path: Path) -> list[dict[str, str]]:
    """Return the first rows of grids that did not stay as they were, in place or in name."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as file:
        changed = (row for row in csv.DictReader(file) if _is_changed(row))
        return [{**row, "shared_area_m2": _area(row)} for row in islice(changed, 2 * _PAGE)]


def _is_changed(row: Mapping[str, str]) -> bool:
    return row.get("fate") not in _SAME or any(row.get(flag) == "True" for flag in _FLAGS)


def _area(row: Mapping[str, str]) -> str:
    """Return the shared area of a row to the square metre."""
    try:
        return f"{float(row['shared_area_m2']):,.0f}"
    except (KeyError, ValueError):
        return "–"
