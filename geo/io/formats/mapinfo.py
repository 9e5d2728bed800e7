"""MapInfo tables whose charset is not what they say: read through a copy that says nothing."""

import glob
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from geo.io.formats.encodings import mapinfo_charset

__all__ = ["neutral_copy"]

_PARTS: Final = (".tab", ".dat", ".map", ".id", ".ind", ".mif", ".mid")
_CHARSET: Final = re.compile(rb'(charset\s+"?)[A-Za-z0-9_-]+', re.IGNORECASE)
_HEAD_BYTES: Final = 4096


@contextmanager
def neutral_copy(path: Path) -> Iterator[Path]:
    """Give a copy of a `.tab` or `.mif` and its parts with the charset `Neutral`, while it is used.

    GDAL converts text from the charset of the file before anyone can say another one; from a
    neutral file it takes the encoding that it is given.
    """
    if mapinfo_charset(path) == "neutral":
        yield path
        return
    prefix = {"prefix": "gridcircle-", "ignore_cleanup_errors": True}
    with tempfile.TemporaryDirectory(**prefix) as name:  # type: ignore[call-overload]
        copy = Path(name) / path.name
        for part in path.parent.glob(f"{glob.escape(path.stem)}.*"):
            if part.suffix.casefold() in _PARTS:
                shutil.copyfile(part, copy.with_suffix(part.suffix))
        data = copy.read_bytes()
        head = _CHARSET.sub(rb"\1Neutral", data[:_HEAD_BYTES])
        copy.write_bytes(head + data[_HEAD_BYTES:])
        yield copy
