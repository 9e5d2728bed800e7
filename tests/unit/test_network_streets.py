"""Lines to edges: where streets meet; who may use them; streets out of PBF and GraphML."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from geo.coverage.network import modes, the_mode, ways_of
from geo.coverage.streets import street_edges
from geo.errors import CRSError, LoadError, NotFoundError
from geo.io.formats import read_layer
from geo.io.project import LayerSpec
from tests.builders import CRS


def _streets(*lines: object, **columns: list[object]) -> gpd.GeoDataFrame:
    shapes = [x if isinstance(x, shapely.Geometry) else shapely.LineString(x) for x in lines]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def _counts(streets: gpd.GeoDataFrame) -> tuple[int, int]:
    edges = street_edges(streets)
    assert edges.length_m.sum() == pytest.approx(streets.length.sum())
    return len(edges), len(edges.node_xy)


def test_lines_meet_at_shared_vertices_and_keep_their_bends() -> None:
    #      2          the bend at (1, 0) is no node, the vertex that both have is
    #  0──┐│
    #     └┼──1
    #      3
    edges = street_edges(_streets([(0, 1), (1, 0), (2, 0), (4, 0)], [(2, 3), (2, 0), (2, -3)]))
    assert (len(edges), len(edges.node_xy)) == (4, 5)
    assert sorted(edges.length_m.tolist()) == pytest.approx([2.0, 1 + 2**0.5, 3.0, 3.0])
    assert edges.street_at.tolist() == [0, 0, 1, 1]


def test_an_end_on_another_line_meets_it_within_five_centimetres() -> None:
    assert _counts_of_t(0.04) == (3, 4)
    assert _counts_of_t(0.06) == (2, 4)


def _counts_of_t(gap: float) -> tuple[int, int]:
    edges = street_edges(_streets([(0, 0), (10, 0)], [(5, 5), (5, gap)]))
    return len(edges), len(edges.node_xy)


def test_streets_that_were_never_noded_cross_at_junctions() -> None:
    # three by three streets drawn through: nine crossings, each street cut into four
    lines = [[(x, 0), (x, 40)] for x in (10, 20, 30)] + [[(0, y), (40, y)] for y in (10, 20, 30)]
    streets = _streets(*lines)
    assert street_edges(streets).n_crossings == 9
    assert _counts(streets) == (24, 9 + 12)


def test_a_bridge_is_kept_apart_in_a_noded_layer_and_by_its_level() -> None:
    # a noded mesh with one line across in the air: no crossing
    mesh = [[(x, y), (x + 10, y)] for x in (0, 10, 20) for y in (0, 10, 20)]
    mesh += [[(x, y), (x, y + 10)] for x in (0, 10, 20, 30) for y in (0, 10)]
    assert street_edges(_streets(*mesh, [(-5, 5), (5, 5)])).n_crossings == 0
    # drawn through, but one of the two lies higher
    cross = ([(0, 0), (10, 10)], [(0, 10), (10, 0)])
    assert street_edges(_streets(*cross)).n_crossings == 1
    for column, values in (("bridge", ["yes", "no"]), ("layer", ["1", None]), ("tunnel", [1, 0])):
        assert street_edges(_streets(*cross, **{column: values})).n_crossings == 0, column


def test_inner_vertices_at_one_place_on_two_levels_do_not_meet() -> None:
    lines = ([(0, 0), (5, 5), (10, 10)], [(0, 10), (5, 5), (10, 0)])
    assert _counts(_streets(*lines)) == (4, 5)
    assert _counts(_streets(*lines, layer=[0, 1])) == (2, 4)


def test_named_nodes_join_lines_and_nothing_else_does() -> None:
    lines = ([(0, 0), (5, 5)], [(5, 5), (10, 10)], [(0, 10), (10, 0)])
    streets = _streets(*lines, from_node=["a", "b", "d"], to_node=["b", "c", "e"])
    assert _counts(streets) == (3, 5)


def test_multilines_doubles_and_empty_lines() -> None:
    both = shapely.MultiLineString([[(0, 0), (1, 0), (1, 0), (2, 0)], [(2, 0), (3, 0)]])
    assert _counts(_streets(both, shapely.LineString())) == (2, 3)


def test_degrees_are_refused() -> None:
    with pytest.raises(CRSError):
        street_edges(_streets([(0, 0), (1, 1)]).set_crs(4326, allow_override=True))


@pytest.mark.parametrize(
    ("mode", "columns", "expected"),
    [
        ("walk", {"highway": ["motorway"]}, (False, False)),
        ("walk", {"highway": ["residential"], "oneway": ["yes"]}, (True, True)),
        ("car", {"highway": ["residential"], "oneway": ["yes"]}, (True, False)),
        ("car", {"oneway": ["-1"]}, (False, True)),
        ("car", {"oneway": ["单行"]}, (True, False)),
        ("car", {"highway": ["footway"]}, (False, False)),
        ("bicycle", {"highway": ["footway"]}, (False, False)),
        ("bicycle", {"highway": ["footway"], "bicycle": ["yes"]}, (True, True)),
        ("ebike", {"oneway": ["yes"], "oneway:bicycle": ["no"]}, (True, True)),
        ("walk", {"access": ["private"]}, (False, False)),
        ("walk", {"access": ["no"], "foot": ["yes"]}, (True, True)),
        ("walk", {"modes": ["机动车"]}, (False, False)),
        ("walk", {"modes": ["步行、自行车"]}, (True, True)),
        ("car", {"modes": ["walk;car"]}, (True, True)),
        ("walk", {"modes": [None]}, (True, True)),
        ("wheelchair", {"highway": ["steps"]}, (False, False)),
        ("wheelchair", {"highway": ["steps"], "modes": ["walk"]}, (False, False)),
    ],
)
def test_who_may_use_a_street(
    mode: str, columns: dict[str, list[object]], expected: tuple[bool, bool]
) -> None:
    ways = ways_of(_streets([(0, 0), (1, 0)], **columns), modes()[mode])
    assert (bool(ways.forward[0]), bool(ways.backward[0])) == expected


def test_a_car_keeps_the_speed_of_the_street_and_a_walker_his_own() -> None:
    streets = _streets([(0, 0), (1, 0)], [(1, 0), (2, 0)], speed_kmh=[60.0, np.nan])
    assert ways_of(streets, modes()["car"]).ms_per_m.tolist() == [60.0, 120.0]
    assert ways_of(streets, modes()["walk"]).ms_per_m.tolist() == [900.0, 900.0]


def test_every_mode_says_where_its_speed_is_from() -> None:
    assert set(modes()) == {"walk", "elder", "child", "wheelchair", "bicycle", "ebike", "car"}
    for mode in modes().values():
        assert mode.speed.source
        assert mode.speed.confidence in {"published", "secondary", "unverified", "ours"}
        assert set(mode.title) == {"zh", "en"}
    with pytest.raises(NotFoundError, match="no mode “boat”"):
        the_mode("boat")


def _spec(path: Path) -> LayerSpec:
    return LayerSpec(name="streets", schema="streets", path=path, shown=path.name)


# n1 ── n2 ── n3     way 10: a street n1 n2 n3; way 11: a path n2 n4 with a locked gate at n4;
#       │            way 12: n4 n5; way 13: a bridge n6 n7 over n2's place, no shared node
#      n4 ── n5
def _write_pbf(path: Path) -> None:
    osmium = pytest.importorskip("osmium", reason="pyosmium (extra osm) is not installed")
    places = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (1, -1), 5: (2, -1), 6: (1, 1), 7: (1, -2)}
    node, way = osmium.osm.mutable.Node, osmium.osm.mutable.Way
    with osmium.SimpleWriter(str(path)) as writer:
        for ref, (x, y) in places.items():
            tags = {"barrier": "gate", "locked": "yes"} if ref == 4 else {}
            writer.add_node(node(id=ref, location=(8 + x / 1000, 47 + y / 1000), tags=tags))
        for ref, nodes, tags in (
            (10, [1, 2, 3], {"highway": "residential", "name": "A", "maxspeed": "20 mph"}),
            (11, [2, 4], {"highway": "path"}),
            (12, [4, 5], {"highway": "steps"}),
            (13, [6, 7], {"highway": "footway", "bridge": "yes", "layer": "1"}),
            (14, [1, 3], {"building": "yes"}),
        ):
            writer.add_way(way(id=ref, nodes=nodes, tags=tags))


def test_streets_of_a_pbf_are_cut_at_shared_nodes_and_parted_by_a_locked_gate(
    tmp_path: Path,
) -> None:
    path = tmp_path / "town.osm.pbf"
    _write_pbf(path)
    frame = read_layer(_spec(path)).frame
    assert frame["street_id"].tolist() == ["10-0", "10-1", "11", "12", "13"]
    assert frame["from_node"].tolist()[:2] == ["1", "2"]
    assert frame["to_node"].iloc[2] != frame["from_node"].iloc[3]  # the gate
    assert frame["speed_kmh"].iloc[0] == pytest.approx(32.18688)
    assert frame["bridge"].iloc[4] == "yes"
    edges = street_edges(frame.to_crs("EPSG:32632"))
    assert (len(edges), len(edges.node_xy)) == (5, 8)


def test_a_damaged_pbf_is_refused_in_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("osmium", reason="pyosmium (extra osm) is not installed")
    path = tmp_path / "town.osm.pbf"
    path.write_bytes(b"no pbf at all")
    with pytest.raises(LoadError, match=r"town\.osm\.pbf"):
        read_layer(_spec(path))


GRAPHML = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="graph" attr.name="crs" attr.type="string"/>
<key id="d1" for="node" attr.name="x" attr.type="double"/>
<key id="d2" for="node" attr.name="y" attr.type="double"/>
<key id="d3" for="edge" attr.name="highway" attr.type="string"/>
<key id="d4" for="edge" attr.name="geometry" attr.type="string"/>
<graph edgedefault="directed"><data key="d0">epsg:32632</data>
<node id="a"><data key="d1">0</data><data key="d2">0</data></node>
<node id="b"><data key="d1">100</data><data key="d2">0</data></node>
<edge source="a" target="b"><data key="d3">residential</data></edge>
<edge source="b" target="a"><data key="d3">residential</data></edge>
<edge source="b" target="a"><data key="d3">service</data>
<data key="d4">LINESTRING (100 0, 50 50, 0 0)</data></edge>
</graph></graphml>
"""


def test_streets_of_a_graph_are_one_row_for_both_directions(tmp_path: Path) -> None:
    path = tmp_path / "town.graphml"
    path.write_text(GRAPHML, encoding="utf-8")
    raw = read_layer(_spec(path))
    assert raw.frame["oneway"].tolist() == ["no", "yes"]
    assert raw.frame["highway"].tolist() == ["residential", "service"]
    assert raw.frame.crs == "EPSG:32632"
    assert raw.frame.length.tolist() == pytest.approx([100.0, 2 * 50 * 2**0.5])


@pytest.mark.parametrize("text", ["<graphml/>", "no xml", GRAPHML.replace(">100<", "><")])
def test_a_damaged_graph_is_refused_in_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "town.graphml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LoadError, match=r"town\.graphml"):
        read_layer(_spec(path))
