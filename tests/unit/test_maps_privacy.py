"""Small counts stay out of the page: in the tables and in the sentences."""

import pytest

from geo.standards import load_standard
from maps.privacy import HIDDEN, least_count, with_small_counts_hidden


def test_k_is_a_threshold_of_the_standard() -> None:
    assert least_count(load_standard(["huantai"])) == 3


def test_counts_above_nobody_and_below_k_are_hidden() -> None:
    table = {"residents": [0, 1, 2.5, 3, None], "area_m2": [1, 1, 1, 1, 1]}
    found = with_small_counts_hidden(table, 3)
    assert found["residents"] == [0, HIDDEN, HIDDEN, 3, None]
    assert found["area_m2"] == [1] * 5
    assert table["residents"][1] == 1


def test_a_measure_is_hidden_only_where_it_counts_people() -> None:
    found = with_small_counts_hidden(
        {"measure": [2, 2, 2], "measure_unit": ["households", "m2", None]}, 3
    )
    assert found["measure"] == [HIDDEN, 2, 2]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("网格 A2 有 2 户，低于下限 300 户。", "网格 A2 有 <3 户，低于下限 300 户。"),
        ("Grid A has 1 households, below 300.", "Grid A has <3 households, below 300."),
        ("涉及 12 人", "涉及 12 人"),
        ("涉及 1,002 人", "涉及 1,002 人"),
        ("第2人民路网格", "第2人民路网格"),
        ("没有 0 人", "没有 0 人"),
    ],
)
def test_numbers_in_sentences(text: str, told: str) -> None:
    assert with_small_counts_hidden({"message_zh": [text]}, 3)["message_zh"] == [told]
    assert with_small_counts_hidden({"message_zh": [text]}, 0)["message_zh"] == [text]
