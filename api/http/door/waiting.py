"""Jobs as pages: how far they are, and where their result is."""

import orjson
from starlette.responses import Response

from api.http.door.desk import Visit
from api.http.jobs import Job

__all__ = ["cancel", "job_page", "job_state"]


def job_page(visit: Visit) -> Response:
    """Return the page of a job, or the way to its result."""
    job = visit.desk.jobs.find(visit.name("job"))
    if job.status == "successful":
        return visit.go(*_result(visit, job))
    return visit.page("wait.html", job=job, upload=None, title=visit.word(f"task_{job.task}"))


def job_state(visit: Visit) -> Response:
    """Return how far a job is, for the page to ask again and again."""
    job = visit.desk.jobs.find(visit.name("job"))
    content = {
        "has_ended": job.has_ended,
        "progress": job.progress,
        "message": job.message.get(visit.language, visit.word(f"status_{job.status}")),
    }
    headers = {"Cache-Control": "no-store"}
    return Response(orjson.dumps(content), media_type="application/json", headers=headers)


async def cancel(visit: Visit) -> Response:
    """Stop a job."""
    job = visit.desk.jobs.find(visit.name("job"))
    if not job.has_ended:
        visit.desk.jobs.dismiss(job.job_id)
    upload = job.inputs.get("upload")
    return visit.go("uploads", upload) if upload and job.task == "audit" else visit.go()


def _result(visit: Visit, job: Job) -> tuple[str, ...]:
    """Return the page where the result of a job is read."""
    if job.task == "audit":
        return "versions", visit.desk.jobs.result(job.job_id)["version"]
    if job.task == "compare":
        return "lookbacks", job.job_id
    if job.task == "ledger":
        return "ledgers", job.job_id
    if job.task in {"recognise", "check"}:
        return "uploads", str(job.inputs["upload"])
    return ()
