"""Jobs: each in its own process, told about, cancelled, bounded, not lost by a restart."""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from api.http.jobs import Job, Jobs, JobsFullError
from geo.errors import NotFoundError

_NAMES = ("add", "refuse", "die", "sleep", "scratch")
FUNCTIONS = {name: f"tests.unit.job_tasks:{name}" for name in _NAMES}
WAIT_S = 60.0


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Jobs]]:
    made: list[Jobs] = []

    def jobs(**limits: int) -> Jobs:
        made.append(Jobs(tmp_path / "jobs", workspace=tmp_path, functions=FUNCTIONS, **limits))
        return made[-1]

    yield jobs
    for each in made:
        each.close()


def until(condition: Callable[[], object]) -> None:
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it never came to that")


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] != "Z"


def test_a_job_runs_and_its_state_is_on_disk(make: Callable[..., Jobs], tmp_path: Path) -> None:
    jobs = make()
    job = jobs.submit("add", {"a": 2, "b": 3})
    assert (job.status, job.progress) == ("accepted", 0)
    ended = jobs.wait(job.job_id, WAIT_S)
    assert (ended.status, ended.progress) == ("successful", 100)
    assert jobs.result(job.job_id) == {"sum": 5}
    stored = json.loads((tmp_path / "jobs" / job.job_id / "job.json").read_bytes())
    assert stored["status"] == "successful"
    assert stored["message"] == {"zh": "已完成", "en": "done"}
    assert jobs.all() == (ended,)


def test_a_refusal_is_a_sentence_in_both_languages(make: Callable[..., Jobs]) -> None:
    jobs = make()
    ended = jobs.wait(jobs.submit("refuse", {"project": "x"}).job_id, WAIT_S)
    assert ended.status == "failed"
    assert ended.message == {"zh": "没有项目 x", "en": "there is no project x"}
    with pytest.raises(NotFoundError, match="has no result"):
        jobs.result(ended.job_id)


def test_a_process_that_dies_fails_its_job_only(make: Callable[..., Jobs]) -> None:
    jobs = make()
    died, fine = jobs.submit("die", {}), jobs.submit("add", {"a": 1, "b": 1})
    assert jobs.wait(fine.job_id, WAIT_S).status == "successful"
    assert jobs.find(died.job_id).status == "failed"
    assert "(7)" in jobs.find(died.job_id).message["en"]


@pytest.mark.skipif(os.name != "posix", reason="looks a process up as POSIX has it")
def test_dismissing_kills_the_process(make: Callable[..., Jobs], tmp_path: Path) -> None:
    jobs = make()
    job = jobs.submit("sleep", {})
    until(lambda: jobs.find(job.job_id).progress == 10)
    pid = int((tmp_path / "jobs" / job.job_id / "pid").read_text(encoding="utf-8"))
    assert is_alive(pid)
    assert jobs.dismiss(job.job_id).status == "dismissed"
    until(lambda: not is_alive(pid))
    assert jobs.find(job.job_id).status == "dismissed"
    jobs.dismiss(job.job_id)
    assert not (tmp_path / "jobs" / job.job_id).exists()
    with pytest.raises(NotFoundError):
        jobs.find(job.job_id)


def test_jobs_are_bounded(make: Callable[..., Jobs]) -> None:
    jobs = make(max_running=1, max_waiting=2)
    first = jobs.submit("sleep", {})
    until(lambda: jobs.find(first.job_id).status == "running")
    waiting = [jobs.submit("add", {"a": 1, "b": n}) for n in range(2)]
    with pytest.raises(JobsFullError, match="2 jobs"):
        jobs.submit("add", {"a": 1, "b": 1})
    jobs.dismiss(waiting[0].job_id)
    jobs.dismiss(first.job_id)
    assert jobs.wait(waiting[1].job_id, WAIT_S).status == "successful"
    assert jobs.find(waiting[0].job_id).status == "dismissed"


def test_the_oldest_that_ended_make_way(make: Callable[..., Jobs], tmp_path: Path) -> None:
    jobs = make(max_kept=1)
    ids = []
    for n in range(3):
        job = jobs.submit("refuse", {"project": str(n)})
        jobs.wait(job.job_id, WAIT_S)
        ids.append(job.job_id)
    assert [job.job_id for job in jobs.all()] == [ids[2], ids[1]]
    assert not (tmp_path / "jobs" / ids[0]).exists()


def test_a_restart_reports_what_ran_and_runs_what_waited(
    make: Callable[..., Jobs], tmp_path: Path
) -> None:
    states = {"a" * 32: "running", "b" * 32: "accepted", "c" * 32: "successful"}
    for number, (job_id, status) in enumerate(states.items()):
        folder = tmp_path / "jobs" / job_id
        folder.mkdir(parents=True)
        job = Job(
            job_id=job_id,
            task="add",
            status=status,
            inputs={"a": 1, "b": 2},
            created=f"2026-01-01T00:00:0{number}Z",
        )
        content = {name: getattr(job, name) for name in Job.__slots__} | {"message": {}}
        (folder / "job.json").write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "jobs" / ("d" * 32)).mkdir()
    (tmp_path / "jobs" / "strange").mkdir()
    jobs = make()
    assert jobs.find("a" * 32).status == "failed"
    assert "stopped while this ran" in jobs.find("a" * 32).message["en"]
    assert jobs.wait("b" * 32, WAIT_S).status == "successful"
    assert jobs.result("b" * 32) == {"sum": 3}
    assert jobs.find("c" * 32).status == "successful"
    assert len(jobs.all()) == 3


def test_an_unknown_task_is_refused(make: Callable[..., Jobs]) -> None:
    with pytest.raises(NotFoundError, match=r"no process os\.system"):
        make().submit("os.system", {})


def test_temporary_files_lie_in_the_folder_of_the_job(
    make: Callable[..., Jobs], tmp_path: Path
) -> None:
    jobs = make()
    job = jobs.submit("scratch", {})
    assert jobs.wait(job.job_id, WAIT_S).status == "successful"
    place = Path(jobs.result(job.job_id)["place"])
    assert place.resolve() == (tmp_path / "jobs" / job.job_id).resolve()


def test_a_second_server_only_reads(make: Callable[..., Jobs]) -> None:
    first = make()
    job = first.submit("sleep", {})
    until(lambda: first.find(job.job_id).status == "running")
    second = make()
    assert (first.is_reader, second.is_reader) == (False, True)
    assert second.find(job.job_id).status == "running"  # not taken for lost
    for refused in (lambda: second.submit("add", {}), lambda: second.dismiss(job.job_id)):
        with pytest.raises(JobsFullError, match=r"another server|另一个服务"):
            refused()
    later = first.submit("add", {"a": 1, "b": 2})
    assert second.find(later.job_id).status == "accepted"
    assert first.dismiss(job.job_id).status == "dismissed"
    assert second.find(job.job_id).status == "dismissed"
    first.close()
    third = make()
    assert not third.is_reader
