"""The safetensors format, written as a stream and read through a memory map.

Eight bytes say how long the JSON header is; it gives every array's type, shape and
place in the bytes after it. The arrays' checksums are known only once they have been
written, so the header is written twice: first with zeros in their place.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
from collections.abc import Mapping
from typing import Any

import ml_dtypes
import numpy as np

from compat import atomic, bundle
from migrate.checkpoint._src.content import Content, Value, packed, seal
from migrate.checkpoint._src.keys import Key, Leaf
from migrate.errors import UserError

_NAMES = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "I64": np.int64,
    "U64": np.uint64,
    "I32": np.int32,
    "U32": np.uint32,
    "I16": np.int16,
    "U16": np.uint16,
    "I8": np.int8,
    "U8": np.uint8,
    "BOOL": np.bool_,
    "C64": np.complex64,
}
_TYPES = {name: np.dtype(kind) for name, kind in _NAMES.items()}
_CODES = {kind: name for name, kind in _TYPES.items()}
_METADATA = "__metadata__"
_UNKNOWN = "00000000"
_LONGEST_HEADER = 100_000_000
_STEP = 1 << 18


def _bytes_of(leaf: Leaf) -> int:
    return math.prod(leaf.shape) * leaf.dtype.itemsize


def _header(content: Content, checksums: Mapping[Key, str]) -> bytes:
    # Everything but the checksums is one JSON text: safetensors' metadata is flat.
    listing: dict[str, Any] = {
        _METADATA: {
            "format": content.metadata["format"],
            "facts": packed(content.metadata),
            "crc32c": packed(
                {str(k): checksums.get(k, _UNKNOWN) for k in content.specs}
            ),
        }
    }
    offset = 0
    for key, leaf in content.specs.items():
        end = offset + _bytes_of(leaf)
        listing[str(key)] = {
            "dtype": _CODES[leaf.dtype],
            "shape": list(leaf.shape),
            "data_offsets": [offset, end],
        }
        offset = end
    text = json.dumps(listing, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def write(path: str | os.PathLike[str], content: Content) -> None:
    """Writes a file, array by array.

    Raises:
      UserError: An element type has no place in the format.
    """
    for key, leaf in content.specs.items():
        if leaf.dtype not in _CODES:
            raise UserError(
                f"{key}: safetensors has no element type {leaf.dtype}",
                "write .npz or .msgpack instead",
            )
    header = _header(content, {})
    starts, offset = {}, len(header)
    for key, leaf in content.specs.items():
        starts[key] = offset
        offset += _bytes_of(leaf)
    checksums: dict[Key, str] = {}
    with atomic.writing(path) as file:
        handle = file.fileno()
        os.truncate(handle, offset)
        for key, value in content.values():
            checksum = _put(value, handle, starts[key])
            checksums[key] = seal(key, content.specs[key], checksum)
        _write_at(handle, _header(content, checksums), 0)


def _put(value: Value, handle: int, offset: int) -> int:
    """Writes a value; returns its checksum.

    A piece stays in the processor's cache from one step to the next, and ends where a
    page of the file does: pages written in two parts take twice the time.
    """
    checksum, start = 0, 0
    while start < len(value.data):
        size = _STEP - (offset + start) % _STEP
        piece = bytes(value.data[start : start + size])
        checksum = bundle.extend_checksum(checksum, piece)
        _write_at(handle, piece, offset + start)
        start += len(piece)
    return value.verified(checksum)


def _write_at(handle: int, data: Any, offset: int) -> None:
    view = memoryview(data)
    while len(view):
        written = os.pwrite(handle, view, offset)
        view, offset = view[written:], offset + written


def read(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Reads a file: read-only views of its mapped bytes, and its metadata.

    Raises:
      UserError: The file is damaged.
    """

    def damaged(why: str) -> UserError:
        return UserError(f"{os.fspath(path)} is no intact safetensors file: {why}")

    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        if size < 8:
            raise damaged("it is too short")
        data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    (length,) = struct.unpack_from("<Q", data)
    if length > min(size - 8, _LONGEST_HEADER):
        raise damaged("its header is cut short")
    try:
        listing = json.loads(bytes(data[8 : 8 + length]))
        metadata = dict(listing.pop(_METADATA, {}))
        body, arrays = data[8 + length :], {}
        end = 0
        for name, item in listing.items():
            kind = _TYPES[item["dtype"]]
            start, end = item["data_offsets"]
            shape = tuple(map(int, item["shape"]))
            if not 0 <= start <= end <= len(body):
                raise damaged(f"{name} lies outside the file")
            if end - start != math.prod(shape) * kind.itemsize or min((*shape, 0)) < 0:
                raise damaged(f"{name} has the wrong number of bytes")
            arrays[name] = np.frombuffer(body[start:end], kind).reshape(shape)
        total = max((i["data_offsets"][1] for i in listing.values()), default=0)
        if total != len(body):
            raise damaged(f"it has {len(body)} bytes of data, {total} are described")
        facts = json.loads(metadata.get("facts", "{}"))
        facts["crc32c"] = json.loads(metadata.get("crc32c", "{}"))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise damaged(f"its header can't be read ({error})") from None
    return arrays, facts
