"""The first page: what is there, and where to begin; and the way in."""

from pathlib import PurePath
from typing import Any, Final

from starlette.responses import Response

from api.http.door.access import COOKIE
from api.http.door.contents import ARCHIVES, KINDS, require_content
from api.http.door.desk import Visit
from api.http.door.limits import UploadError
from api.http.door.receiving import Received, receive_form
from api.http.door.taking import take_files
from api.http.door.unpacking import require_archive
from api.http.door.uploads import project_id_of

__all__ = ["home", "login", "login_page", "logout", "receive_upload"]

_TITLE: Final = 120
_SESSION_SECONDS: Final = 12 * 3600
_SHOWN: Final = 12


def home(visit: Visit) -> Response:
    """Return the first page."""
    desk = visit.desk
    projects: dict[str, dict[str, Any]] = {}
    for version in desk.versions():
        entry = projects.setdefault(version.project_id, {"title": version.title, "versions": []})
        entry["versions"].append(version)
    jobs = [job for job in desk.jobs.all() if not job.has_ended]
    return visit.page(
        "home.html",
        projects=projects,
        uploads=[upload for upload in desk.uploads.all() if upload.kind == "data"][:_SHOWN],
        jobs=jobs,
        endings=",".join(KINDS),
        limit_mb=desk.limits.request_bytes // 10**6,
    )


def login_page(visit: Visit) -> Response:
    """Return the page that asks for the token."""
    return visit.page("login.html", fault=None)


async def login(visit: Visit) -> Response:
    """Take the token and set the cookie that stands for it."""
    values = await receive_form(visit.request, visit.desk.limits)
    session = visit.desk.access.login(values.get("token", ""))
    response = visit.go()
    response.set_cookie(
        COOKIE,
        session,
        max_age=_SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        secure=visit.request.url.scheme == "https",
    )
    return response


async def logout(visit: Visit) -> Response:
    """Forget the session."""
    visit.desk.access.logout(visit.request)
    response = visit.go("login")
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


async def receive_upload(visit: Visit) -> Response:
    """Take files in, check them at first sight, and have them recognised."""
    return await take_files(visit, _keep)


def _keep(visit: Visit, upload_id: str, received: Received) -> Response:
    desk = visit.desk
    if not received.names:
        raise UploadError("door.no_files")
    folder = desk.uploads.folder(upload_id) / "incoming"
    for name in received.names:
        require_content(folder / name, desk.limits)
        if name.casefold().endswith(ARCHIVES):
            require_archive(folder / name, desk.limits)
    values = {**_project(visit, received), "language": visit.language}
    desk.uploads.keep(desk.uploads.new(upload_id, "data", values))
    desk.jobs.submit("recognise", {"upload": upload_id})
    return visit.go("uploads", upload_id)


def _project(visit: Visit, received: Received) -> dict[str, str]:
    """Return title and id: of the project that was chosen, else of a new one."""
    versions = visit.desk.versions()
    chosen = received.values.get("project", "")
    for version in versions:
        if version.project_id == chosen:
            return {"title": version.title, "project_id": chosen}
    title = received.values.get("title", "").strip()[:_TITLE] or PurePath(received.names[0]).stem
    taken = [version.project_id for version in versions]
    taken += [upload.project_id for upload in visit.desk.uploads.all()]
    return {"title": title, "project_id": project_id_of(title, taken)}
