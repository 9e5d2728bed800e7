"""The streets and the demand of a city as the page takes them, to try out sites and links in it.

A blob of its own, unpacked when the panel is opened, so that the first drawing does not wait.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from pyproj import Transformer

from geo.audit import Audit
from geo.coverage.network.kernel import Net
from geo.crs import WGS84
from geo.errors import LayerError
from geo.planning.whatif import WhatIf
from geo.planning.whatif.along import AlongStreets
from maps.packing import Packer, zigzag
from maps.privacy import least_count

__all__ = ["STEP_M", "pack_whatif"]

STEP_M: Final = 2.0**-14
"""Step of the streets' vertices (m)."""

_MAX_PLACES: Final = 400_000
_MAX_EDGES: Final = 400_000
_MAX_GRIDS: Final = 10_000
_DEGREE: Final = 5
_SAMPLES: Final = 40
_MARGIN: Final = 0.05
_WEIGHT_STEP: Final = 1e-3
_PERSONS: Final = frozenset({"residents", "households", "workers"})

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


def pack_whatif(audit: Audit) -> str | None:
    """Return streets, places, counts and rules as text of base64.

    None where the audit is not judged along streets that can be walked both ways at one speed, or
    is too large. Counts of people below the k of the standard are pooled along their street.
    """
    if audit.verdict_model != "network" or _is_too_large(audit):
        return None
    try:
        city = WhatIf.prepare(audit)
    except LayerError:
        return None
    model = city.models[0]
    if not isinstance(model, AlongStreets):
        return None
    mode = next(iter(model.tiers.values())).mode
    network = model.networks[mode]
    if network.label is None or f"{mode} metres" in model.kernel.nets:
        return None
    if model.ground.n_places > _MAX_PLACES or len(network.net.graph.edge_ms) > _MAX_EDGES:
        return None
    packer = Packer(origin_lonlat=(0.0, 0.0))
    _add_streets(packer, network.net)
    _add_places(packer, model, mode, k=least_count(audit.standard))
    return packer.blob(_header(audit, model, mode))


def _is_too_large(audit: Audit) -> bool:
    """Return whether to prepare the city would take long for a page that would be too heavy."""
    layers = audit.layers
    n_buildings = 0 if layers.buildings is None else len(layers.buildings)
    return (
        layers.streets is None
        or len(layers.streets) > _MAX_EDGES
        or n_buildings > _MAX_PLACES
        or len(layers.grids) > _MAX_GRIDS
    )


def _header(audit: Audit, model: AlongStreets, mode: str) -> dict[str, Any]:
    rules, net = model.kernel.rules, model.networks[mode].net
    demand = model.ground.demand
    return {
        "version": 1,
        "step_m": STEP_M,
        "ms_per_m": net.ms_per_m,
        "n_nodes": net.graph.n_nodes,
        "max_snap_m": rules.max_snap_m,
        "thin_below_share": rules.thin_below_share,
        "crowded_quotient": rules.crowded_quotient,
        "weight_step": _WEIGHT_STEP,
        "basis": demand.totals_basis,
        "n_points": len(demand.points_xy),
        "is_base": demand.is_base.astype(int).tolist(),
        "tiers": [
            {
                "id": name,
                "limit_ms": int(tier.minutes * 60_000),
                "categories": None if tier.categories is None else list(tier.categories),
            }
            for name, tier in model.tiers.items()
            if tier.mode == mode
        ],
        "category": None
        if model.sites.category is None
        else [None if name is None or name != name else str(name) for name in model.sites.category],  # noqa: PLR0124
        "plane": _plane(audit),
    }


def _plane(audit: Audit) -> dict[str, Any]:
    """Return polynomials from degrees to metres and back, fitted to the extent of the city.

    Of the fifth degree in both coordinates: off by less than a millimetre for cities.
    """
    west, south, east, north = audit.grids.total_bounds
    rim = _MARGIN * max(east - west, north - south) + 2000.0
    x, y = np.meshgrid(
        np.linspace(west - rim, east + rim, _SAMPLES),
        np.linspace(south - rim, north + rim, _SAMPLES),
    )
    back = Transformer.from_crs(audit.crs, WGS84, always_xy=True)
    lon, lat = back.transform(x.ravel(), y.ravel())
    metres = np.column_stack([x.ravel(), y.ravel()])
    degrees = np.column_stack([lon, lat])
    return {"to_m": _fitted(degrees, metres), "to_deg": _fitted(metres, degrees)}


def _fitted(given: Floats, wanted: Floats) -> dict[str, Any]:
    low, high = given.min(axis=0), given.max(axis=0)
    centre, scale = (low + high) / 2, (high - low) / 2
    u, v = ((given - centre) / scale).T
    powers = [(i, j) for i in range(_DEGREE + 1) for j in range(_DEGREE + 1 - i)]
    terms = np.column_stack([u**i * v**j for i, j in powers])
    shift = wanted.mean(axis=0)
    solved, *_ = np.linalg.lstsq(terms, wanted - shift, rcond=None)
    return {
        "centre": centre.tolist(),
        "scale": scale.tolist(),
        "powers": powers,
        "shift": shift.tolist(),
        "terms": solved.T.tolist(),
        "off": float(np.abs(terms @ solved + shift - wanted).max()),
    }


