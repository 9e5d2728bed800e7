"""Verdicts on n rows in three-valued logic: yes, no, and unknown where a value is missing."""

from dataclasses import dataclass

import numpy as np

from api.http.columns import Flags

__all__ = ["Truth"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Truth:
    """`yes` and `no` of each row, or of length 1 for all rows; neither is unknown."""

    yes: Flags
    no: Flags

    @classmethod
    def of(cls, yes: Flags, is_known: Flags) -> "Truth":
        """Return `yes` where it is known."""
        return cls(yes=yes & is_known, no=~yes & is_known)

    @classmethod
    def always(cls, *, yes: bool) -> "Truth":
        """Return the same verdict for all rows."""
        return cls(yes=np.array([yes]), no=np.array([not yes]))

    def __and__(self, other: "Truth") -> "Truth":
        """Return both."""
        return Truth(yes=self.yes & other.yes, no=self.no | other.no)

    def __or__(self, other: "Truth") -> "Truth":
        """Return either."""
        return Truth(yes=self.yes | other.yes, no=self.no & other.no)

    def __invert__(self) -> "Truth":
        """Return the opposite; unknown stays unknown."""
        return Truth(yes=self.no, no=self.yes)
