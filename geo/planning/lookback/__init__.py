"""Look-back (回头看): what became of last year's grids, for whom, and whether it helped."""

from geo.planning.lookback.fates import ADJUSTED, FLAGS, NEW_FATES, OLD_FATES
from geo.planning.lookback.run import look_back
from geo.planning.lookback.statement import statement
from geo.planning.lookback.value import Lookback

__all__ = ["ADJUSTED", "FLAGS", "NEW_FATES", "OLD_FATES", "Lookback", "look_back", "statement"]
