"""What a page needs to try out sites: a blob of its own, unpacked when the panel is opened."""

from typing import Final

from geo.audit import Audit
from maps.whatif.reasons import LeftOut
from maps.whatif.straight import pack_straight
from maps.whatif.streets import pack_streets

__all__ = ["LeftOut", "pack_whatif"]

_MAX_BUILDINGS: Final = 400_000
_MAX_GRIDS: Final = 10_000


def pack_whatif(audit: Audit) -> str | LeftOut | None:
    """Return the city as text of base64, by the model that gives its verdicts.

    None without sites or tiers: there is nothing to try. Else why it was left out.
    """
    layers = audit.layers
    if layers.sites is None or not len(layers.sites) or not audit.standard.tiers:
        return None
    n_buildings = 0 if layers.buildings is None else len(layers.buildings)
    if n_buildings > _MAX_BUILDINGS or len(layers.grids) > _MAX_GRIDS:
        return LeftOut.LARGE
    return pack_streets(audit) if audit.verdict_model == "network" else pack_straight(audit)
