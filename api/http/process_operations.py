"""The OpenAPI document of processes and jobs, with the schemas of each process."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from api.http.calls import HTML, JSON, Call
from api.http.jobs import ENDED
from api.http.operations import parameter_ref, path_name, refusal
from api.http.process_list import PROCESSES, Process
from api.http.reading import COMMON
from api.http.schemas import array_of, object_of, schema_ref

__all__ = ["BEARER", "PROCESS_SCHEMAS", "process_paths"]

Json = dict[str, Any]

_COMMON: Final = tuple(parameter_ref(name) for name in COMMON)
_TEXT: Final = {"type": "string"}
_TIME: Final = {"type": "string", "format": "date-time"}
_LINKS: Final = array_of(schema_ref("link"))
_OPEN: Final = {"type": "object", "additionalProperties": True}
_SUMMARY: Final = {
    "id": _TEXT,
    "title": _TEXT,
    "description": _TEXT,
    "version": _TEXT,
    "jobControlOptions": array_of(_TEXT),
    "outputTransmission": array_of(_TEXT),
    "links": _LINKS,
}

BEARER: Final = MappingProxyType({"bearer": {"type": "http", "scheme": "bearer"}})
"""The security scheme of what writes."""

PROCESS_SCHEMAS: Final[Mapping[str, Json]] = MappingProxyType(
    {
        "processList": object_of(
            "processes links",
            processes=array_of(object_of("id version", **_SUMMARY)),
            links=_LINKS,
        ),
        "process": object_of("id version inputs outputs", **_SUMMARY, inputs=_OPEN, outputs=_OPEN),
        "statusInfo": object_of(
            "jobID status type",
            jobID=_TEXT,
            processID=_TEXT,
            type={"type": "string", "enum": ["process"]},
            status={"type": "string", "enum": ["accepted", "running", *sorted(ENDED)]},
            progress={"type": "integer", "minimum": 0, "maximum": 100},
            message=_TEXT,
            created=_TIME,
            started=_TIME,
            finished=_TIME,
            updated=_TIME,
            links=_LINKS,
        ),
        "jobList": object_of("jobs links", jobs=array_of(schema_ref("statusInfo")), links=_LINKS),
        "results": _OPEN,
    }
)
"""The schemas that `process_paths` refer to."""


def process_paths(call: Call) -> dict[str, Any]:
    """Return the paths of processes and jobs below an API root."""
    word = call.word
    name = path_name("processId", word("processes"), tuple(PROCESSES))
    job = path_name("jobId", word("jobs"))
    found: dict[str, Any] = {
        "/processes": _path("get", _operation(call, "processes", "processList")),
        "/processes/{processId}": _path("get", _operation(call, "process", "process", name)),
        "/jobs": _path("get", _operation(call, "jobs", "jobList")),
        "/jobs/{jobId}": {
            **_path("get", _operation(call, "job", "statusInfo", job)),
            **_path("delete", _dismissal(call, job)),
        },
        "/jobs/{jobId}/results": _path("get", _results(call, job)),
    }
    for process in PROCESSES.values():
        path = f"/processes/{process.name}/execution"
        found[path] = _path("post", _execution(call, process))
    return found


def _path(method: str, operation: Json) -> Json:
    return {method: operation}


def _operation(call: Call, operation_id: str, schema: str, *own: Json) -> Json:
    is_job = operation_id.startswith("job")
    return {
        "operationId": operation_id,
        "summary": call.word("jobs" if is_job else "processes"),
        "tags": ["processes"],
        "parameters": [*own, *_COMMON],
        "responses": {
            "200": _answer(call, schema_ref(schema), HTML),
            **_refused(call, ("400", "404", "429", "500")),
        },
    }


def _results(call: Call, job: Json) -> Json:
    found = _operation(call, "job.results", "results", job)
    found["responses"] |= _refused(call, ("422",))
    return found


def _dismissal(call: Call, job: Json) -> Json:
    found = _operation(call, "job.dismiss", "statusInfo", job)
    found["responses"] |= _refused(call, ("401", "403", "409"))
    return {**found, "security": [{"bearer": []}]}


def _execution(call: Call, process: Process) -> Json:
    title = call.other_word(f"processes.{process.name}")
    prefer = {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "schema": {"type": "string", "enum": ["respond-async"]},
    }
    outputs = {"type": "object", "properties": dict(process.outputs)}
    body = {"schema": _request(process), **_example(call, process)}
    failed = ("400", "401", "403", "404", "409", "413", "422", "429", "500")
    return {
        "operationId": f"execute.{process.name}",
        "summary": title,
        "tags": ["processes"],
        "security": [{"bearer": []}],
        "parameters": [prefer, *_COMMON],
        "requestBody": {"required": True, "content": {JSON: body}},
        "responses": {
            "200": _answer(call, outputs),
            "201": {
                **_answer(call, schema_ref("statusInfo")),
                "headers": {"Location": {"schema": _TEXT}},
            },
            **_refused(call, failed),
        },
    }


def _example(call: Call, process: Process) -> Json:
    """Return an execution of what was published, nothing where that is not enough."""
    projects = {each.project_id: each for each in call.service.catalogue.projects()}
    project = projects.get(call.dataset.dataset_id)
    known = [version.version_id for version in project.versions] if project else []
    named = {"version": known[-1:], "old": known[:1], "new": known[-1:]}
    needed = {name: named.get(name) for name in process.needed}
    if not all(needed.values()):
        return {}
    return {"example": {"inputs": {name: ids[0] for name, ids in needed.items() if ids}}}


def _request(process: Process) -> Json:
    """Return the schema of the body of an execution."""
    inputs = {
        "type": "object",
        "required": list(process.needed),
        "properties": dict(process.inputs),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "inputs": inputs,
            "outputs": {
                "type": "object",
                "properties": {name: {"type": "object"} for name in process.outputs},
                "additionalProperties": False,
            },
            "response": {"type": "string", "enum": ["document", "raw"]},
        },
    }


def _answer(call: Call, schema: Json, *pages: str) -> Json:
    """Return what a request that succeeds is answered: JSON, and pages of these media types."""
    content = {JSON: {"schema": schema}, **{media: {"schema": _TEXT} for media in pages}}
    return {"description": call.word("answer_ok"), "content": content}


def _refused(call: Call, statuses: Sequence[str]) -> Json:
    return {status: refusal(call, status) for status in statuses}
