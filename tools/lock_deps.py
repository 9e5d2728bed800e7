"""Write `requirements.lock`: what `.[all]` installs here, each with the hash of its file.

pip install --dry-run --ignore-installed --report report.json ".[all]"
python tools/lock_deps.py report.json
"""
# ruff: noqa: INP001

import json
import platform
import sys
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"


def main() -> None:
    """Read the report of pip and write the lock."""
    report = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    lines = [
        f"# {platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "# pip install --require-hashes --no-deps -r requirements.lock",
    ]
    for found in sorted(report["install"], key=lambda each: each["metadata"]["name"].lower()):
        archive = found["download_info"].get("archive_info")
        if archive is not None:
            name, version = found["metadata"]["name"], found["metadata"]["version"]
            lines.append(f"{name}=={version} --hash=sha256:{archive['hashes']['sha256']}")
    LOCK.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
