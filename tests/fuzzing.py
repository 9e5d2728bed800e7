"""Broken files by rule: mutations of the bytes of whole files, and what must hold after.

Run as a program it judges cases in a process of its own, for a reader that hangs or falls dead
would take the tests with it. A hang is told by the time of the processor, so that a busy machine
makes none; a reader that waits and does nothing is given longer.

    python -m tests.fuzzing FOLDER FIRST N SEED
"""

import argparse
import faulthandler
import io
import json
import random
import re
import signal
import subprocess
import sys
import traceback
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from geo.audit import run_audit
from geo.errors import GridCircleError
from geo.io import Loaded, load, read_project
from geo.outputs import write_outputs
from tests import forms
from tests.fuzz_seeds import BASE

PATIENCE_SECONDS: Final = 30
"""What one case may take of the processor."""

_WAITING_SECONDS: Final = 300
"""What one case may take by the clock."""

_PACKED: Final = (".zip", ".kmz", ".xlsx", ".ods")
_BARE: Final = (".csv", ".txt", ".tar", ".tar.gz", ".xlsx", ".xls", ".ods", ".dxf", ".dbf")
"""Endings of forms that hold no CRS."""

_OVERTIME: Final = -int(signal.SIGPROF) if hasattr(signal, "SIGPROF") else None
"""How a process ends that has used up its time; None where the system knows no such limit."""

_ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one case: `kind` is `read`, `told`, `broken`, `dead` or `hang`."""

    case: int
    name: str
    kind: str
    text: str = ""


def cases(folder: Path, *, first: int, n: int, seed: int) -> Iterator[tuple[int, str, bytes]]:
    """Yield case numbers, names of seeds and their broken bytes; the same for the same numbers."""
    names = sorted(path.name for path in folder.iterdir() if path.name != BASE)
    for case in range(first, first + n):
        name = names[case % len(names)]
        chance = random.Random(f"{seed}-{case}")  # noqa: S311 no secret
        data = (folder / name).read_bytes()
        inner = name.endswith(_PACKED) and chance.random() < 0.8
        yield case, name, _broken_inside(data, chance) if inner else broken(data, chance)


def judge(loaded: Loaded) -> None:
    """Assert that no row is lost: rows in = rows used + rows quarantined, each with its reason."""
    for source in loaded.sources:
        mine = loaded.quarantine[loaded.quarantine["layer"] == source.layer]
        assert source.rows == source.used + source.quarantined, source
        assert len(mine) == source.quarantined, source
        assert mine["row"].is_unique
        assert mine["row"].between(1, source.rows).all()
        assert mine["reason"].str.len().gt(0).all()
        frame = getattr(loaded.layers, source.layer)
        assert len(frame) == source.used
        assert frame.index.is_unique
        shapes = frame.geometry
        assert (shapes.notna() & ~shapes.is_empty & shapes.is_valid).all()
        assert np.isfinite(shapes.total_bounds).all()


def run_cases(folder: Path, *, first: int, n: int, seed: int) -> Iterator[Outcome]:
    """Yield the outcome of every case, each read in a process that may die of it."""
    end = first + n
    while first < end:
        command = [sys.executable, "-W", "error", "-m", "tests.fuzzing", str(folder)]
        done = subprocess.run(
            [*command, str(first), str(end - first), str(seed)],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            check=False,
            encoding="utf-8",
        )
        last = first - 1
        for line in done.stdout.splitlines():
            if line.startswith("{"):
                outcome = Outcome(**json.loads(line))
                last = outcome.case
                yield outcome
        if last == end - 1 and done.returncode == 0:
            return
        is_hang = "Timeout" in done.stderr or done.returncode == _OVERTIME
        lines = done.stderr.strip().splitlines()
        name = next((x.split()[1] for x in reversed(lines) if x.startswith("case-of ")), "?")
        text = "\n".join(lines[-25:])
        yield Outcome(case=last + 1, name=name, kind="hang" if is_hang else "dead", text=text)
        first = last + 2


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    for name in ("first", "n", "seed"):
        parser.add_argument(name, type=int)
    given = parser.parse_args()
    faulthandler.enable()
    work = given.folder.parent / f"work-{given.first}"
    work.mkdir(exist_ok=True)
    seeds = given.folder
    for case, name, data in cases(seeds, first=given.first, n=given.n, seed=given.seed):
        sys.stderr.write(f"case-of {name}\n")
        sys.stderr.flush()
        with patience():
            kind, text = outcome_of(work, seeds, name, data, is_whole=case % 5 == 0)
        line = {"case": case, "name": name, "kind": kind, "text": text}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


@contextmanager
def patience() -> Iterator[None]:
    """End this process, with a traceback, when what is inside takes too long."""
    faulthandler.dump_traceback_later(_WAITING_SECONDS, exit=True)
    if _OVERTIME is not None:
        faulthandler.register(signal.SIGPROF, chain=True)
        signal.setitimer(signal.ITIMER_PROF, PATIENCE_SECONDS)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        if _OVERTIME is not None:
            signal.setitimer(signal.ITIMER_PROF, 0)


def outcome_of(
    work: Path, seeds: Path, name: str, data: bytes, *, is_whole: bool = False
) -> tuple[str, str]:
    """Return what becomes of `data` under `name`; whole: the audit is run and written too."""
    (work / name).write_bytes(data)
    try:
        loaded = load(read_project(_project(work, seeds, name)))
        judge(loaded)
        if is_whole:
            _judge_outputs(loaded, work / "out")
    except GridCircleError as error:
        return told(error)
    except BaseException:  # noqa: BLE001 the harness must tell everything
        return "broken", traceback.format_exc()
    return "read", f"{loaded.sources[-1].rows} {loaded.sources[-1].quarantined}"


def told(error: GridCircleError) -> tuple[str, str]:
    try:
        sentences = [error.text(language) for language in ("zh", "en")]
    except Exception:  # noqa: BLE001 a sentence that cannot be said is a fault
        return "broken", traceback.format_exc()
    if any("\n" in sentence for sentence in sentences):
        return "broken", f"more than one line: {sentences}"
    return "told", f"{error.key}: {sentences[1]}"


def _judge_outputs(loaded: Loaded, out: Path) -> None:
    """Assert that the whole audit of what was read can be written, with all refused rows."""
    audit = run_audit(loaded)
    written = write_outputs(audit, out)
    tables = [path for path in written if path.name == "quarantine.csv"]
    assert bool(tables) == bool(len(loaded.quarantine))
    if tables:
        lines = tables[0].read_text(encoding="utf-8-sig")
        for reason in loaded.quarantine["reason"]:
            assert reason.split('"')[0].split("\n")[0] in lines


def _project(work: Path, seeds: Path, name: str) -> Path:
    layer = re.split(r"[._]", name, maxsplit=1)[0]
    is_bare = name.endswith(_BARE)
    crs = 'datum = "wgs84"\n' if "pairs" in name else f'crs = "{forms.CRS}"\n' if is_bare else ""
    text = f'[project]\nid = "fuzz"\ncrs = "{forms.CRS}"\n'
    if layer != "grids":
        text += f"[layers.grids]\npath = {json.dumps((seeds / BASE).as_posix())}\n"
    text += f"[layers.{layer}]\npath = {json.dumps(name)}\n{crs}"
    path = work / "fuzz.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _broken_inside(data: bytes, chance: random.Random) -> bytes:
    """Return a zip whose members are broken but whose checksums are right."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {info.filename: archive.read(info) for info in archive.infolist()}
    chosen = chance.choice(sorted(name for name, part in parts.items() if part))
    if chance.random() < 0.1:
        del parts[chosen]
    else:
        parts[chosen] = broken(parts[chosen], chance)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return target.getvalue()


