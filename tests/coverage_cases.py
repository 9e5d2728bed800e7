"""Tiers drawn for tests of coverage."""

from geo.standards import Tier


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
