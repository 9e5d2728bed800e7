"""One upload: what was recognised, to be confirmed or corrected."""

import re
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response

from api.http.door.desk import Visit
from api.http.door.limits import UploadError
from api.http.door.plans import DATUMS, PLACES, ROLES, changed_plan, plan_text, profiles
from api.http.door.receiving import receive_form
from api.http.jobs import Job
from geo.errors import NotFoundError
from geo.schema import layer_schemas
from geo.standards import load_standard

__all__ = ["change_upload", "quarantine", "review"]

_TASKS: Final = ("recognise", "check")
_CRS_TOLD: Final = re.compile(r'crs = "([^"]+)"')
_SEVERAL_LEVELS: Final = "levels"


def review(visit: Visit) -> Response:
    """Return the page of an upload: waiting, refused, or to be reviewed."""
    upload = visit.desk.uploads.find(visit.name("upload"))
    job = _last_job(visit, upload.upload_id)
    if job is not None and not job.has_ended:
        return visit.page("wait.html", job=job, upload=upload, title=upload.title)
    found = visit.desk.uploads.read(upload.upload_id, "datasets.json")
    checked = visit.desk.uploads.read(upload.upload_id, "checked.json")
    plan = visit.desk.uploads.read(upload.upload_id, "plan.json")
    if found is None or plan is None or checked is None:
        reason = job.message[visit.language] if job else visit.word("job_lost")
        return visit.page("refused.html", status=200, upload=upload, reason=reason)
    cards = [
        _card(number, dataset, entry, checked=checked["layers"].get(str(number)))
        for number, (dataset, entry) in enumerate(
            zip(found["datasets"], plan["layers"], strict=True)
        )
    ]
    order = ("", *ROLES)
    standards, cities = profiles()
    failed = job if job is not None and job.status == "failed" else None
    return visit.page(
        "review.html",
        upload=upload,
        plan=plan,
        cards=sorted(
            cards, key=lambda card: (not card["entry"]["role"], order.index(card["role"]))
        ),
        unread=found["unread"],
        skipped=visit.desk.uploads.read(upload.upload_id, "skipped.json") or [],
        fault=checked["fault"],
        failed=failed,
        doubts=sum(bool(card["checked"] and card["checked"]["is_doubtful"]) for card in cards),
        quarantined=sum((card["checked"] or {}).get("quarantined", 0) for card in cards),
        roles=ROLES,
        datums=DATUMS,
        standards=[(name, _title(name, visit.language)) for name in standards],
        profiles=[(name, _title(name, visit.language)) for name in cities],
        is_old=any(v.project_id == upload.project_id for v in visit.desk.versions()),
    )


async def change_upload(visit: Visit) -> Response:
    """Do what the form of an upload asks for."""
    values = await receive_form(visit.request, visit.desk.limits)
    return await run_in_threadpool(_change, visit, values)


def _change(visit: Visit, values: dict[str, str]) -> Response:
    desk, upload_id = visit.desk, visit.name("upload")
    upload = desk.uploads.find(upload_id)
    action = values.get("action", "save")
    job = _last_job(visit, upload_id)
    if action == "delete":
        if job is not None and not job.has_ended:
            desk.jobs.dismiss(job.job_id)
        desk.uploads.delete(upload_id)
        return visit.go()
    found = desk.uploads.read(upload_id, "datasets.json")
    plan = desk.uploads.read(upload_id, "plan.json")
    if found is None or plan is None or (job is not None and not job.has_ended):
        raise UploadError("door.not_recognised")
    changed = changed_plan(plan, found["datasets"], values)
    changed["language"] = visit.language
    kind, _, number = action.partition(":")
    if kind == "accept":
        _accept(changed, desk.uploads.read(upload_id, "checked.json"), number)
    if action == "audit":
        plan_text(changed, found["datasets"])  # what cannot be a project is refused here
    desk.uploads.write(upload_id, "plan.json", changed)
    if action == "audit":
        name = values.get("name", "").strip()[:80]
        made = desk.jobs.submit("audit", {"upload": upload_id, "name": name})
        return visit.go("jobs", made.job_id)
    desk.jobs.submit("check", {"upload": upload_id})
    return visit.go("uploads", upload.upload_id)


def quarantine(visit: Visit) -> Response:
    """Return the rows that were set aside."""
    path = visit.desk.uploads.folder(visit.name("upload")) / "quarantine.csv"
    if not path.is_file():
        raise NotFoundError("door.not_shown")
    return FileResponse(path, media_type="text/csv; charset=utf-8", filename="quarantine.csv")


def _accept(plan: dict[str, Any], checked: Any, number: str) -> None:  # noqa: ANN401
    """Take up the guard's verdict on one dataset."""
    found = (checked or {}).get("layers", {}).get(number)
    if found is None or not found["is_doubtful"]:
        raise UploadError("door.bad_choice", value=number[:20])
    entry = plan["layers"][int(number)]
    if found["verdict"] in DATUMS:
        entry["datum"] = found["verdict"]
        return
    told = _CRS_TOLD.search(" ".join(found["said"]["zh"]["evidence"]))
    if found["verdict"] == "swapped":
        entry["axes"] = "xy" if entry["axes"] == "yx" else "yx"
    if told:
        entry["crs"] = told.group(1)


def _card(
    number: int,
    dataset: dict[str, Any],
    entry: dict[str, Any],
    *,
    checked: dict[str, Any] | None,
) -> dict[str, Any]:
    """Return one dataset as the page shows it."""
    role = entry["role"]
    mapped = {} if checked is None else checked["mapped"]
    schema = layer_schemas()[role].columns if role else {}
    is_table = bool(role) and (dataset["shape"] is None or dataset["is_degrees"])
    columns = [
        {
            "name": column.name,
            "meaning": column.meaning,
            "chosen": mapped.get(column.name) or entry["columns"].get(column.name, ""),
        }
        for column in schema.values()
        if not (column.name == "level" and entry["level"])
    ]
    return {
        "number": number,
        "role": role,
        "dataset": dataset,
        "entry": entry,
        "checked": checked,
        "columns": columns,
        "has_levels": _SEVERAL_LEVELS in entry["extra"],
        "places": [
            {"name": name, "chosen": entry["columns"].get(name, "")}
            for name in (PLACES if is_table else ())
        ],
    }


def _last_job(visit: Visit, upload_id: str) -> Job | None:
    """Return the newest job that looked at an upload."""
    mine = (
        job
        for job in visit.desk.jobs.all()
        if job.task in _TASKS and job.inputs.get("upload") == upload_id
    )
    return next(mine, None)


def _title(name: str, language: str) -> str:
    return load_standard([name]).title[language]
