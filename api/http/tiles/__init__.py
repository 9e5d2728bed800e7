"""Vector tiles (MVT 2) of the collections, and what describes them."""

from api.http.tiles.cache import TileCache, tile_of
from api.http.tiles.matrices import MATRIX_SET, Tile, read_tile, tile_matrix_set

__all__ = ["MATRIX_SET", "Tile", "TileCache", "read_tile", "tile_matrix_set", "tile_of"]
