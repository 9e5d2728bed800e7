"""OGC API Processes over the jobs: audit, coverage, compare.

Inputs name what lies in the workspace (versions, uploads), never a path. An output folder has no
workspace: there the processes are described, and none is carried out.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import jsonschema
import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.http import pages
from api.http.calls import JSON, Call
from api.http.door.access import AccessError
from api.http.door.desk import Desk
from api.http.door.limits import TooLargeError
from api.http.jobs import Job, JobsFullError
from api.http.problems import RequestError, problem
from api.http.process_list import PROCESSES, Process
from api.http.reading import COMMON, options, read_call
from api.http.roots import ROOTS
from geo.errors import GridCircleError, NotFoundError
from geo.words import text

__all__ = ["process_routes"]

_MAX_BYTES: Final = 1_000_000
_SYNC_SECONDS: Final = 600.0
_EXCEPTION: Final = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
_RESULTS_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/results"
_EXECUTE_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/execute"
_JOBS_REL: Final = "http://www.opengis.net/def/rel/ogc/1.0/job-list"


class _FailedError(RequestError):
    """The job of a request has failed."""


_STATUS: Final = (
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (_FailedError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (RequestError, HTTPStatus.BAD_REQUEST),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (JobsFullError, HTTPStatus.TOO_MANY_REQUESTS),
)

_HEADERS: Final = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"}

Json = dict[str, Any]
_Answer = tuple[Json, HTTPStatus, Mapping[str, str]]
"""Content, status, headers."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Call:
    """One request to a process or a job; `desk` is None where there is no workspace."""

    request: Request
    desk: Desk | None
    asked: Call

    @property
    def language(self) -> str:
        """Language of the answer."""
        return self.asked.language

    @property
    def open_desk(self) -> Desk:
        """The desk, for whom may write; `AccessError` for others."""
        if self.desk is None:
            raise AccessError("processes.no_workspace")
        self.desk.access.require(self.request)
        return self.desk

    def link(self, path: str, rel: str, kind: str = JSON) -> Json:
        return {"href": f"{self.asked.root}{path}", "rel": rel, "type": kind}

    def word(self, key: str) -> str:
        return text(f"processes.{key}", self.language)


_Handler = Callable[[_Call], Awaitable[_Answer]]


def process_routes(desk: Desk | None) -> list[Route]:
    """Return the routes of processes and jobs, the same under every API root."""
    tree: tuple[tuple[str, str, _Handler], ...] = (
        ("GET", "/processes", _process_list),
        ("GET", "/processes/{process}", _process),
        ("POST", "/processes/{process}/execution", _execute),
        ("GET", "/jobs", _job_list),
        ("GET", "/jobs/{job}", _job),
        ("DELETE", "/jobs/{job}", _dismiss),
        ("GET", "/jobs/{job}/results", _results),
    )
    handlers: dict[str, dict[str, _Handler]] = {}
    for method, path, handler in tree:
        handlers.setdefault(path, {})[method] = handler
    return [
        Route(f"{root}{path}", _endpoint(desk, mine), methods=[*mine, "OPTIONS"])
        for path, mine in handlers.items()
        for root in ROOTS
    ]


def _endpoint(
    desk: Desk | None, handlers: Mapping[str, _Handler]
) -> Callable[[Request], Awaitable[Response]]:
    allowed = [*handlers, "HEAD", "OPTIONS"] if "GET" in handlers else [*handlers, "OPTIONS"]

    async def endpoint(request: Request) -> Response:
        if request.method == "OPTIONS":
            return options(*allowed)
        call = _Call(request=request, desk=desk, asked=await read_call(request, COMMON))
        method = "GET" if request.method == "HEAD" else request.method
        try:
            content, status, headers = await handlers[method](call)
        except GridCircleError as error:
            return _told(call, error)
        if method == "GET" and call.asked.form == "html":
            shown = pages.document_page(call.asked, _title(call), content)
            return Response(
                shown.body, media_type=shown.media_type, headers={**_HEADERS, **shown.headers}
            )
        own = {**_HEADERS, "Content-Language": call.language, **headers}
        return Response(orjson.dumps(content), status, media_type=JSON, headers=own)

    return endpoint


