"""Code schemes as data, and names that differ only by variant characters."""

from geo.codes.faults import CodeFault, code_faults
from geo.codes.matching import NameMatch, match_names, plain_name
from geo.codes.schemes import CodeRange, CodeScheme, Part, code_scheme, shipped_schemes

__all__ = [
    "CodeFault",
    "CodeRange",
    "CodeScheme",
    "NameMatch",
    "Part",
    "code_faults",
    "code_scheme",
    "match_names",
    "plain_name",
    "shipped_schemes",
]
