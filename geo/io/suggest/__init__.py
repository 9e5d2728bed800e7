"""A project file from a folder of data: what was recognised, with comments where it is unsure."""

from geo.io.suggest.drafting import Suggestion, suggest_project

__all__ = ["Suggestion", "suggest_project"]
