"""What if, on the schools' catchments of Las Palmas with its streets, buildings and 603 sites."""

from pathlib import Path

import numpy as np
import pytest

from geo.audit import Audit, run_audit
from geo.io import load, project_from_files
from geo.planning.whatif import WhatIf
from tests.whatif_cases import random_edits, require_same


@pytest.fixture(scope="module")
def audit(shared_data: Path) -> Audit:
    folder = shared_data / "las-palmas"
    project = project_from_files(
        grids=folder / "school_catchments.gpkg",
        sites=folder / "service_sites.geojson",
        buildings=folder / "buildings.parquet",
        streets=folder / "walk_edges.parquet",
    )
    return run_audit(load(project), select=("C501",))


@pytest.mark.full
def test_fifty_random_edits_equal_a_measurement_from_scratch(audit: Audit) -> None:
    city = WhatIf.prepare(audit)
    assert city.model == "network"
    for seed in range(50):
        require_same(audit, city, random_edits(city, np.random.default_rng(seed)))
