"""Requests over one kept connection, and what they cost the server."""

import math
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import geopandas as gpd
import numpy as np

from benchmarks.serving.servers import Server

__all__ = ["KINDS", "Plan", "cost_ms", "paths", "plan", "wall_ms"]

KINDS = ("items?limit=100", "bbox", "item", "tile z14")
BOX_DEG = 0.02
ZOOM = 14
_TICK_SECONDS = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The same places for all servers."""

    boxes: Sequence[str]
    ids: Sequence[str]
    tiles: Sequence[tuple[int, int, int]]


def plan(grids: gpd.GeoDataFrame, *, n: int) -> Plan:
    """Return `n` boxes, ids and different tiles, drawn from the grids."""
    random = np.random.default_rng(0)
    rows = random.permutation(len(grids))
    points = grids.geometry.representative_point().get_coordinates().to_numpy()[rows]
    tiles = dict.fromkeys(_tile(lon, lat) for lon, lat in points)
    half = BOX_DEG / 2
    boxes = [f"{x - half},{y - half},{x + half},{y + half}" for x, y in points[:n].round(6)]
    return Plan(boxes=boxes, ids=list(grids.index[rows[:n]]), tiles=list(tiles)[:n])


def paths(server: Server, kind: str, places: Plan) -> list[str]:
    """Return the paths of one kind of request; none where the server has no such thing."""
    base = server.collection
    if kind == "items?limit=100":
        return [f"{base}/items?limit=100"] * len(places.ids)
    if kind == "bbox":
        return [f"{base}/items?limit=100&bbox={box}" for box in places.boxes]
    if kind == "item":
        return [f"{base}/items/{fid}" for fid in places.ids]
    return [server.tile(*tile) for tile in places.tiles] if server.tile else []


def cost_ms(server: Server, asked: Sequence[str]) -> float:
    """Return the CPU time of the server and its database for one of the requests (ms)."""
    with _connection(server.port) as line:
        before = _cpu_seconds(server.process_ids)
        for path in asked:
            _ask(*line, path)
        return 1000 * (_cpu_seconds(server.process_ids) - before) / len(asked)


def wall_ms(server: Server, asked: Sequence[str]) -> list[float]:
    """Return how long a client waits for each of the requests (ms)."""
    taken = []
    with _connection(server.port) as line:
        for path in asked:
            start = time.perf_counter()
            _ask(*line, path)
            taken.append(1000 * (time.perf_counter() - start))
    return taken


def _tile(lon: float, lat: float) -> tuple[int, int, int]:
    n = 1 << ZOOM
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return ZOOM, int(y * n), int((lon + 180) / 360 * n)


@contextmanager
def _connection(port: int) -> Iterator[tuple[socket.socket, BinaryIO]]:
    with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rb") as answers:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield line, answers


def _ask(line: socket.socket, answers: BinaryIO, path: str) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\nAccept-Encoding: gzip\r\n\r\n"
    line.sendall(head.encode())
    status = answers.readline()
    length, is_chunked = 0, False
    while (header := answers.readline().lower()) not in {b"\r\n", b""}:
        if header.startswith(b"content-length:"):
            length = int(header.split(b":")[1])
        is_chunked |= header.startswith(b"transfer-encoding: chunked")
    body = _chunks(answers) if is_chunked else answers.read(length)
    if status.split()[1] not in {b"200", b"204"}:
        msg = f"{path}: {status!r} {body[:300]!r}"
        raise RuntimeError(msg)


def _chunks(answers: BinaryIO) -> bytes:
    body = b""
    while size := int(answers.readline(), 16):
        body += answers.read(size)
        answers.readline()
    answers.readline()
    return body


def _cpu_seconds(process_ids: Sequence[int]) -> float:
    """Return the CPU time of processes, their children, and children that have ended."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text(encoding="ascii").rsplit(")", 1)[1].split()
            if int(path.parent.name) in process_ids:
                ticks += sum(int(field) for field in fields[11:15])
            elif int(fields[1]) in process_ids:
                ticks += int(fields[11]) + int(fields[12])
    return ticks * _TICK_SECONDS
