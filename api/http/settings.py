"""What can be set about the service; given to the app factory, never read at import."""

from dataclasses import dataclass, field

from geo.errors import ProjectError
from maps.basemaps import Basemap

__all__ = ["Settings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the service answers.

    `title`, `language`
        Override those of the project.
    `public_url`
        URL that links start with, without a slash at its end; None: the one the client asked.
    `default_limit`, `max_limit`
        Features on a page: when not asked, and at most.
    `max_tile_bytes`
        Memory for tiles that were cut before.
    `gzip_level`, `min_gzip_bytes`
        Answers from this size on are compressed, 0 to 3; a smaller one fits into one packet.
    `max_body_bytes`
        A request with a larger body is refused; the planner's pages have bounds of their own.
    `max_requests_per_second`
        Of one client over a longer time, in a burst twice as many; None: any number.
    `is_access_logged`
        Each request is a line of JSON in the log `gridcircle.access`.
    `token`
        Who knows it may write into a workspace.
    `allow_upload`
        True where anyone on this machine may; only for a server on the loopback address.
    `basemap`
        What lies under the grids of the served map; None for nothing.

    Raises
    ------
    ProjectError
        Unless 1 ≤ `default_limit` ≤ `max_limit`.
    """

    title: str | None = None
    language: str | None = None
    public_url: str | None = None
    default_limit: int = 100
    max_limit: int = 10_000
    max_tile_bytes: int = 64_000_000
    gzip_level: int = 1
    min_gzip_bytes: int = 1400
    max_body_bytes: int = 1_000_000
    max_requests_per_second: float | None = None
    is_access_logged: bool = True
    token: str | None = field(default=None, repr=False)
    allow_upload: bool = False
    basemap: Basemap | None = None

    def __post_init__(self) -> None:
        """Refuse a page size that cannot be."""
        if not 1 <= self.default_limit <= self.max_limit:
            raise ProjectError(
                "http.bad_limits", default=self.default_limit, maximum=self.max_limit
            )
