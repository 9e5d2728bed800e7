"""Colours of the map: contrast by WCAG, classes told apart by colour-blind eyes and in grey.

Simulation of dichromats: Viénot, Brettel & Mollon (1999), linear RGB. Differences: CIE76 in CIELAB,
where about 2.3 is just noticeable.
"""

import re
from importlib.resources import files
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

Colour = npt.NDArray[np.float64]

APP = files("maps").joinpath("assets", "app")
CSS = APP.joinpath("app.css").read_text(encoding="utf-8")
MODEL = APP.joinpath("model.js").read_text(encoding="utf-8")

_TO_LMS = np.array(
    [[17.8824, 43.5161, 4.11935], [3.45565, 27.1554, 3.86714], [0.0299566, 0.184309, 1.46709]]
)
_EYES = {
    "trichromat": np.eye(3),
    "protanope": np.array([[0, 2.02344, -2.52581], [0, 1, 0], [0, 0, 1]]),
    "deuteranope": np.array([[1, 0, 0], [0.494207, 0, 1.24827], [0, 0, 1]]),
    "tritanope": np.array([[1, 0, 0], [0, 1, 0], [-0.395913, 0.801109, 0]]),
}
_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> Colour:
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    value = np.array([int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)])
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def lab(rgb: Colour) -> Colour:
    white = _TO_XYZ @ np.ones(3)
    t = (_TO_XYZ @ np.clip(rgb, 0, 1)) / white
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def seen(colour: str, eye: str) -> Colour:
    lms = _EYES[eye] @ (_TO_LMS @ linear(colour))
    return lab(np.linalg.solve(_TO_LMS, lms))


def distance(one: str, other: str, eye: str) -> float:
    return float(np.linalg.norm(seen(one, eye) - seen(other, eye)))


def named(block: str) -> dict[str, str]:
    """Return the colours of a table of model.js by name."""
    body = re.search(rf"GC\.{block} = \{{(.*?)\}};", MODEL, re.DOTALL)
    assert body is not None
    return dict(re.findall(r"(\w+): \"(#[0-9a-f]{6})\"", body[1]))


def steps(name: str) -> list[str]:
    row = re.search(rf"{name}: \[(.*?)\]", MODEL)
    assert row is not None
    return re.findall(r"#[0-9a-f]{6}", row[1])


def variable(name: str) -> str:
    found = re.search(rf"--{name}: (#[0-9a-f]{{3,6}})", CSS)
    assert found is not None
    return found[1]


CLASSES = named("COLOURS")
GROUPS = named("GROUP_COLOURS")
GROUNDS = ("#ffffff", "#f3f5f8", "#f6f8fa", "#e0ecfa", "#e9edf1")
"""Panel, card, head of a rule, chosen row, count."""


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("ink", [variable("ink"), variable("soft")])
def test_text_has_a_contrast_of_4_5(ink: str, ground: str) -> None:
    assert contrast(ink, ground) >= 4.5


def test_every_colour_of_text_in_the_style_sheet_can_be_read_on_white() -> None:
    inks = set(re.findall(r"[^-]color: (#[0-9a-f]{3,6})\b", CSS)) - {"#fff"}
    assert len(inks) >= 5
    for ink in inks:
        assert contrast(ink, "#ffffff") >= 4.5, ink


def test_white_on_badges_and_buttons_can_be_read() -> None:
    for name, colour in {**GROUPS, "blue": variable("blue")}.items():
        assert contrast("#ffffff", colour) >= 4.5, name


def test_the_ring_of_focus_stands_out_on_every_ground() -> None:
    ring = re.search(r":focus-visible \{ outline: 3px solid (#[0-9a-f]{6})", CSS)
    assert ring is not None
    for ground in (*GROUNDS, "#eef1f4"):
        assert contrast(ring[1], ground) >= 3, ground


@pytest.mark.parametrize("eye", list(_EYES))
def test_classes_are_told_apart(eye: str) -> None:
    names = ["crowded", "adequate", "thin", "blank", "unknown"]
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            assert distance(CLASSES[one], CLASSES[other], eye) >= 12, (one, other)


@pytest.mark.parametrize("eye", list(_EYES))
def test_steps_of_time_people_and_findings_are_told_apart(eye: str) -> None:
    findings = [CLASSES[name] for name in ("none", "info", "warning", "error")]
    for row in (steps("steps"), steps("people"), findings):
        for one, other in pairwise(row):
            assert distance(one, other, eye) >= 10, (one, other)


def test_in_grey_classes_differ_or_bear_a_texture() -> None:
    textured = re.search(r"GC\.TEXTURES = \{(.*?)\}", APP.joinpath("tiles.js").read_text("utf-8"))
    assert textured is not None
    assert {"blank", "unknown", "error"} <= set(re.findall(r"(\w+):", textured[1]))
    plain = ["crowded", "adequate", "thin"]
    for one, other in pairwise(plain):
        assert contrast(CLASSES[one], CLASSES[other]) >= 1.5, (one, other)


def test_a_known_ratio() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert distance("#ff0000", "#ff0000", "protanope") == 0
    # red and green of one lightness: far apart for most, near for a deuteranope
    assert (
        distance("#c03030", "#607820", "deuteranope")
        < distance("#c03030", "#607820", "trichromat") / 2
    )
