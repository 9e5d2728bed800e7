"""Names of files that come from outside: fit for every system, or refused."""

import re
from typing import Final

from api.http.door.limits import UploadError

__all__ = ["member_parts", "require_name"]

_UNFIT: Final = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
"""Characters that Windows has in no name, a drive's colon among them."""
_DEVICE: Final = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])", re.IGNORECASE
)
_LONGEST: Final = 150
_DEEPEST: Final = 20


def require_name(name: str) -> str:
    """Return the name of one file.

    Raises
    ------
    UploadError
        If it is empty, a path, too long, or what some system cannot have as a name.
    """
    bad = (
        not name
        or name in {".", ".."}
        or any(mark in name for mark in "/\\")
        or _UNFIT.search(name)
        or name != name.rstrip(" .")
        or _DEVICE.fullmatch(name.split(".", maxsplit=1)[0].rstrip(" "))
        or len(name) > _LONGEST
    )
    if bad:
        raise UploadError("door.bad_name", name=_shown(name))
    return name


def member_parts(path: str) -> tuple[str, ...]:
    """Return the folders and the name of a member of an archive.

    Raises
    ------
    UploadError
        If it is absolute, has `..` in it, or a part that `require_name` refuses.
    """
    plain = path.replace("\\", "/")
    parts = plain.split("/")
    if plain.startswith("/") or ".." in parts or len(parts) > _DEEPEST:
        raise UploadError("door.bad_name", name=_shown(path))
    return tuple(require_name(part) for part in parts if part not in {"", "."})


def _shown(name: str) -> str:
    """Return a name that a sentence can hold."""
    plain = "".join(mark if mark.isprintable() else "�" for mark in name)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