def broken(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(_MUTATIONS)(data, chance)
    return data


def _flipped(data: bytes, chance: random.Random) -> bytes:
    some = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 64))):
        if some:
            some[chance.randrange(len(some))] ^= 1 << chance.randrange(8)
    return bytes(some)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def _spliced(data: bytes, chance: random.Random) -> bytes:
    """Return `data` with a piece left out, doubled or moved."""
    a, b = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    b = min(b, a + 4096)
    piece, rest = data[a:b], data[:a] + data[b:]
    at = chance.randrange(len(rest) + 1)
    return chance.choice((rest, data[:b] + piece + data[b:], rest[:at] + piece + rest[at:]))


def _noised(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.randbytes(chance.choice((1, 3, 16, 300))) + data[at:]


_WEIRD: Final = (
    b"", b"nan", b"NaN", b"inf", b"-1e308", b"1e400", b"999999999999999999999", b"-", b'"', b"'",
    b"\x00", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00", b"\n", b",", b"\xef\xbc\x91", b"null", b"{}",
    b"POLYGON", b"EMPTY", b"POINT(1 2)", b"<", b"&lol;", b"\x7f\xff\xff\xff", b"\xe7\xbd",
)  # fmt: skip


def _worded(data: bytes, chance: random.Random) -> bytes:
    """Return `data` with a number or a byte of it replaced by what no reader likes."""
    digits = [i for i, byte in enumerate(data[:100_000]) if 0x30 <= byte <= 0x39]
    at = chance.choice(digits) if digits else chance.randrange(len(data) + 1)
    end = at
    while end < len(data) and data[end : end + 1] in b"0123456789.":
        end += 1
    return data[:at] + chance.choice(_WEIRD) + data[end if chance.random() < 0.7 else at + 1 :]


_MUTATIONS: Final[tuple[Callable[[bytes, random.Random], bytes], ...]] = (
    _flipped, _flipped, _flipped, _cut, _spliced, _noised, _worded, _worded, _worded,
)  # fmt: skip

if __name__ == "__main__":
    _main()
