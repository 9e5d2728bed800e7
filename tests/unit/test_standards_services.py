"""The catalogue of services: 8 classes, 53 services, and what a text of services names."""

from pathlib import Path

import pytest

from geo.errors import StandardError
from geo.standards import (
    from_record,
    load_standard,
    service_classes,
    service_codes,
    service_title,
    services_of,
    to_record,
    with_overrides,
)


def test_the_catalogue_has_as_many_as_neijiang_publishes() -> None:
    published = load_standard(["neijiang"]).figures
    classes = service_classes()
    assert len(classes) == published["circle.n_classes"].value == 8
    n_services = sum(len(each.services) for each in classes.values())
    assert n_services == published["circle.n_services"].value == 53
    assert len(service_codes()) == 61


def test_every_word_of_the_catalogue_names_its_own_entry() -> None:
    for each in service_classes().values():
        for word in (each.code, *each.title.values(), *each.synonyms):
            assert services_of(word).classes == {each.code}, word
        for service in each.services:
            for word in (service.code, *service.title.values(), *service.synonyms):
                assert services_of(word).services == {service.code}, word


@pytest.mark.parametrize(
    ("text", "services", "unknown"),
    [
        ("助餐、日间照料服务", {"elderly.canteen", "elderly.day_care"}, ()),
        ("Day Care; elderly.canteen", {"elderly.canteen", "elderly.day_care"}, ()),
        ('["法律援助", "磨刀"]', {"safety.legal_aid"}, ("磨刀",)),
        ("理发\uff0f助餐\uff5c磨刀", {"daily.hairdresser", "elderly.canteen"}, ("磨刀",)),
        ("[助餐", set(), ("[助餐",)),
        ("政务服务", set(), ()),
        ("  ", set(), ()),
        (None, set(), ()),
        (float("nan"), set(), ()),
    ],
)  # fmt: skip
def test_items_are_split_and_matched(
    text: object, services: set[str], unknown: tuple[str, ...]
) -> None:
    found = services_of(text)
    assert found.services == services
    assert found.unknown == unknown
    assert {code.partition(".")[0] for code in services} <= found.classes


def test_a_class_alone_names_none_of_its_services() -> None:
    found = services_of("养老")
    assert (found.services, found.classes) == (set(), {"elderly"})
    assert service_title("elderly.canteen")["zh"] == "助餐"


def test_neijiang_asks_for_the_eight_classes() -> None:
    tier = load_standard(["neijiang"]).tiers["service_15"]
    assert tier.services == tuple(service_classes())
    assert tier.categories is None


def test_a_project_names_services_and_a_record_keeps_them() -> None:
    standard = with_overrides(
        load_standard(), tiers={"walk_5": {"services": ["elderly.canteen"]}}, thresholds={}
    )
    assert standard.tiers["walk_5"].services == ("elderly.canteen",)
    assert from_record(to_record(standard)).tiers["walk_5"].services == ("elderly.canteen",)
    with pytest.raises(StandardError, match="services"):
        with_overrides(standard, tiers={"walk_5": {"services": ["elderly.cantine"]}}, thresholds={})


def test_a_file_that_names_an_unknown_service_is_refused_with_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\nkind = "profile"\ntitle = { zh = "本", en = "own" }\nsource = "x"\n'
        'extends = "gb50180-2018"\n[tiers.walk_5]\nservices = ["elderly.cantine"]\n',
        encoding="utf-8",
    )
    with pytest.raises(StandardError, match=r"elderly\.cantine.*elderly\.canteen"):
        load_standard([path])
