"""Every error type of GridCircle.

One base class; one class per decision a caller takes; each also a built-in. An error carries the
key of its sentence and the values in it, so that it can be read in Chinese and in English. The
sentences are data: `messages/*.toml`, one file a room, `key = { zh = "…", en = "…" }`.
"""

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = [
    "CRSError",
    "GridCircleError",
    "LayerError",
    "LoadError",
    "MissingExtraError",
    "NotFoundError",
    "OutputError",
    "ProjectError",
    "StandardError",
]


@cache
def _messages() -> dict[str, dict[str, str]]:
    """Return every sentence by its dotted key `room.name`."""
    found: dict[str, dict[str, str]] = {}
    for path in files(__name__).joinpath("messages").iterdir():
        if path.name.endswith(".toml"):
            room = path.name.removesuffix(".toml")
            table = tomllib.loads(path.read_text(encoding="utf-8"))
            found |= {f"{room}.{name}": text for name, text in table.items()}
    return found


class GridCircleError(Exception):
    """Base of all errors that a user can mend.

    Parameters
    ----------
    key
        Dotted key of the sentence: `room.name` in `messages/room.toml`.
    **values
        What the sentence names: the file, the row, the value given.
    """

    def __init__(self, key: str, /, **values: Any) -> None:  # noqa: ANN401
        super().__init__(key, values)
        self.key = key
        self.values = values

    def text(self, language: str = "en") -> str:
        """Return the sentence in `language`: what is wrong, which value, what to do."""
        return _messages()[self.key][language].format(**self.values)

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.text("en")


class ProjectError(GridCircleError, ValueError):
    """The project file breaks its schema or names something that is not there."""


class LoadError(GridCircleError, ValueError):
    """A layer's file cannot be read, or holds nothing that can be used."""


class CRSError(GridCircleError, ValueError):
    """A coordinate reference system is missing, unknown or cannot measure."""


class LayerError(GridCircleError, ValueError):
    """A frame given to a kernel lacks what the kernel needs."""


class StandardError(GridCircleError, ValueError):
    """A standard is unknown or breaks its schema."""


class NotFoundError(GridCircleError, LookupError):
    """Something asked for by name is not there."""


class OutputError(GridCircleError, OSError):
    """An output cannot be written: the folder, the disk, or a file that is open elsewhere."""


class MissingExtraError(GridCircleError, ImportError):
    """An optional dependency is needed and not installed."""
