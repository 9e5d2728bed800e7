"""What a page carries to try out sites: nothing lost, and told where it is left out."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo import words
from maps import audit_map
from maps.pages import WHATIF_ID, max_bytes
from maps.whatif import LeftOut
from maps.whatif.edges import metres_along
from maps.whatif.places import steps_per_m
from tests.unit.fake_audit import fake_audit


def test_whole_millimetres_are_told_as_such_and_other_places_finer() -> None:
    cm = np.array([[509_063.25, 3_275_480.68]])
    assert steps_per_m(cm) == 100
    assert steps_per_m(cm, cm + 0.007) == 1000
    assert steps_per_m(cm, np.array([[1 / 3, 0.0]])) == 2**14
    assert steps_per_m(np.zeros((0, 2))) == 1


@given(st.lists(st.integers(-(10**10), 10**10), min_size=2, max_size=20))
def test_places_on_a_decimal_lattice_come_back_to_the_last_bit(millimetres: list[int]) -> None:
    xy = np.round(np.array(millimetres[: len(millimetres) // 2 * 2]).reshape(-1, 2) / 1000, 3)
    parts = steps_per_m(xy)
    assert (np.rint(xy * parts) / parts == xy).all()


@given(st.lists(st.lists(st.integers(-999, 999), min_size=4, max_size=12), max_size=6))
def test_lengths_are_summed_one_line_at_a_time(lines: list[list[int]]) -> None:
    given_xy = [np.array(line[: len(line) // 2 * 2]).reshape(-1, 2) / 7 for line in lines]
    n_vertices = np.array([len(xy) for xy in given_xy], dtype=np.int64)
    xy = np.vstack([np.zeros((0, 2)), *given_xy])
    wanted = []
    for line in given_xy:
        total = 0.0
        for (x0, y0), (x1, y1) in pairwise(line):
            total += float(np.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)))
        wanted.append(total)
    assert metres_along(xy, n_vertices).tolist() == wanted


def test_two_megabytes_for_2400_grids_and_in_proportion_above() -> None:
    assert [max_bytes(n) for n in (999, 1000, 2400, 4800, 50_000)] == [
        16_000_000,
        2_000_000,
        2_000_000,
        4_000_000,
        16_000_000,
    ]


def test_a_page_that_would_be_too_heavy_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = audit_map(fake_audit())
    assert f'id="{WHATIF_ID}">' in whole
    monkeypatch.setattr("maps.pages.max_bytes", lambda _: len(whole.encode("utf-8")))
    assert audit_map(fake_audit()) == whole
    monkeypatch.setattr("maps.pages.max_bytes", lambda _: len(whole.encode("utf-8")) - 1)
    assert f'id="{WHATIF_ID}" data-left-out="heavy"></script>' in audit_map(fake_audit())


def test_too_many_grids_are_told_and_no_sites_need_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maps.whatif._MAX_GRIDS", 5)
    assert f'id="{WHATIF_ID}" data-left-out="large"></script>' in audit_map(fake_audit())
    assert f'id="{WHATIF_ID}"' not in audit_map(fake_audit(has_sites=False))


def test_every_reason_has_a_sentence_in_the_page() -> None:
    table = words.table("maps")
    for reason in LeftOut:
        assert {"zh", "en"} <= set(table[f"whatif_out_{reason.value}"])
