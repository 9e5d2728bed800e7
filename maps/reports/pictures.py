"""Still maps as SVG, drawn without a browser: they go into a report, Word or a slide."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from geo import words
from geo.audit import Audit

__all__ = ["FONTS", "KINDS", "picture_svg"]

KINDS: Final = ("class", "findings")
"""What a picture may show: coverage by class, or findings."""

_WIDTH, _HEIGHT, _LEGEND = 1000.0, 720.0, 190.0
_COLOURS: Final = {
    "class": {
        "crowded": "#235c9f",
        "adequate": "#5d9fd1",
        "thin": "#bcd6eb",
        "blank": "#ee8a4a",
        "unknown": "#f1f2f4",
    },
    "findings": {"error": "#d95f2b", "warning": "#f6c67f", "info": "#c9d9e8", "none": "#8fb9dc"},
}
_LABELS: Final = {"class": "bar_caption", "findings": "bar_caption_findings"}
_WORDS: Final = {"class": "class", "findings": "worst"}
FONTS: Final = (
    "Microsoft YaHei, PingFang SC, Hiragino Sans GB, Noto Sans CJK SC, Noto Sans SC,"
    " Source Han Sans SC, WenQuanYi Micro Hei, SimHei, SimSun, Noto Serif CJK SC, sans-serif"
)
"""Fonts of Windows, macOS and Linux that have Chinese; a renderer takes the first it finds."""

_OPENING: Final = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}"'
    f' font-family="{FONTS}" stroke-linejoin="round" role="img" aria-label="{{label}}">\n'
    '<defs><pattern id="h" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path d="M-1 -1L7 7" stroke="#8a3a08" stroke-width=".8"/></pattern>'
    '<pattern id="u" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<path d="M-1 7L7 -1" stroke="#8a94a0" stroke-width=".8"/></pattern></defs>'
)
_HATCHES: Final = {"blank": "h", "error": "h", "unknown": "u"}
"""Which classes carry a texture, so that a print in grey tells them apart."""
_RANK: Final = {"error": 3, "warning": 2, "info": 1}

Floats = npt.NDArray[np.float64]


def picture_svg(audit: Audit, *, kind: str, language: str) -> str:
    """Return the audit's grids, units and sites as an SVG with legend and scale bar.

    Parameters
    ----------
    kind
        One of `KINDS`; `class` by the orphan tier of the standard.
    language
        Of the legend, `zh` or `en`.
    """
    keys = _classes(audit) if kind == "class" else _worst(audit)
    frame = _Frame(audit.grids)
    label = words.text(f"maps.{_LABELS[kind]}", language)
    parts = [
        _OPENING.replace("{label}", escape(label)),
        f'<rect width="{_WIDTH:g}" height="{_HEIGHT:g}" fill="#fff"/>',
        *_grids(audit.grids, keys, colours=_COLOURS[kind], frame=frame),
        *_lines(audit, frame),
        *_legend(keys[_is_base(audit.grids)], kind, language),
        *_marks(audit.map_marks, language),
        frame.scale_bar(),
        "</svg>",
    ]
    return "\n".join(parts)


class _Frame:
    """Metres to the picture's pixels; y runs down."""

    def __init__(self, grids: gpd.GeoDataFrame) -> None:
        west, south, east, north = grids.total_bounds
        wide, high = max(east - west, 1.0), max(north - south, 1.0)
        room = _WIDTH - _LEGEND - 20
        self.scale = min(room / wide, (_HEIGHT - 20) / high)
        self.left = 10 + (room - wide * self.scale) / 2 - west * self.scale
        self.top = 10 + (_HEIGHT - 20 - high * self.scale) / 2 + north * self.scale

    def path(self, shapes: npt.NDArray[np.object_]) -> str:
        """Return the rings and lines of the shapes as one path.

        Shells run one way and holes the other, so that holes stay empty and shapes that overlap do
        not cancel each other out.
        """
        small = shapely.simplify(shapes, 0.4 / self.scale, preserve_topology=True)
        return "".join(self._line(xy) for xy in _strokes(shapely.orient_polygons(small)))

    def places(self, shapes: npt.NDArray[np.object_]) -> Floats:
        """Return where shapes lie: middle, or the point itself; (n, 2)."""
        xy = shapely.get_coordinates(shapely.centroid(shapes))
        return np.column_stack(
            [self.left + xy[:, 0] * self.scale, self.top - xy[:, 1] * self.scale]
        )

    def _line(self, xy: Floats) -> str:
        x, y = self.left + xy[:, 0] * self.scale, self.top - xy[:, 1] * self.scale
        steps = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))
        return f"M{steps}"

    def scale_bar(self) -> str:
        """Return a bar of a round length."""
        most = 150 / self.scale
        unit = 10.0 ** np.floor(np.log10(most))
        length = unit * max(n for n in (1, 2, 5) if n * unit <= most)
        text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"  # noqa: PLR2004
        x, y, right = 14.0, _HEIGHT - 14, 14.0 + length * self.scale
        return (
            f'<path d="M{x} {y - 6}V{y}H{right:.1f}V{y - 6}" fill="none" stroke="#10161d"/>'
            f'<text x="{(x + right) / 2:.1f}" y="{y - 8}" font-size="13" text-anchor="middle">'
            f"{text}</text>"
        )


