"""Tiers and streets drawn for tests of coverage."""

import geopandas as gpd
import pandas as pd
import shapely

from geo.standards import Tier
from tests.builders import CRS


def tier(
    tier_id: str,
    *,
    minutes: float = 10.0,
    metres: float = 100.0,
    categories: tuple[str, ...] | None = None,
) -> Tier:
    """Return a tier of walking that is titled by its id."""
    return Tier(
        tier_id=tier_id,
        title={"zh": f"{tier_id}圈", "en": f"circle {tier_id}"},
        minutes=minutes,
        distance_m=metres,
        categories=categories,
    )


def streets_of(*lines: list[tuple[float, float]]) -> gpd.GeoDataFrame:
    """Return streets r0, r1, … along the given lines."""
    shapes = [shapely.LineString(line) for line in lines]
    index = pd.Index([f"r{i}" for i in range(len(shapes))], name="street_id")
    return gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, index=index, crs=CRS))
