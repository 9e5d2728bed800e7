"""The store of a workspace: published audits, their findings over time, and the office's notes.

A workspace is a folder: `store.gpkg` (GeoPackage 1.3) with versions, findings and their history,
and `versions/<version_id>/`, the output folder of each published audit.
"""

from geo.store.flow import status_title
from geo.store.store import Store, is_workspace, open_store
from geo.store.values import Conflict, Edit, LedgerImport, Refusal, Version

__all__ = [
    "Conflict",
    "Edit",
    "LedgerImport",
    "Refusal",
    "Store",
    "Version",
    "is_workspace",
    "open_store",
    "status_title",
]
