"""The door of a folder, where it has one: a workspace has, an output folder has not."""

from pathlib import Path
from typing import Final

from api.http.door.access import Access
from api.http.door.desk import Desk
from api.http.door.limits import Limits
from api.http.door.tasks import FUNCTIONS
from api.http.door.uploads import Uploads
from api.http.jobs import Jobs
from api.http.settings import Settings
from geo.store import is_workspace, open_store
from geo.words import language

__all__ = ["open_desk"]

_OUTPUTS: Final = "summary.json"


def open_desk(folder: Path, settings: Settings) -> Desk | None:
    """Return the desk of the workspace `folder`, None where it is no workspace.

    Who lets uploads in means a workspace: one is made where there is nothing else yet.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    may_write = settings.allow_upload or settings.token is not None
    if not is_workspace(folder):
        if not may_write or (folder / _OUTPUTS).is_file():
            return None
        open_store(folder, create=True)
    limits = Limits()
    return Desk(
        workspace=folder,
        jobs=Jobs(folder / "jobs", workspace=folder, functions=FUNCTIONS),
        uploads=Uploads(folder / "uploads", limits=limits),
        access=Access(
            token=settings.token, is_open=settings.allow_upload and settings.token is None
        ),
        language=settings.language or language(),
        limits=limits,
    )
