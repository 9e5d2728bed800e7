"""What is known of the requests: figures for Prometheus, and a line of JSON for each."""

import logging
import sys
import time
from bisect import bisect_left
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["METRICS_TYPE", "Metrics", "Watch", "log_to_stdout"]

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_LOG: Final = logging.getLogger("gridcircle.access")
_BOUNDS_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_METHODS: Final = frozenset(
    ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "TRACE")
)
_STATM: Final = Path("/proc/self/statm")
_PAGE_BYTES: Final = 4096
_MAX_PATH: Final = 512


class Metrics:
    """Counts of this process. Methods and statuses are the only labels, so they stay few."""

    def __init__(self) -> None:
        self.started_seconds = time.time()
        self.in_progress = 0
        self._requests: Counter[tuple[str, int]] = Counter()
        self._buckets = [0] * (len(_BOUNDS_SECONDS) + 1)
        self._seconds = 0.0
        self._bytes = 0

    def add(self, method: str, status: int, *, seconds: float, n_bytes: int) -> None:
        """Count one request that was answered."""
        self._requests[method if method in _METHODS else "OTHER", status] += 1
        self._buckets[bisect_left(_BOUNDS_SECONDS, seconds)] += 1
        self._seconds += seconds
        self._bytes += n_bytes

    def text(self, gauges: dict[str, float]) -> str:
        """Return all figures in the text format of Prometheus; `gauges` are more of them."""
        lines = ["# TYPE gridcircle_requests_total counter"]
        for (method, status), n in sorted(self._requests.items()):
            labels = f'method="{method}",status="{status}"'
            lines.append(f"gridcircle_requests_total{{{labels}}} {n}")
        lines.append("# TYPE gridcircle_request_seconds histogram")
        total = 0
        for bound, n in zip((*_BOUNDS_SECONDS, "+Inf"), self._buckets, strict=True):
            total += n
            lines.append(f'gridcircle_request_seconds_bucket{{le="{bound}"}} {total}')
        lines += [
            f"gridcircle_request_seconds_sum {self._seconds:.6f}",
            f"gridcircle_request_seconds_count {total}",
            "# TYPE gridcircle_response_bytes_total counter",
            f"gridcircle_response_bytes_total {self._bytes}",
            "# TYPE process_cpu_seconds_total counter",
            f"process_cpu_seconds_total {time.process_time():.3f}",
        ]
        own = {
            "gridcircle_requests_in_progress": self.in_progress,
            "process_start_time_seconds": round(self.started_seconds, 3),
            **_memory(),
            **gauges,
        }
        for name, value in own.items():
            lines += [f"# TYPE {name.split('{')[0]} gauge", f"{name} {value}"]
        return "\n".join([*dict.fromkeys(lines), ""])


class Watch:
    """ASGI middleware that counts and logs.

    Parameters
    ----------
    app
        What it watches.
    metrics
        Where it counts.
    is_logged
        Whether each request is a line of JSON in the log `gridcircle.access`.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics, *, is_logged: bool) -> None:
        self.app = app
        self.metrics = metrics
        self.is_logged = is_logged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, n_bytes, start = 500, 0, time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status, n_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                n_bytes += len(message.get("body", b""))
            await send(message)

        self.metrics.in_progress += 1
        try:
            await self.app(scope, receive, watched)
        finally:
            self.metrics.in_progress -= 1
            seconds = time.perf_counter() - start
            self.metrics.add(scope["method"], status, seconds=seconds, n_bytes=n_bytes)
            if self.is_logged:
                _log(scope, status, seconds=seconds, n_bytes=n_bytes)


def log_to_stdout() -> None:
    """Write the lines of `gridcircle.access` to standard output, as they are."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _LOG.handlers = [handler]
    _LOG.setLevel(logging.INFO)
    _LOG.propagate = False


def _log(scope: Scope, status: int, *, seconds: float, n_bytes: int) -> None:
    """Write one line; JSON keeps what a path holds from beginning a line of its own."""
    if not _LOG.isEnabledFor(logging.INFO):
        return
    client = scope.get("client")
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "client": client[0] if client else None,
        "method": scope["method"],
        "path": scope["path"][:_MAX_PATH],
        "query": scope["query_string"][:_MAX_PATH].decode("latin-1"),
        "status": status,
        "ms": round(seconds * 1000, 2),
        "bytes": n_bytes,
    }
    _LOG.info(orjson.dumps(line).decode())


def _memory() -> dict[str, float]:
    """Return the memory of this process, where the system tells it."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return {}
    return {"process_resident_memory_bytes": pages * _PAGE_BYTES}
