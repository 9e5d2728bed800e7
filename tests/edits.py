"""Next year's grids from this year's: edits planted in a city, and what a look-back must say.

Every edit takes base grids that no other edit has touched, nor borders on, so that each fate is
certain. The truth is counted here, by means of its own, from where the buildings are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import affinity

from geo.audit import Audit
from geo.layers import Layers
from geo.planning.lookback import Lookback
from geo.synth import City
from tests.fake_audit import fake_audit

__all__ = ["EDITS", "Edited", "audit_of", "city_layers", "disagreements", "edit"]

EDITS = (
    "split",
    "split_recoded",
    "merge",
    "merge_recoded",
    "shift_border",
    "move_building",
    "rename",
    "recode",
    "reparent",
    "rekind",
    "carve_over",
    "carve_out",
    "abolish",
    "found",
)


@dataclass(slots=True)
class Edited:
    """The layers after the edits, and the truth of them.

    `fates`
        Old id to fate, of the grids that were touched; all others are unchanged.
    `origins`
        New id to `new` or `carved`.
    `flags`
        Old ids of each flag.
    `successors`
        Old id to new id, None for none; others keep their id.
    `moved_ids`
        Buildings that are not in the successor of their grid.
    """

    grids: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    buildings: gpd.GeoDataFrame
    fates: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    flags: dict[str, set[str]] = field(
        default_factory=lambda: {
            name: set() for name in ("recoded", "renamed", "reparented", "rekinded")
        }
    )
    successors: dict[str, str | None] = field(default_factory=dict)
    parts: dict[str, set[str]] = field(default_factory=dict)
    moved_ids: set[str] = field(default_factory=set)
    new_residents: float = 0.0
    used: set[str] = field(default_factory=set)
    done: dict[str, int] = field(default_factory=dict)


def city_layers(city: City) -> Layers:
    """Return the layers of a synthetic city as if they had been loaded."""
    units = pd.concat([city.streets.assign(parent_id=None), city.communities])
    return Layers(
        grids=city.grids,
        units=gpd.GeoDataFrame(units, crs=city.crs),
        sites=city.sites,
        buildings=city.building_frame(),
        levels=("street", "community"),
        has_all_buildings=True,
    )


def audit_of(layers: Layers, **changes: Any) -> Audit:  # noqa: ANN401
    """Return an audit that found nothing in `layers`."""
    empty = fake_audit()
    blank = {
        name: getattr(empty, name).iloc[:0].to_crs(layers.crs) for name in ("findings", "circles")
    }
    return fake_audit(
        layers=layers,
        grids=layers.grids,
        units=layers.units,
        sites=layers.sites,
        coverage=empty.coverage.iloc[:0],
        coverage_summary={},
        **blank,
        **changes,
    )


def edit(layers: Layers, kinds: tuple[str, ...], *, seed: int, times: int = 1) -> Edited:
    """Return `layers` with each edit of `kinds` planted up to `times` times."""
    assert layers.units is not None
    assert layers.buildings is not None
    rng = np.random.default_rng(seed)
    made = Edited(
        grids=layers.grids.copy(), units=layers.units.copy(), buildings=layers.buildings.copy()
    )
    world = _World(layers.grids, layers.buildings)
    order = [kind for kind in kinds for _ in range(times)]
    for kind in rng.permutation(order):
        for _ in range(30):
            if _EDITS[kind](made, world, rng):
                made.done[kind] = made.done.get(kind, 0) + 1
                break
    made.grids = made.grids.sort_index()
    return made


def disagreements(found: Lookback, made: Edited) -> list[str]:
    """Return every way in which a look-back contradicts the truth of the edits."""
    grids, wrong = found.grids, []
    children: dict[str, set[str]] = {}
    for old_id, new_id in zip(found.lineage["old_id"], found.lineage["new_id"], strict=True):
        if old_id is not None:
            children.setdefault(old_id, set()).update({new_id} - {None})
    for name in grids.index:
        told = (grids["fate"][name], grids["successor_id"][name], children[name])
        true = (
            made.fates.get(name, "unchanged"),
            made.successors.get(name, name),
            made.parts.get(name, {name}),
        )
        if told != true:
            wrong.append(f"{name}: {told}, not {true}")
    origins = found.new_grids["origin"]
    fresh = origins[origins.isin(("new", "carved"))].to_dict()
    if fresh != made.origins:
        wrong.append(f"new grids: {fresh}, not {made.origins}")
    wrong += [
        f"{flag}: {set(grids.index[grids[flag]]) ^ names}"
        for flag, names in made.flags.items()
        if set(grids.index[grids[flag]]) != names
    ]
    if set(found.moved_buildings.index) != made.moved_ids:
        wrong.append(f"moved: {set(found.moved_buildings.index) ^ made.moved_ids}")
    return [*wrong, *_unbalanced(found, made)]


def _unbalanced(found: Lookback, made: Edited) -> list[str]:
    people, wrong = found.residents, []
    moved = float(made.buildings["residents"][sorted(made.moved_ids)].sum())
    if people["before"] != people["after"] + people["gone"] - people["new"]:
        wrong.append(f"residents do not balance: {people}")
    true = {"moved": moved, "gone": 0.0, "new": made.new_residents}
    if {name: people[name] for name in true} != true:
        wrong.append(f"residents: {people}, not {true}")
    if found.lineage["residents_moved"].sum() != moved or found.moves["residents"].sum() != moved:
        wrong.append("the lineage does not add up to all who moved")
    counts = found.lineage_counts
    adjusted = len(found.grids) - counts["unchanged"] - counts["resurveyed"]
    if found.n_adjusted != adjusted + counts["new"] + counts["carved"]:
        wrong.append(f"adjusted: {found.n_adjusted}")
    return wrong


class _World:
    """The old grids: who is free to be edited, who borders on whom, which buildings are in whom."""

    def __init__(self, grids: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> None:
        base = grids[grids["kind"] == "base"]
        self.grids = grids
        i, j = base.sindex.query(base.buffer(1.0).array, predicate="intersects")
        ids = base.index.to_numpy()
        self.near: dict[str, list[str]] = {name: [] for name in ids}
        for left, right in zip(ids[i], ids[j], strict=True):
            if left != right:
                self.near[left].append(right)
        at, point = base.sindex.query(buildings.geometry.array, predicate="covered_by")[::-1]
        self.inside: dict[str, list[str]] = {name: [] for name in ids}
        home: dict[str, str] = {}
        for name, building in sorted(zip(ids[at], buildings.index.to_numpy()[point], strict=True)):
            if building not in home:
                home[building] = name
                self.inside[name].append(building)
        overlap_i, overlap_j = base.sindex.query(base.geometry.array, predicate="overlaps")
        same_i, same_j = base.sindex.query(base.geometry.array, predicate="contains")
        dirty = set(ids[overlap_i]) | set(ids[overlap_j])
        dirty |= {ids[a] for a, b in zip(same_i, same_j, strict=True) if a != b}
        dirty |= {ids[b] for a, b in zip(same_i, same_j, strict=True) if a != b}
        self.free = [
            name
            for name in ids
            if name not in dirty
            and base.geometry[name].geom_type == "Polygon"
            and not base.geometry[name].interiors
        ]

    def take(self, made: Edited, rng: np.random.Generator) -> str | None:
        """Return a grid that no edit has touched nor borders on."""
        name = str(self.free[int(rng.integers(len(self.free)))])
        return None if {name, *self.near[name]} & made.used else name

    def take_pair(
        self, made: Edited, rng: np.random.Generator, *, same_parent: bool = False
    ) -> tuple[str, str] | None:
        """Return two grids that share a long border, both untouched."""
        name = self.take(made, rng)
        if name is None:
            return None
        shape = self.grids.geometry[name]
        for other in rng.permutation(self.near[name]):
            mate = str(other)
            if mate not in self.free or {mate, *self.near[mate]} & made.used:
                continue
            if same_parent and self.grids["parent_id"][mate] != self.grids["parent_id"][name]:
                continue
            if shape.boundary.intersection(self.grids.geometry[mate].boundary).length > 60:
                return name, mate
        return None


def _put(made: Edited, old_id: str, new_id: str, **values: Any) -> None:  # noqa: ANN401
    """Add a grid like `old_id` under `new_id`."""
    row = made.grids.loc[[old_id]].copy()
    row.index = pd.Index([new_id], name="grid_id")
    for name, value in values.items():
        row[name] = [value]
    made.grids = gpd.GeoDataFrame(pd.concat([made.grids, row]), crs=made.grids.crs)


def _drop(made: Edited, *names: str) -> None:
    made.grids = made.grids.drop(index=list(names))


def _fresh(made: Edited, name: str) -> str:
    """Return an id that nobody has ever had."""
    return f"{name[:12]}X{len(made.used):04d}{len(made.grids):05d}"


def _halves(
    shape: shapely.Polygon, rng: np.random.Generator, share: float
) -> list[shapely.Polygon] | None:
    """Return `shape` cut in two by a line at about `share` of its width, None where it is odd."""
    angle = float(rng.uniform(0, 180))
    turned = affinity.rotate(shape, angle, origin=(0, 0))
    west, south, east, north = turned.bounds
    x = west + share * (east - west)
    sides = [
        turned.intersection(shapely.box(west - 9, south - 9, x, north + 9)),
        turned.intersection(shapely.box(x, south - 9, east + 9, north + 9)),
    ]
    parts = [affinity.rotate(side, -angle, origin=(0, 0)) for side in sides]
    good = all(part.geom_type == "Polygon" and part.area > 0.2 * shape.area for part in parts)
    return parts if good else None


def _people_in(
    made: Edited, world: _World, name: str, part: shapely.Polygon
) -> tuple[list[str], float] | None:
    """Return the buildings of a grid in a part of it; None where one is within 0.5 m of its rim."""
    ids = world.inside[name]
    points = made.buildings.geometry[ids]
    if (points.distance(part.boundary) < 0.5).any():
        return None
    inside = [one for one in ids if part.covers(points[one])]
    return inside, float(made.buildings["residents"][inside].sum())


def _split(made: Edited, world: _World, rng: np.random.Generator, *, recoded: bool = False) -> bool:
    name = world.take(made, rng)
    if name is None:
        return False
    parts = _halves(world.grids.geometry[name], rng, float(rng.uniform(0.35, 0.65)))
    if parts is None:
        return False
    people = [_people_in(made, world, name, part) for part in parts]
    if people[0] is None or people[1] is None or people[0][1] == people[1][1]:
        return False
    ids = [_fresh(made, name) + "a", _fresh(made, name) + "b"]
    kept = int(rng.integers(2))
    if not recoded:
        ids[kept] = name
    row = made.grids.loc[[name]]
    _drop(made, name)
    for new_id, part in zip(ids, parts, strict=True):
        piece = row.copy()
        piece.index = pd.Index([new_id], name="grid_id")
        piece["name"] = [f"{row['name'].iloc[0]}{new_id[-1]}"]
        made.grids = gpd.GeoDataFrame(
            pd.concat([made.grids, piece.set_geometry([part], crs=piece.crs)]), crs=row.crs
        )
    if recoded:
        kept = int(people[1][1] > people[0][1])
    made.successors[name] = ids[kept]
    made.moved_ids |= set(people[1 - kept][0])
    made.fates[name], made.parts[name] = "split", set(ids)
    made.used |= {name}
    return True


def _split_recoded(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    return _split(made, world, rng, recoded=True)


def _merge(made: Edited, world: _World, rng: np.random.Generator, *, recoded: bool = False) -> bool:
    pair = world.take_pair(made, rng, same_parent=True)
    if pair is None:
        return False
    union = shapely.union_all([world.grids.geometry[name] for name in pair])
    if union.geom_type != "Polygon":
        return False
    new_id = _fresh(made, pair[0]) if recoded else pair[int(rng.integers(2))]
    row = made.grids.loc[[pair[0]]]
    _drop(made, *pair)
    row.index = pd.Index([new_id], name="grid_id")
    row = row.set_geometry([union], crs=row.crs)
    made.grids = gpd.GeoDataFrame(pd.concat([made.grids, row]), crs=row.crs)
    for name in pair:
        made.fates[name], made.successors[name], made.parts[name] = "merged", new_id, {new_id}
    made.used |= set(pair)
    return True


def _merge_recoded(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    return _merge(made, world, rng, recoded=True)


def _shift_border(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    pair = world.take_pair(made, rng)
    if pair is None:
        return False
    loser, winner = pair
    shape, other = (world.grids.geometry[name] for name in pair)
    strip = shape.intersection(shape.boundary.intersection(other.boundary).buffer(40))
    strip = max(shapely.get_parts(strip), key=lambda part: part.area)
    rest, grown = shape.difference(strip), shapely.union_all([other, strip])
    if rest.geom_type != "Polygon" or grown.geom_type != "Polygon" or rest.area < 0.3 * shape.area:
        return False
    people = _people_in(made, world, loser, strip)
    total = float(made.buildings["residents"][world.inside[loser]].sum())
    if people is None or people[1] > 0.4 * total:
        return False
    made.grids.loc[[loser, winner], "geometry"] = gpd.GeoSeries(
        [rest, grown], index=[loser, winner], crs=made.grids.crs
    )
    made.moved_ids |= set(people[0])
    made.fates |= {loser: "redrawn", winner: "redrawn"}
    made.used |= set(pair)
    return True


def _move_building(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    name, target = world.take(made, rng), world.take(made, rng)
    if name is None or target is None or name == target or not world.inside[name]:
        return False
    building = str(rng.choice(world.inside[name]))
    place = world.grids.geometry[target].representative_point()
    if (made.buildings.distance(place) < 2).any() or not world.inside[target]:
        return False
    made.buildings.loc[[building], "geometry"] = gpd.GeoSeries(
        [place], index=[building], crs=made.buildings.crs
    )
    made.moved_ids.add(building)
    made.fates |= {name: "redrawn", target: "redrawn"}
    made.used |= {name, target}
    return True


def _rename(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    name = world.take(made, rng)
    if name is None:
        return False
    made.grids.loc[name, "name"] = f"改名{len(made.used)}"
    made.flags["renamed"].add(name)
    made.used.add(name)
    return True


def _recode(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    name = world.take(made, rng)
    if name is None:
        return False
    new_id = _fresh(made, name)
    made.grids = made.grids.rename(index={name: new_id})
    made.successors[name], made.parts[name] = new_id, {new_id}
    made.flags["recoded"].add(name)
    if rng.random() < 0.5:
        made.grids.loc[new_id, "name"] = f"又改名{len(made.used)}"
        made.flags["renamed"].add(name)
    made.used.add(name)
    return True


def _reparent(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    name = world.take(made, rng)
    if name is None or pd.isna(world.grids["parent_id"][name]):
        return False
    homes = made.units.index[made.units["level"] == "community"]
    parent = str(rng.choice(homes))
    if parent == world.grids["parent_id"][name]:
        return False
    made.grids.loc[name, "parent_id"] = parent
    made.flags["reparented"].add(name)
    made.used.add(name)
    return True


def _rekind(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    name = world.take(made, rng)
    if name is None:
        return False
    made.grids.loc[name, "kind"] = "dedicated"
    made.flags["rekinded"].add(name)
    made.used.add(name)
    return True


def _carve(made: Edited, world: _World, rng: np.random.Generator, *, out: bool) -> bool:
    name = world.take(made, rng)
    if name is None:
        return False
    shape = world.grids.geometry[name]
    piece = shape.representative_point().buffer(0.25 * np.sqrt(shape.area), quad_segs=2)
    others = made.grids[made.grids["kind"] == "dedicated"]
    if not shape.contains(piece) or others.intersects(piece).any():
        return False
    people = _people_in(made, world, name, piece)
    if people is None:
        return False
    new_id = f"Z{_fresh(made, name)}"
    if out:
        made.grids.loc[[name], "geometry"] = gpd.GeoSeries(
            [shape.difference(piece)], index=[name], crs=made.grids.crs
        )
        made.fates[name] = "redrawn"
        made.moved_ids |= set(people[0])
    _put(made, name, new_id, kind="dedicated", name="专属", residents=0, households=0)
    made.grids.loc[[new_id], "geometry"] = gpd.GeoSeries(
        [piece], index=[new_id], crs=made.grids.crs
    )
    made.origins[new_id] = "carved"
    made.used.add(name)
    return True


def _carve_over(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    return _carve(made, world, rng, out=False)


def _carve_out(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    return _carve(made, world, rng, out=True)


def _abolish(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    name = world.take(made, rng)
    if name is None:
        return False
    _drop(made, name)
    made.fates[name], made.successors[name], made.parts[name] = "abolished", None, set()
    made.moved_ids |= set(world.inside[name])
    made.used.add(name)
    return True


def _found(made: Edited, world: _World, rng: np.random.Generator) -> bool:
    name = world.take(made, rng)
    if name is None:
        return False
    _, _, east, north = made.grids.total_bounds
    x = east + 300 + 200 * len(made.origins)
    new_id = _fresh(made, name)
    _put(made, name, new_id, name="新城", residents=90, households=30)
    made.grids.loc[[new_id], "geometry"] = gpd.GeoSeries(
        [shapely.box(x, north, x + 100, north + 100)], index=[new_id], crs=made.grids.crs
    )
    row = made.buildings.iloc[[0]].copy()
    row.index = pd.Index([f"N{new_id}"], name="building_id")
    row["residents"] = 90
    row = row.set_geometry([shapely.Point(x + 50, north + 50)], crs=row.crs)
    made.buildings = gpd.GeoDataFrame(pd.concat([made.buildings, row]), crs=row.crs)
    made.new_residents += 90
    made.origins[new_id] = "new"
    return True


_EDITS: dict[str, Callable[[Edited, _World, np.random.Generator], bool]] = {
    "split": _split,
    "split_recoded": _split_recoded,
    "merge": _merge,
    "merge_recoded": _merge_recoded,
    "shift_border": _shift_border,
    "move_building": _move_building,
    "rename": _rename,
    "recode": _recode,
    "reparent": _reparent,
    "rekind": _rekind,
    "carve_over": _carve_over,
    "carve_out": _carve_out,
    "abolish": _abolish,
    "found": _found,
}
