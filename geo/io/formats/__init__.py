"""One module a family of formats; `read_layer` chooses by the ending of the file's name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from geo.errors import LoadError
from geo.io.formats.gdal import read_gdal
from geo.io.formats.parquet import read_parquet
from geo.io.formats.raw import RawLayer
from geo.io.formats.tables import read_csv, read_excel
from geo.io.project import LayerSpec

__all__ = ["RawLayer", "read_layer"]

_READERS: Final[Mapping[str, Callable[[LayerSpec], RawLayer]]] = MappingProxyType(
    {
        ".parquet": read_parquet,
        ".geoparquet": read_parquet,
        ".csv": read_csv,
        ".txt": read_csv,
        ".tsv": read_csv,
        ".xlsx": read_excel,
        ".xlsm": read_excel,
    }
)


def read_layer(spec: LayerSpec) -> RawLayer:
    """Return the rows of the file that `spec` names, as the file has them.

    Raises
    ------
    LoadError
        If the file is missing, empty or cannot be read.
    MissingExtraError
        If its format needs an optional dependency that is not installed.
    """
    _require_file(spec.path, spec.shown)
    return _READERS.get(spec.path.suffix.casefold(), read_gdal)(spec)


def _require_file(path: Path, shown: str) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise LoadError("io.no_file", path=shown) from error
    if path.is_dir() and path.suffix.casefold() != ".gdb":
        raise LoadError("io.is_folder", path=shown)
    if size == 0:
        raise LoadError("io.empty_file", path=shown)
