"""Many projects in one run: isolated, resumable, one table over all."""

from geo.batch.figures import compared_figures, project_figures
from geo.batch.folders import write_json
from geo.batch.manifest import Job, Manifest, read_manifest
from geo.batch.records import batch_record
from geo.batch.running import Batch, BatchRules, run_batch
from geo.batch.workbook import write_batch_workbook
from geo.batch.workers import Answer, Task, Work

__all__ = [
    "Answer",
    "Batch",
    "BatchRules",
    "Job",
    "Manifest",
    "Task",
    "Work",
    "batch_record",
    "compared_figures",
    "project_figures",
    "read_manifest",
    "run_batch",
    "write_batch_workbook",
    "write_json",
]