def _add_streets(packer: Packer, net: Net) -> None:
    """Add chains, and the open edges with their vertices and where they lie on chains."""
    graph, snapper = net.graph, net.snapper
    packer.add("chain.start", _deltas(graph.chains.start))
    packer.add("chain.end", _deltas(graph.chains.end))
    packer.add("chain.ms", graph.chains.time_ms.astype(np.uint64))
    # The snapper's segments come edge by edge: their first ends, then the last end of the edge.
    edges, first = np.unique(snapper.edge, return_index=True)
    last = np.append(first[1:], len(snapper.edge))
    size = last - first
    packer.add("edge.size", size.astype(np.uint64))
    at = np.repeat(first, size + 1)
    inner = np.arange((size + 1).sum()) - np.repeat(np.cumsum(size + 1) - (size + 1), size + 1)
    is_last = inner == np.repeat(size, size + 1)
    row = at + np.where(is_last, inner - 1, inner)
    xy = np.where(is_last[:, None], snapper.segments[row, 2:], snapper.segments[row, :2])
    steps = np.rint(xy / STEP_M).astype(np.int64)
    packer.add("edge.xy", zigzag(np.diff(steps, axis=0, prepend=0).ravel()))
    packer.add("edge.chain", _deltas(graph.edge_chain[edges]))
    packer.add("edge.from_ms", graph.edge_from_ms[edges].astype(np.uint64))
    packer.add("edge.ms", graph.edge_ms[edges].astype(np.uint64))
    packer.add("edge.flipped", graph.edge_flipped[edges].astype(np.uint64))


def _add_places(packer: Packer, model: AlongStreets, mode: str, *, k: float) -> None:
    """Add sites and places on the chains, memberships, and how many sites reach what."""
    network, ground = model.networks[mode], model.ground
    for name, places in (("site", network.net.sites), ("place", network.places)):
        packer.add(f"{name}.chain", _deltas(places.chain))
        packer.add(f"{name}.at_ms", places.at_ms.astype(np.uint64))
        packer.add(f"{name}.access_ms", places.access_ms.astype(np.uint64))
    xy = np.rint(model.sites.xy / STEP_M).astype(np.int64)
    packer.add("site.xy", zigzag(np.diff(xy, axis=0, prepend=0).ravel()))
    packer.add("member.grid", _deltas(ground.grid_at))
    packer.add("member.place", _deltas(ground.place_at))
    is_people = (ground.demand.basis.isin(list(_PERSONS))).to_numpy()[ground.grid_at]
    order = np.lexsort(
        (
            network.places.at_ms[ground.place_at],
            network.places.chain[ground.place_at],
            ground.grid_at,
        )
    )
    weight = pooled(ground.weight, order, ground.grid_at, is_people=is_people, k=k)
    packer.add("member.weight", np.rint(weight / _WEIGHT_STEP).astype(np.uint64))
    is_head = ground.demand.is_base & (ground.demand.basis == ground.demand.totals_basis).to_numpy()
    packer.add("grid.head", is_head.astype(np.uint64))
    n = len(ground.grid_ids)
    cells = np.bincount(
        ground.grid_at[ground.place_at >= len(ground.demand.points_xy)], minlength=n
    )
    packer.add("grid.cells", cells.astype(np.uint64))
    packer.add("grid.area", np.rint(ground.demand.area_m2).astype(np.uint64))
    for name in network.n_inside:
        packer.add(f"inside.{name}", network.n_inside[name].astype(np.uint64))
        packer.add(f"sites.{name}", network.n_sites[name].astype(np.uint64))


def pooled(
    weight: Floats, order: Longs, grid_at: Longs, *, is_people: npt.NDArray[np.bool_], k: float
) -> Floats:
    """Return weights of which none of people lies between 0 and `k`, with the same sum by grid.

    Small ones are given to the next of their grid in `order` until they are enough; what is left
    over at the end of a grid to the largest one of the grid, and where a grid has fewer than `k`
    people in all, nobody is told there.
    """
    found = weight.copy()
    if k <= 0 or not (is_people & (weight > 0) & (weight < k)).any():
        return found
    held, grid = 0.0, -1
    largest = -1
    for at in [*order.tolist(), -1]:
        if at < 0 or grid_at[at] != grid:
            if held > 0 and largest >= 0:
                found[largest] += held
            held, largest = 0.0, -1
            if at < 0:
                break
            grid = int(grid_at[at])
        if not is_people[at]:
            continue
        total = float(found[at]) + held
        if total >= k:
            found[at], held = total, 0.0
            if largest < 0 or found[at] > found[largest]:
                largest = at
        else:
            found[at], held = 0.0, total
    return found


def _deltas(values: npt.NDArray[np.signedinteger[Any]]) -> npt.NDArray[np.uint64]:
    before = np.append(0, values.astype(np.int64))
    return zigzag(before[1:] - before[:-1])
