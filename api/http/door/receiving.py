"""The body of a request: files straight to disk as they come, bounded; forms as text."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import parse_qsl

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from api.http.door.limits import Limits, TooLargeError, UploadError
from api.http.door.names import require_name

__all__ = ["Received", "receive_files", "receive_form"]

_HEADER_BYTES: Final = 4096
_AT_ONCE: Final = 1 << 19


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a form brought: texts by name, and the names of the files that are on disk now."""

    values: dict[str, str]
    names: tuple[str, ...]


async def receive_form(request: Request, limits: Limits) -> dict[str, str]:
    """Return the texts of a form without files.

    Raises
    ------
    UploadError, TooLargeError
        If it is no form, or too large.
    """
    body = bytearray()
    async for chunk in _chunks(request, limits):
        body += chunk
        if len(body) > limits.form_bytes:
            raise TooLargeError("door.large_form", limit=limits.form_bytes // 1000)
    try:
        pairs = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=limits.fields,
            errors="strict",
        )
    except ValueError as error:
        raise UploadError("door.bad_form") from error
    return dict(pairs)


async def receive_files(request: Request, folder: Path, limits: Limits) -> Received:
    """Write the files of a form into `folder`, which is there, under their own checked names.

    Raises
    ------
    UploadError, TooLargeError
        If it is no such form, a name cannot be taken, or something is too large.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise UploadError("door.bad_form")
    told = request.headers.get("content-length", "0")
    if told.isdecimal() and int(told) > limits.request_bytes:
        raise _too_large(limits)
    writer = _Writer(folder=folder, limits=limits)
    parser = MultipartParser(boundary, writer.callbacks())
    held, n_bytes = bytearray(), 0
    try:
        async for chunk in _chunks(request, limits):
            n_bytes += len(chunk)
            if n_bytes > limits.request_bytes:
                raise _too_large(limits)
            held += chunk
            if len(held) >= _AT_ONCE:
                await run_in_threadpool(parser.write, bytes(held))
                held.clear()
        await run_in_threadpool(parser.write, bytes(held))
        parser.finalize()
    except MultipartParseError as error:
        raise UploadError("door.bad_form") from error
    finally:
        writer.close()
    return Received(values=writer.values, names=tuple(writer.names))


async def _chunks(request: Request, limits: Limits) -> AsyncIterator[bytes]:
    """Yield the body as it comes; a client that falls silent is left."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(limits.silence_s):
                chunk = await anext(stream, None)
        except (TimeoutError, ClientDisconnect) as error:
            raise UploadError("door.broken_off") from error
        if chunk is None:
            return
        yield chunk


def _too_large(limits: Limits) -> TooLargeError:
    return TooLargeError("door.large_request", limit=limits.request_bytes // 10**6)


@dataclass(slots=True, kw_only=True)
class _Writer:
    """Takes the parts of a form as the parser finds them."""

    folder: Path
    limits: Limits
    values: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    _header: bytearray = field(default_factory=bytearray)
    _content: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _value: bytearray = field(default_factory=bytearray)
    _n_values: int = 0
    _field: str = ""
    _file: BinaryIO | None = None
    _is_blank: bool = False

    def callbacks(self) -> Any:  # noqa: ANN401 a TypedDict that is not public
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_content,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers,
            "on_part_data": self._on_data,
            "on_part_end": self._end,
        }

    def close(self) -> None:
        """Close the file that was being written."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self) -> None:
        self._disposition = b""
        self._value.clear()
        self._is_blank = False

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]
        self._require_short(self._header)

    def _on_content(self, data: bytes, start: int, end: int) -> None:
        self._content += data[start:end]
        self._require_short(self._content)

    def _require_short(self, header: bytearray) -> None:
        if len(header) > _HEADER_BYTES:
            raise UploadError("door.bad_form")

    def _on_header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._content)
        self._header.clear()
        self._content.clear()

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        try:
            self._field = options.get(b"name", b"").decode("utf-8")
            name = None if b"filename" not in options else options[b"filename"].decode("utf-8")
        except UnicodeDecodeError as error:
            raise UploadError("door.bad_form") from error
        if name is None:
            self._n_values += 1
            if self._n_values > self.limits.fields:
                raise UploadError("door.bad_form")
            return
        self._is_blank = name == ""  # a field of files that was left empty
        if not self._is_blank:
            self._open(require_name(name))

    def _open(self, name: str) -> None:
        if len(self.names) >= self.limits.files:
            raise TooLargeError("door.many_files", limit=self.limits.files)
        if name.casefold() in {each.casefold() for each in self.names}:
            raise UploadError("door.same_name", name=name)
        self._file = (self.folder / name).open("xb")
        self.names.append(name)

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
        elif not self._is_blank:
            self._value += data[start:end]
            if len(self._value) > self.limits.form_bytes:
                raise TooLargeError("door.large_form", limit=self.limits.form_bytes // 1000)

    def _end(self) -> None:
        if self._file is not None:
            self.close()
        elif not self._is_blank:
            self.values[self._field] = self._value.decode("utf-8", errors="replace")
