"""A running server on a free port of this machine, in a process of its own.

GDAL keeps Python's lock while it waits for an answer: a server in a thread could never give one.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PATIENCE_SECONDS = 300.0
_CODE = """
import os
import sys
from pathlib import Path
from api.http import Settings, serve
token = os.environ.get("GRIDCIRCLE_TOKEN")
settings = Settings(allow_upload="upload" in sys.argv, token=token)
serve(Path(sys.argv[1]), port=0, settings=settings)
"""
_ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def served(
    folder: Path, log: Path, *, allow_upload: bool = False, token: str | None = None
) -> Iterator[str]:
    """Serve `folder` while inside; gives the URL, without a slash at its end."""
    own = {name: value for name, value in os.environ.items() if name != "GRIDCIRCLE_TOKEN"}
    own |= {} if token is None else {"GRIDCIRCLE_TOKEN": token}
    with log.open("w", encoding="utf-8") as stream:
        command = [sys.executable, "-W", "error", "-c", _CODE, str(folder)]
        command += ["upload"] if allow_upload else []
        process = subprocess.Popen(command, stdout=stream, stderr=stream, cwd=_ROOT, env=own)
        try:
            yield f"http://127.0.0.1:{_port(process, log)}"
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def _port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    """Return the port that the server says it listens on."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < end and process.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", log.read_text(encoding="utf-8"))
        if found:
            return int(found[1])
        time.sleep(0.05)
    raise TimeoutError(log.read_text(encoding="utf-8"))
