"""The header of a table that starts with titles, dates and units, or spans two lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from geo.errors import LoadError
from geo.io.columns import normalised, parse_number, place_words
from geo.io.project import LayerSpec
from geo.schema import layer_schemas

__all__ = ["Header", "find_header", "is_blank", "n_known_words"]

Row = Sequence[object]

_DEEPEST: Final = 20
"""No header is looked for below this line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Names of the columns; `line` of the header and `body`, where the rows begin, count from 0."""

    names: tuple[str, ...]
    line: int
    body: int


def find_header(rows: Sequence[Row], spec: LayerSpec) -> Header:
    """Return the header among the first lines of `rows`.

    The line with the most names that the layer knows is it, two of them at least; two lines are one
    header when together they know more than either. Without known names it is the first filled
    line that is no title, a title being one text above a wider table.

    Raises
    ------
    LoadError
        If no line is filled, or the project names a line that is not there or not filled.
    """
    filled = [line for line, row in enumerate(rows) if not all(map(is_blank, row))]
    if not filled:
        raise LoadError("io.no_rows", path=spec.shown)
    if spec.header_row is not None:
        line = spec.header_row - 1
        if line not in filled:
            raise LoadError("io.no_header", path=spec.shown, line=spec.header_row)
        return _header(rows, line)
    return _best(rows, [line for line in filled if line < filled[0] + _DEEPEST], spec)


def n_known_words(cells: Row, spec: LayerSpec) -> int:
    """Return how many different cells are names that the layer of `spec` knows."""
    words = {normalised(cell) for cell in cells if isinstance(cell, str)}
    given = {normalised(name) for name in spec.columns.values()}
    return len(words & (_known(spec.schema) | given))


def is_blank(cell: object) -> bool:
    """Return True for a cell that holds nothing."""
    return cell is None or not str(cell).strip()


def _best(rows: Sequence[Row], lines: Sequence[int], spec: LayerSpec) -> Header:
    found = _header(rows, _first_wide(rows, lines))
    most = max(1, n_known_words(found.names, spec))
    for line in lines:
        single = _header(rows, line)
        candidates = [single]
        if _completes(rows, line):
            both, below = _header(rows, line, n_lines=2), _header(rows, line + 1)
            apart = max(n_known_words(single.names, spec), n_known_words(below.names, spec))
            candidates += [both] if n_known_words(both.names, spec) > apart else []
        for header in candidates:
            known = n_known_words(header.names, spec)
            if known > most:
                found, most = header, known
    return found


def _completes(rows: Sequence[Row], line: int) -> bool:
    """Return True when the line below `line` names columns that `line` leaves blank."""
    if line + 1 >= len(rows):
        return False
    upper, lower = rows[line], rows[line + 1]
    if any(not is_blank(cell) and parse_number(cell) is not None for cell in lower):
        return False
    return any(
        not is_blank(cell) and (position >= len(upper) or is_blank(upper[position]))
        for position, cell in enumerate(lower)
    )


def _first_wide(rows: Sequence[Row], lines: Sequence[int]) -> int:
    """Return the first line that is no title: half as wide as the widest, two cells at least."""
    widths = {line: len({str(c).strip() for c in rows[line] if not is_blank(c)}) for line in lines}
    widest = max(widths.values())
    if widths[lines[0]] > 1 or widest < 3:  # noqa: PLR2004 a title above two columns is a name
        return lines[0]
    return next(line for line in lines if widths[line] >= max(2, widest / 2))


def _header(rows: Sequence[Row], line: int, *, n_lines: int = 1) -> Header:
    """Return names: those without one numbered, repeated ones told apart."""
    parts = [list(row) for row in rows[line : line + n_lines]]
    width = max(len(part) for part in parts)
    names: list[str] = []
    for position in range(width):
        cells = [part[position] for part in parts if position < len(part)]
        name = next((_name(cell) for cell in reversed(cells) if not is_blank(cell)), "")
        name = name or f"column_{position + 1}"
        while name in names:
            name = f"{name}_{position + 1}"
        names.append(name)
    while names and names[-1] == f"column_{len(names)}":
        names.pop()
    return Header(names=tuple(names), line=line, body=line + n_lines)


def _name(cell: object) -> str:
    """Return a name on one line: cells of a header are often wrapped by hand."""
    parts = str(cell).split()
    return (" " if all(part.isascii() for part in parts) else "").join(parts)


@cache
def _known(schema: str) -> frozenset[str]:
    columns = layer_schemas()[schema].columns.values()
    words = [word for column in columns for word in (column.name, *column.synonyms)]
    places = {word for names in place_words().values() for word in names}
    return frozenset(places | set(map(normalised, words)))