def _strokes(shapes: npt.NDArray[np.object_]) -> Iterator[Floats]:
    """Yield the coordinates of every ring and line."""
    parts = shapely.get_parts(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])
    polygons = shapely.get_type_id(parts) == shapely.GeometryType.POLYGON
    lines = np.isin(
        shapely.get_type_id(parts),
        [shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING],
    )
    for line in [*shapely.get_rings(parts[polygons]), *parts[lines]]:
        yield shapely.get_coordinates(line)


def _is_base(grids: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Return which grids are counted: the base grids, as everywhere on the map."""
    if "kind" not in grids:
        return np.ones(len(grids), dtype=bool)
    base: npt.NDArray[np.bool_] = (grids["kind"] != "dedicated").to_numpy(dtype=bool)
    return base


def _classes(audit: Audit) -> pd.Series:
    suffix = "" if audit.verdict_model == "radius" else f"_{audit.verdict_model}"
    name = f"class_{audit.standard.orphan_tier}{suffix}"
    if name not in audit.grids:
        return pd.Series("unknown", index=audit.grids.index)
    known = audit.grids[name].isin(list(_COLOURS["class"]))
    found: pd.Series = audit.grids[name].where(known, "unknown")
    return found


def _worst(audit: Audit) -> pd.Series:
    worst = pd.Series("none", index=audit.grids.index, dtype=object)
    found = audit.findings[["severity", "grid_ids"]].explode("grid_ids").dropna()
    found["rank"] = found["severity"].map(_RANK)
    rank = found.groupby("grid_ids")["rank"].max()
    names = {value: key for key, value in _RANK.items()}
    rank = rank[rank.index.isin(worst.index)]
    worst.loc[rank.index] = rank.map(names)
    return worst


def _grids(
    grids: gpd.GeoDataFrame, keys: pd.Series, *, colours: Mapping[str, str], frame: _Frame
) -> Iterator[str]:
    shapes = np.asarray(grids.geometry.array, dtype=object)
    line = min(0.9, 0.25 + np.sqrt(np.median(shapely.area(shapes))) * frame.scale / 60)
    for key, colour in colours.items():
        path = frame.path(shapes[(keys == key).to_numpy()])
        if not path:
            continue
        style = f'fill="{colour}" stroke="#fff" stroke-width="{line:.2f}"'
        yield f'<path d="{path}" {style}/>'
        if key in _HATCHES:
            yield f'<path d="{path}" fill="url(#{_HATCHES[key]})"/>'


def _lines(audit: Audit, frame: _Frame) -> Iterator[str]:
    units = audit.units
    if units is not None and "level" in units and audit.layers.levels:
        top = units[units["level"] == audit.layers.levels[0]]
        path = frame.path(np.asarray(top.geometry.array, dtype=object))
        yield f'<path d="{path}" fill="none" stroke="#22303f" stroke-dasharray="7 3 2 3"/>'
    if audit.sites is not None and len(audit.sites):
        shapes = np.asarray(audit.sites.geometry.array, dtype=object)
        size = 3.0 if len(shapes) < 500 else 1.6  # noqa: PLR2004
        dots = frame.places(shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))])
        circle = f"a{size} {size} 0 1 0 {2 * size} 0a{size} {size} 0 1 0 {-2 * size} 0"
        path = "".join(f"M{x - size:.1f} {y:.1f}{circle}" for x, y in dots)
        yield f'<path d="{path}" fill="#14202e" stroke="#fff" stroke-width=".6"/>'


def _legend(keys: pd.Series, kind: str, language: str) -> Iterator[str]:
    count = keys.value_counts()
    left = _WIDTH - _LEGEND
    for row, (key, colour) in enumerate(_COLOURS[kind].items()):
        y = 40 + 26 * row
        name = words.text(f"maps.{_WORDS[kind]}_{key}", language)
        for fill in (colour, f"url(#{_HATCHES[key]})") if key in _HATCHES else (colour,):
            box = f'x="{left:g}" y="{y - 13}" width="26" height="16"'
            yield f'<rect {box} fill="{fill}" stroke="#8a94a0" stroke-width=".6"/>'
        told = escape(f"{name}  {count.get(key, 0):,}")
        yield f'<text x="{left + 34:g}" y="{y}" font-size="14">{told}</text>'


def _marks(marks: Mapping[str, str], language: str) -> Iterator[str]:
    """Yield the mark (such as 内部资料) and the map approval number, where they are given."""
    right = f'x="{_WIDTH - 10:g}" text-anchor="end"'
    if marks.get("mark"):
        told = _xml(marks["mark"])
        yield f'<text {right} y="20" font-size="15" font-weight="700" fill="#a3123f">{told}</text>'
    if marks.get("approval_number"):
        told = _xml(words.text("maps.print_approval", language, number=marks["approval_number"]))
        yield f'<text {right} y="{_HEIGHT - 14:g}" font-size="13">{told}</text>'


def _xml(text: str) -> str:
    """Return `text` escaped, without the control characters that XML cannot hold."""
    return escape("".join(sign for sign in text if sign >= " " or sign == "\t"))
