"""The streets and the demand of a city as the page takes them, to try out sites and links in it."""

from typing import Final

import numpy as np
import numpy.typing as npt

from geo.audit import Audit
from geo.coverage.network.kernel import Net
from geo.errors import LayerError
from geo.planning.whatif import WhatIf
from geo.planning.whatif.along import AlongStreets
from maps.packing import Packer, zigzag
from maps.privacy import least_count
from maps.whatif.headers import STEP_M, header
from maps.whatif.members import add_members, deltas

__all__ = ["pack_streets"]

_MAX_PLACES: Final = 400_000
_MAX_EDGES: Final = 400_000

Longs = npt.NDArray[np.int64]


def pack_streets(audit: Audit) -> str | None:
    """Return streets, places, counts and rules as text of base64.

    None where the streets cannot be walked both ways at one speed, or are too many. Counts of
    people below the k of the standard are pooled along their street.
    """
    if audit.layers.streets is None or len(audit.layers.streets) > _MAX_EDGES:
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
    rules, net = model.kernel.rules, network.net
    head = header(audit, model.ground.demand, rules=rules, sites=model.sites)
    own = {
        "model": "network",
        "ms_per_m": net.ms_per_m,
        "n_nodes": net.graph.n_nodes,
        "max_snap_m": rules.max_snap_m,
        "tiers": [
            {
                "id": name,
                "limit_ms": int(tier.minutes * 60_000),
                "categories": None if tier.categories is None else list(tier.categories),
            }
            for name, tier in model.tiers.items()
            if tier.mode == mode
        ],
    }
    return packer.blob(head | own)


def _add_streets(packer: Packer, net: Net) -> None:
    """Add chains, and the open edges with their vertices and where they lie on chains."""
    graph, snapper = net.graph, net.snapper
    packer.add("chain.start", deltas(graph.chains.start))
    packer.add("chain.end", deltas(graph.chains.end))
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
    packer.add("edge.chain", deltas(graph.edge_chain[edges]))
    packer.add("edge.from_ms", graph.edge_from_ms[edges].astype(np.uint64))
    packer.add("edge.ms", graph.edge_ms[edges].astype(np.uint64))
    packer.add("edge.flipped", graph.edge_flipped[edges].astype(np.uint64))


def _add_places(packer: Packer, model: AlongStreets, mode: str, *, k: float) -> None:
    """Add sites and places on the chains, memberships, and how many sites reach what."""
    network, ground = model.networks[mode], model.ground
    for name, places in (("site", network.net.sites), ("place", network.places)):
        packer.add(f"{name}.chain", deltas(places.chain))
        packer.add(f"{name}.at_ms", places.at_ms.astype(np.uint64))
        packer.add(f"{name}.access_ms", places.access_ms.astype(np.uint64))
    xy = np.rint(model.sites.xy / STEP_M).astype(np.int64)
    packer.add("site.xy", zigzag(np.diff(xy, axis=0, prepend=0).ravel()))
    order = np.lexsort(
        (
            network.places.at_ms[ground.place_at],
            network.places.chain[ground.place_at],
            ground.grid_at,
        )
    )
    is_cell = ground.place_at >= len(ground.demand.points_xy)
    cells = np.bincount(ground.grid_at[is_cell], minlength=len(ground.grid_ids))
    add_members(packer, ground, order, k=k, cells=cells)
    for name in network.n_inside:
        packer.add(f"inside.{name}", network.n_inside[name].astype(np.uint64))
        packer.add(f"sites.{name}", network.n_sites[name].astype(np.uint64))
