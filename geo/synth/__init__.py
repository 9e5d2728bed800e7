"""A synthetic city with planted, recorded defects, deterministic by seed, up to a million grids.

It looks like a real one: organic blocks whose borders are shared polylines, streets (街道) of
seven to ten communities, eight base grids and a dedicated one in each, a round outline, a river.
`truth` lists every error and warning that an audit must give; it is computed by this room's own
simple means, not by the checks.
"""

from geo.synth.city import NEIJIANG, City, build_city
from geo.synth.files import write_city

__all__ = ["NEIJIANG", "City", "build_city", "write_city"]
