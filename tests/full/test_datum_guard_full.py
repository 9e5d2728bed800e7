"""The figures that the datum guard must show: 99 % named right, no clean set doubted."""

import zlib
from collections import Counter

import numpy as np
import pytest

from geo.synth import build_city
from tests.towns import READINGS, TOWNS, around, draw_sites, misread, named

pytestmark = pytest.mark.full

KINDS = ("named", "plain", "built")
SETS = 20
CLEAN_SETS = 120
SIZES = (6, 15, 40, 80)


@pytest.mark.parametrize("town", TOWNS)
def test_twenty_sets_of_each_reading_are_named_right(town: str) -> None:
    results: Counter[str] = Counter()
    wrong = []
    for number in range(SETS):
        rng = np.random.default_rng([number, zlib.crc32(town.encode())])
        city = build_city(SIZES[number % len(SIZES)], seed=number, at=TOWNS[town])
        held = around(city)
        for reading, right in READINGS.items():
            kind = KINDS[number % len(KINDS)]
            sites = draw_sites(city, kind, int(rng.integers(30, 301)), rng)
            verdict = named(city, held, *misread(sites, reading, rng))
            results["right" if verdict in right else "wrong"] += 1
            if verdict not in right:
                wrong.append((number, reading, kind, len(sites), verdict))
    assert results["right"] >= 0.99 * results.total(), wrong


@pytest.mark.parametrize("town", TOWNS)
def test_clean_sets_are_never_doubted(town: str) -> None:
    doubted = []
    for number in range(CLEAN_SETS):
        rng = np.random.default_rng([number, 1, zlib.crc32(town.encode())])
        if number % 10 == 0:
            size = SIZES[number // 10 % len(SIZES)]
            city = build_city(size, seed=1000 + number, at=TOWNS[town])
            held = around(city)
        kind = KINDS[number % len(KINDS)]
        sites = draw_sites(city, kind, int(rng.integers(30, 301)), rng)
        verdict = named(city, held, sites, city.crs)
        if verdict not in ("ok", "unknown"):
            doubted.append((number, kind, len(sites), verdict))
    assert not doubted
