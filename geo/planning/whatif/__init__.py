"""What if a station stood here? Sites and links tried out on an audited city."""

from geo.planning.whatif.city import ChangedGrid, Outcome, TierOutcome, WhatIf
from geo.planning.whatif.edits import Edits, Link, NewSite
from geo.planning.whatif.ranking import RankedLink, rank_links

__all__ = [
    "ChangedGrid",
    "Edits",
    "Link",
    "NewSite",
    "Outcome",
    "RankedLink",
    "TierOutcome",
    "WhatIf",
    "rank_links",
]
