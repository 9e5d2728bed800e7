"""Tiles that were cut once, kept compressed and within a bound."""

import threading
from collections import OrderedDict
from typing import Final

from isal import igzip

from api.http.features import FeatureTable
from api.http.references import WEB_MERCATOR
from api.http.tiles.attributes import Attributes
from api.http.tiles.cutting import cut_tile
from api.http.tiles.matrices import Tile

__all__ = ["TileCache", "tile_of"]

Key = tuple[str, str, Tile]
_MAX_TABLES: Final = 24


class TileCache:
    """Compressed tiles by digest of the dataset, collection and place; the oldest go first.

    `n_bytes` is what they take now.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self.n_bytes = 0
        self._tiles: OrderedDict[Key, bytes] = OrderedDict()
        self._attributes: OrderedDict[tuple[str, str], Attributes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> bytes | None:
        """Return a tile, None where it must be cut."""
        with self._lock:
            found = self._tiles.get(key)
            if found is not None:
                self._tiles.move_to_end(key)
            return found

    def put(self, key: Key, tile: bytes) -> None:
        """Keep a tile."""
        with self._lock:
            before = self._tiles.pop(key, b"")
            self._tiles[key] = tile
            self.n_bytes += len(tile) - len(before)
            while self.n_bytes > self._max_bytes and self._tiles:
                _, oldest = self._tiles.popitem(last=False)
                self.n_bytes -= len(oldest)

    def attributes(self, digest: str, table: FeatureTable) -> Attributes:
        """Return the properties of `table`, made ready once."""
        key = (digest, table.name)
        found = self._attributes.get(key)
        if found is None:
            found = Attributes.of(table)
            with self._lock:
                self._attributes[key] = found
                while len(self._attributes) > _MAX_TABLES:
                    self._attributes.popitem(last=False)
        return found


def tile_of(cache: TileCache, digest: str, table: FeatureTable, *, tile: Tile) -> bytes:
    """Return a tile of `table`, compressed by gzip; empty where nothing lies in it."""
    key = (digest, table.name, tile)
    found = cache.get(key)
    if found is None:
        attributes = cache.attributes(digest, table)
        cut = cut_tile(table.name, table.projected(WEB_MERCATOR), attributes, tile=tile)
        found = igzip.compress(cut, compresslevel=1, mtime=0) if cut else b""
        cache.put(key, found)
    return found
