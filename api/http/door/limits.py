"""What an upload may be, and how it is refused."""

from dataclasses import dataclass

from api.http.problems import RequestError

__all__ = ["Limits", "TooLargeError", "UploadError"]

_MB = 1_000_000


class UploadError(RequestError):
    """An upload that is not taken: its form, its names, or what is in it."""


class TooLargeError(UploadError):
    """An upload that is not taken because of its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one upload.

    `request_bytes`, `files`
        Of one request.
    `members`, `expanded_bytes`
        Of all archives of an upload together, unpacked.
    `ratio`, `ratio_from_bytes`
        A member may not grow by more than `ratio` when it is larger than `ratio_from_bytes`.
    `workbook_bytes`, `workbook_cells`
        Of one workbook: unpacked, and rows × columns of the box around a sheet's cells.
    `form_bytes`, `fields`
        Of a form without files.
    `uploads`
        Kept at once.
    `free_bytes`
        What must be left of the disk before an upload begins; archives may take half of what is.
    `silence_s`
        How long a client may send nothing.
    """

    request_bytes: int = 512 * _MB
    files: int = 200
    members: int = 5000
    expanded_bytes: int = 4000 * _MB
    ratio: int = 200
    ratio_from_bytes: int = 20 * _MB
    workbook_bytes: int = 400 * _MB
    workbook_cells: int = 40_000_000
    form_bytes: int = 1 * _MB
    fields: int = 4000
    uploads: int = 100
    free_bytes: int = 1000 * _MB
    silence_s: float = 60.0
