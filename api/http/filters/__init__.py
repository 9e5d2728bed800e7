"""CQL2: a filter as text or JSON, evaluated to the rows of a collection that it holds for.

Text is parsed by `cql2`, behind bounds on its length and nesting; what comes out is evaluated here
over arrays of the queryables, never turned into code or SQL.
"""

from api.http.filters.parsing import FILTER_LANGUAGES, parse_filter
from api.http.filters.places import Places
from api.http.filters.predicates import rows_where

__all__ = ["FILTER_LANGUAGES", "Places", "parse_filter", "rows_where"]
