"""Take the files of a form in: an upload of its own, that is gone if anything goes wrong."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.http.door.desk import Visit
from api.http.door.receiving import Received, receive_files

__all__ = ["take_files"]


async def take_files(visit: Visit, keep: Callable[[Visit, str, Received], Response]) -> Response:
    """Begin an upload, receive into it, and return what `keep` makes of it."""
    uploads = visit.desk.uploads
    upload_id = uploads.begin()
    try:
        folder = uploads.folder(upload_id) / "incoming"
        received = await receive_files(visit.request, folder, visit.desk.limits)
        return await run_in_threadpool(keep, visit, upload_id, received)
    except BaseException:
        uploads.delete(upload_id)
        raise
