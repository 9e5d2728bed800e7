"""Which of many links would help most."""

from collections.abc import Sequence
from typing import NamedTuple

from geo.errors import NotFoundError
from geo.planning.whatif.city import WhatIf
from geo.planning.whatif.edits import Edits, Link

__all__ = ["RankedLink", "rank_links"]


class RankedLink(NamedTuple):
    """A link by its number, and how many more it brings inside; None where it cannot be opened."""

    number: int
    link: Link
    gained: float | None


def rank_links(city: WhatIf, links: Sequence[Link], tier: str) -> tuple[RankedLink, ...]:
    """Return `links`, each opened alone, by how many more are then inside `tier`: most first.

    Equal ones come in their order, those that cannot be opened last.

    Notes
    -----
    O(links × (circles of the sites that gain + places + arcs)).
    """
    ranked = [RankedLink(at, link, _gained(city, link, tier)) for at, link in enumerate(links)]
    return tuple(sorted(ranked, key=lambda one: (one.gained is None, -(one.gained or 0.0))))


def _gained(city: WhatIf, link: Link, tier: str) -> float | None:
    try:
        return city.gained(Edits(links=(link,)), tier)
    except NotFoundError:
        return None
