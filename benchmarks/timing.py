"""CPU time of interleaved runs, and the peak of memory in a process of its own."""

import contextlib
import ctypes
import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.contest import Contest, Contestant, Frames, fresh

ROOT = Path(__file__).resolve().parents[1]
STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")


class _Others:
    """CPU time that a server spends for a contestant (Linux): of one process at a time."""

    def __init__(self) -> None:
        self.spent, self._pid, self._start = 0.0, 0, 0.0

    def watch(self, pid: int) -> None:
        """Count the process from now on."""
        self._pid, self._start = pid, _cpu_of(pid)

    def stop(self) -> None:
        """Add what the process has spent since `watch`."""
        self.spent += _cpu_of(self._pid) - self._start


OTHERS = _Others()


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_seconds(
    contest: Contest, frames: Frames, *, rounds: int, known: Mapping[str, float]
) -> dict[str, list[float]]:
    """Return the CPU seconds of each contestant in each round; a round runs all of them once.

    Those of `known` seconds are not run.
    """
    taken: dict[str, list[float]] = {
        name: [known[name]] if name in known else [] for name in contest.contestants
    }
    for _ in range(rounds):
        for name, run in contest.contestants.items():
            if name not in known:
                taken[name].append(timed(run, frames)[1])
    return taken


def timed(run: Contestant, frames: Frames) -> tuple[Any, float]:
    """Return the answer of one run on fresh geometry, and its CPU seconds."""
    given = fresh(frames)
    gc.collect()
    start = cpu_so_far()
    answer = run(given)
    return answer, cpu_so_far() - start


def cpu_so_far() -> float:
    """Return the CPU seconds of this process, of those it has waited for and of servers."""
    spent = os.times()
    return time.process_time() + spent.children_user + spent.children_system + OTHERS.spent


def ratios(taken: dict[str, list[float]], ours: str) -> dict[str, float]:
    """Return median ÷ median of ours for each contestant."""
    base = max(median(taken[ours]), 1e-9)
    return {name: median(times) / base for name, times in taken.items()}


def peak_mb_elsewhere(topic: str, number: int, contestant: str) -> float | None:
    """Return `peak_mb` of one contestant, run in a fresh process; None where it cannot be told."""
    if not (STATUS.is_file() and CLEAR.is_file()):
        return None
    command = [sys.executable, "-m", "benchmarks", "--memory", topic, str(number), contestant]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, encoding="utf-8")
    return float(done.stdout.strip().splitlines()[-1])


def peak_mb(run: Callable[[Any], Any], frames: Frames) -> float:
    """Return how far resident memory rises above its level before the run (MB, Linux)."""
    given = fresh(frames)
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # hands back what loading has freed
    before = status_mb("VmRSS")
    reset_peak()
    run(given)
    return max(status_mb("VmHWM") - before, 0.0)


def reset_peak() -> None:
    """Forget the peak of resident memory so far (Linux)."""
    CLEAR.write_text("5", encoding="ascii")


def status_mb(field: str) -> float:
    """Return a figure of this process (`VmRSS`, `VmHWM`) in MB (Linux)."""
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    msg = f"{STATUS} has no {field}"
    raise LookupError(msg)