def _title(call: _Call) -> str:
    is_job = call.request.url.path.rsplit("/processes", 1)[0] == call.request.url.path
    return call.asked.word("jobs" if is_job else "processes")


def _told(call: _Call, error: GridCircleError) -> Response:
    if isinstance(error, AccessError):
        is_missing = error.key in {"door.need_token", "door.foreign_page"}
        status = HTTPStatus.UNAUTHORIZED if is_missing else HTTPStatus.FORBIDDEN
        headers = {"WWW-Authenticate": "Bearer"} if is_missing else {}
        return problem(status, error, call.language, headers=headers)
    status = next(
        (s for kind, s in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )
    if error.key == "door.jobs_elsewhere":
        status = HTTPStatus.CONFLICT
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        error = GridCircleError("http.failed")
    kinds = {
        "door.no_task": "no-such-process",
        "door.no_job": "no-such-job",
        "door.no_result": "result-not-ready",
    }
    kind = kinds.get(error.key)
    return problem(
        status, error, call.language, kind=None if kind is None else f"{_EXCEPTION}{kind}"
    )


async def _process_list(call: _Call) -> _Answer:
    content = {
        "processes": [_summary(call, process) for process in PROCESSES.values()],
        "links": [call.link("/processes", "self"), call.link("/jobs", _JOBS_REL)],
    }
    return content, HTTPStatus.OK, {}


def _summary(call: _Call, process: Process) -> Json:
    path = f"/processes/{process.name}"
    return {
        "id": process.name,
        "title": call.word(process.name),
        "description": call.word(f"{process.name}_description"),
        "version": "1.0.0",
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "links": [call.link(path, "self"), call.link(f"{path}/execution", _EXECUTE_REL)],
    }


def _found(call: _Call) -> Process:
    name = call.request.path_params["process"]
    if name not in PROCESSES:
        raise NotFoundError("door.no_task", task=name[:80], known=", ".join(PROCESSES))
    return PROCESSES[name]


async def _process(call: _Call) -> _Answer:
    process = _found(call)
    inputs = {
        name: {
            "title": call.word(f"input_{name}"),
            "minOccurs": int(name in process.needed),
            "maxOccurs": 1,
            "schema": schema,
        }
        for name, schema in process.inputs.items()
    }
    outputs = {
        name: {"title": call.word(f"output_{name}"), "schema": schema}
        for name, schema in process.outputs.items()
    }
    return {**_summary(call, process), "inputs": inputs, "outputs": outputs}, HTTPStatus.OK, {}


async def _execute(call: _Call) -> _Answer:
    desk = call.open_desk
    process = _found(call)
    body = await _body(call)
    inputs = _checked(process, body)
    await run_in_threadpool(_require_known, desk, inputs)
    job = await run_in_threadpool(desk.jobs.submit, process.name, inputs)
    location = {"Location": f"{call.asked.root}/jobs/{job.job_id}"}
    prefer = call.request.headers.get("prefer", "")
    if "respond-async" in prefer:
        applied = {"Preference-Applied": "respond-async"}
        return _status_info(call, job), HTTPStatus.CREATED, {**location, **applied}
    ended = await run_in_threadpool(desk.jobs.wait, job.job_id, _SYNC_SECONDS)
    if not ended.has_ended:
        return _status_info(call, ended), HTTPStatus.CREATED, location
    return await _result(call, desk, ended, wanted=body.get("outputs"))


async def _body(call: _Call) -> Json:
    """Return the JSON object that a request brings, bounded."""
    held = bytearray()
    async for chunk in call.request.stream():
        held += chunk
        if len(held) > _MAX_BYTES:
            raise TooLargeError("door.large_form", limit=_MAX_BYTES // 1000)
    try:
        body = orjson.loads(bytes(held))
    except ValueError as error:
        raise RequestError("processes.bad_json", reason=error) from error
    if not isinstance(body, dict):
        raise RequestError("processes.bad_json", reason="{}")
    return body


def _checked(process: Process, body: Json) -> Json:
    """Return the inputs of an execution, by their schema."""
    schema = {
        "type": "object",
        "required": list(process.needed),
        "properties": dict(process.inputs),
        "additionalProperties": False,
    }
    inputs = body.get("inputs", {})
    if isinstance(inputs, dict):
        inputs = {
            name: value["value"] if isinstance(value, dict) and set(value) == {"value"} else value
            for name, value in inputs.items()
        }
    fault = jsonschema.exceptions.best_match(
        jsonschema.Draft202012Validator(schema).iter_errors(inputs)
    )
    if fault is not None:
        where = "/".join(str(part) for part in fault.absolute_path) or "inputs"
        raise RequestError("processes.bad_input", where=where, reason=fault.message[:300])
    outputs = body.get("outputs", {})
    is_known = isinstance(outputs, dict) and all(name in process.outputs for name in outputs)
    if not is_known or body.get("response", "document") not in ("document", "raw"):
        raise RequestError("processes.bad_outputs", known=", ".join(process.outputs))
    found: Json = inputs
    return found


def _require_known(desk: Desk, inputs: Mapping[str, Any]) -> None:
    """Check that the versions and the upload that are named are there."""
    known = {version.version_id for version in desk.versions()}
    for name in ("version", "old", "new"):
        if name in inputs and inputs[name] not in known:
            raise RequestError("processes.no_version", version=str(inputs[name])[:200])
    if "upload" in inputs and desk.uploads.read(inputs["upload"], "plan.json") is None:
        raise RequestError("door.not_recognised")


def _status_info(call: _Call, job: Job) -> Json:
    path = f"/jobs/{job.job_id}"
    content = {
        "jobID": job.job_id,
        "processID": job.task,
        "type": "process",
        "status": job.status,
        "progress": job.progress,
        "message": job.message.get(call.language),
        "created": job.created,
        "started": job.started,
        "finished": job.finished,
        "updated": job.finished or job.started or job.created,
        "links": [call.link(path, "self")],
    }
    if job.status == "successful":
        content["links"].append(call.link(f"{path}/results", _RESULTS_REL))  # type: ignore[attr-defined]
    return {name: value for name, value in content.items() if value is not None}


def _own(call: _Call) -> tuple[Desk, Job]:
    """Return the job of a request, if it is of a process, and the desk that it lies on."""
    job_id = call.request.path_params["job"]
    job = None if call.desk is None else call.desk.jobs.find(job_id)
    if call.desk is None or job is None or job.task not in PROCESSES:
        raise NotFoundError("door.no_job", job=job_id[:80])
    return call.desk, job


async def _job_list(call: _Call) -> _Answer:
    jobs = () if call.desk is None else call.desk.jobs.all()
    content = {
        "jobs": [_status_info(call, job) for job in jobs if job.task in PROCESSES],
        "links": [call.link("/jobs", "self")],
    }
    return content, HTTPStatus.OK, {}


async def _job(call: _Call) -> _Answer:
    return _status_info(call, _own(call)[1]), HTTPStatus.OK, {}


async def _dismiss(call: _Call) -> _Answer:
    desk = call.open_desk
    job = await run_in_threadpool(desk.jobs.dismiss, _own(call)[1].job_id)
    return _status_info(call, job), HTTPStatus.OK, {}


async def _results(call: _Call) -> _Answer:
    return await _result(call, *_own(call))


async def _result(call: _Call, desk: Desk, job: Job, *, wanted: Any = None) -> _Answer:  # noqa: ANN401
    """Return what a job made; a failed one says why."""
    if job.status == "failed":
        raise _FailedError("processes.failed", reason=job.message.get(call.language, ""))
    result = await run_in_threadpool(desk.jobs.result, job.job_id)
    if isinstance(wanted, dict) and wanted:
        result = {name: value for name, value in result.items() if name in wanted}
    return result, HTTPStatus.OK, {}
