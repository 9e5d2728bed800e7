"""The catalogue of services in a circle, as data: `catalogue.toml`."""

import json
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

__all__ = [
    "Service",
    "ServiceClass",
    "ServiceMatch",
    "catalogue_backing",
    "service_classes",
    "service_codes",
    "service_title",
    "services_of",
]

_NOT_CLASSES: Final = ("numbers", "words")
_SEPARATORS: Final = re.compile(r"[、,;|/\r\n\t]+")
_JOINTS: Final = re.compile(r"[\s_\-·:（）()“”\"'’]+")
_ENDINGS: Final = ("服务", "服務", "services", "service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service (服务事项). `code` is `class.service`; `title` is language to text."""

    code: str
    title: Mapping[str, str]
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceClass:
    """One class of services (服务类别) with the services in it."""

    code: str
    title: Mapping[str, str]
    synonyms: tuple[str, ...]
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceMatch:
    """What a text of services names: codes of services, codes of classes, and what is not known."""

    services: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()


@cache
def service_classes() -> Mapping[str, ServiceClass]:
    """Return the classes of the catalogue by code, in its order."""
    return MappingProxyType(
        {
            code: _class(code, entry)
            for code, entry in _document().items()
            if code not in _NOT_CLASSES
        }
    )


def catalogue_backing() -> Mapping[str, str]:
    """Return `source` and `confidence` of what the catalogue says the services are."""
    return MappingProxyType(dict(_document()["words"]))


@cache
def _document() -> Mapping[str, Any]:
    source = files(__package__).joinpath("catalogue.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _entries() -> list[Service | ServiceClass]:
    """Return all services, then the classes."""
    classes = service_classes().values()
    named: list[Service | ServiceClass] = [item for each in classes for item in each.services]
    return [*named, *classes]


@cache
def _titles() -> Mapping[str, Mapping[str, str]]:
    return MappingProxyType({entry.code: entry.title for entry in _entries()})


def service_codes() -> frozenset[str]:
    """Return the codes of all classes and services."""
    return frozenset(_titles())


def service_title(code: str) -> Mapping[str, str]:
    """Return the title of a class or a service, language to text.

    Raises
    ------
    KeyError
        If there is no such code: a fault of ours, since what a tier names is checked when read.
    """
    return _titles()[code]


def services_of(text: object) -> ServiceMatch:
    """Return what a cell of the column `services` names.

    Items are separated by 、，；/ | or line ends, or are a JSON array. An item is a code
    (`elderly.canteen`, `elderly`), or a title or synonym in Chinese or English; letter case, full
    width, blanks and an ending 服务 or `service` do not matter. A service also names its class; a
    class names none of its services.
    """
    if not isinstance(text, str) or not text.strip():
        return ServiceMatch()
    return _matched(text)


@lru_cache(maxsize=4096)
def _matched(text: str) -> ServiceMatch:
    services, classes, unknown = set(), set(), []
    for item in _items(text):
        code = _by_word().get(_bare(item)) or _by_word().get(_without_ending(_bare(item)))
        if code is None:
            unknown.append(item)
            continue
        classes.add(code.partition(".")[0])
        if "." in code:
            services.add(code)
    return ServiceMatch(
        services=frozenset(services), classes=frozenset(classes), unknown=tuple(unknown)
    )


def _items(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text)
    listed: object = None
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except ValueError:
            listed = None
    parts = map(str, listed) if isinstance(listed, list) else _SEPARATORS.split(text)
    return [item for item in (part.strip() for part in parts) if item]


@cache
def _by_word() -> Mapping[str, str]:
    """Return every word of the catalogue, bare, to the code it means; services before classes."""
    words: dict[str, str] = {}
    for entry in _entries():
        for word in (entry.code, *entry.title.values(), *entry.synonyms):
            for form in (_bare(word), _without_ending(_bare(word))):
                words.setdefault(form, entry.code)
    return MappingProxyType(words)


def _bare(word: str) -> str:
    return _JOINTS.sub("", unicodedata.normalize("NFKC", word).casefold())


def _without_ending(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and word != ending:
            return word.removesuffix(ending)
    return word


def _class(code: str, entry: Mapping[str, Any]) -> ServiceClass:
    return ServiceClass(
        code=code,
        title=_title(entry),
        synonyms=tuple(entry["synonyms"]),
        services=tuple(
            Service(
                code=f"{code}.{item['code']}",
                title=_title(item),
                synonyms=tuple(item["synonyms"]),
            )
            for item in entry["services"]
        ),
    )


def _title(entry: Mapping[str, Any]) -> Mapping[str, str]:
    return MappingProxyType({"zh": entry["zh"], "en": entry["en"]})
