"""Ledgers: out as they stand now, in with what the office wrote, and the templates."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from api.http.datasets import FILES
from api.http.door.contents import require_content
from api.http.door.desk import Visit
from api.http.door.limits import UploadError
from api.http.door.receiving import Received
from api.http.door.taking import take_files
from api.http.door.workbooks import require_cells
from geo.errors import NotFoundError
from geo.outputs.ledger.office import OFFICE_COLUMNS
from geo.outputs.templates import TEMPLATES, template_bytes

__all__ = ["ledger_page", "receive_ledger", "send_ledger", "send_template"]

_XLSX: Final = FILES["ledger.xlsx"]
_ACTOR: Final = 60


async def receive_ledger(visit: Visit) -> Response:
    """Take an edited ledger in and have it checked row by row."""
    return await take_files(visit, _keep)


def _keep(visit: Visit, upload_id: str, received: Received) -> Response:
    desk, project = visit.desk, visit.name("project")
    title = next(v.title for v in desk.store().versions(project))
    folder = desk.uploads.folder(upload_id) / "incoming"
    if len(received.names) != 1 or not received.names[0].casefold().endswith(".xlsx"):
        raise UploadError("door.one_ledger")
    require_content(folder / received.names[0], desk.limits)
    require_cells(folder / received.names[0], desk.limits)
    actor = received.values.get("actor", "").strip()[:_ACTOR] or visit.word("actor_unnamed")
    values = {"title": title, "project_id": project, "language": visit.language}
    desk.uploads.keep(desk.uploads.new(upload_id, "ledger", values))
    job = desk.jobs.submit("ledger", {"upload": upload_id, "project": project, "actor": actor})
    return visit.go("jobs", job.job_id)


def ledger_page(visit: Visit) -> Response:
    """Return what became of a ledger, row by row."""
    job = visit.desk.jobs.find(visit.name("job"))
    if job.task != "ledger":
        raise NotFoundError("door.not_shown")
    result = visit.desk.jobs.result(job.job_id)
    return visit.page("ledger.html", result=result, office=OFFICE_COLUMNS)


def send_ledger(visit: Visit) -> Response:
    """Return the ledger of a project with the notes as they are now."""
    project = visit.name("project")
    folder = Path(mkdtemp(prefix=".ledger-", dir=visit.desk.workspace))
    path = folder / "ledger.xlsx"
    try:
        version = visit.desk.store().export_ledger(path, project_id=project)
    except BaseException:
        _remove(folder)
        raise
    return FileResponse(
        path,
        media_type=_XLSX,
        filename=f"{version.version_id}-ledger.xlsx",
        headers={"Cache-Control": "no-store"},
        background=BackgroundTask(_remove, folder),
    )


def send_template(visit: Visit) -> Response:
    """Return a workbook to be filled in."""
    name = visit.name("template").removesuffix(".xlsx")
    if name not in TEMPLATES:
        raise NotFoundError("door.not_shown")
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    return Response(template_bytes(name, visit.language), media_type=_XLSX, headers=headers)


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink(missing_ok=True)
    folder.rmdir()
