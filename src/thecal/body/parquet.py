"""Writes plain tables of 32-bit numbers as Parquet, a group of rows at a time, so that memory stays bounded.

Every column is required, uncompressed, in plain encoding: the smallest part of Apache Parquet's format that every
reader understands. Format: parquet-format (thrift compact protocol for the headers).
"""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

_MAGIC = b"PAR1"
_INT32, _FLOAT = 1, 4  # physical types
_I32, _I64, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12  # types of the compact protocol
_PLAIN, _RLE = 0, 3
Column = npt.NDArray[np.float32] | npt.NDArray[np.int32]


class ParquetWriter:
    """A file of the columns ``names``, each 32-bit float unless listed in ``integers``; a context manager."""

    def __init__(self, path: Path, names: Sequence[str], integers: Sequence[str] = ()) -> None:
        self._types = {name: _INT32 if name in integers else _FLOAT for name in names}
        self._file = path.open("wb")
        self._file.write(_MAGIC)
        self._groups: list[bytes] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            self._finish()
        self._file.close()

    def write(self, columns: Mapping[str, Column]) -> None:
        """Append rows; every column has the same length. ValueError when names or lengths do not fit."""
        rows = {column.size for column in columns.values()}
        if set(columns) != set(self._types) or len(rows) != 1:
            raise ValueError("a group of rows needs every column, all of one length")
        (count,) = rows
        chunks, total = [], 0
        for name, kind in self._types.items():
            data = np.ascontiguousarray(columns[name], dtype="<i4" if kind == _INT32 else "<f4").data
            page = _struct((1, _I32, 0), (2, _I32, data.nbytes), (3, _I32, data.nbytes), (5, _STRUCT, _page(count)))
            start = self._file.tell()
            self._file.write(page)
            self._file.write(data)
            size = len(page) + data.nbytes
            total += size
            about = _struct(
                (1, _I32, kind),
                (2, _LIST, _list(_I32, [_zigzag(_PLAIN), _zigzag(_RLE)])),
                (3, _LIST, _list(_BINARY, [_binary(name)])),
                (4, _I32, 0),
                (5, _I64, count),
                (6, _I64, size),
                (7, _I64, size),
                (9, _I64, start),
            )
            chunks.append(_struct((2, _I64, start), (3, _STRUCT, about)))
        self._groups.append(_struct((1, _LIST, _list(_STRUCT, chunks)), (2, _I64, total), (3, _I64, count)))
        self._rows += count

    def _finish(self) -> None:
        root = _struct((4, _BINARY, _binary("table")), (5, _I32, len(self._types)))
        leaves = [
            _struct((1, _I32, kind), (3, _I32, 0), (4, _BINARY, _binary(name))) for name, kind in self._types.items()
        ]
        footer = _struct(
            (1, _I32, 1),
            (2, _LIST, _list(_STRUCT, [root, *leaves])),
            (3, _I64, self._rows),
            (4, _LIST, _list(_STRUCT, self._groups)),
            (6, _BINARY, _binary("thecal")),
        )
        self._file.write(footer + struct.pack("<I", len(footer)) + _MAGIC)


def _page(count: int) -> bytes:
    return _struct((1, _I32, count), (2, _I32, _PLAIN), (3, _I32, _RLE), (4, _I32, _RLE))


def _struct(*fields: tuple[int, int, int | bytes]) -> bytes:
    """A struct of the compact protocol: fields as (number, type, value), numbers rising by less than 16."""
    parts, before = [], 0
    for number, kind, value in fields:
        parts.append(bytes([(number - before) << 4 | kind]))
        parts.append(value if isinstance(value, bytes) else _zigzag(value))
        before = number
    return b"".join(parts) + b"\0"


def _list(kind: int, items: Sequence[bytes]) -> bytes:
    head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + _varint(len(items))
    return head + b"".join(items)


def _binary(text: str) -> bytes:
    data = text.encode()
    return _varint(len(data)) + data


def _zigzag(value: int) -> bytes:
    return _varint(value << 1 if value >= 0 else (-value << 1) - 1)


def _varint(value: int) -> bytes:
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
