"""What the index says of each tensor, and of the checkpoint as a whole."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from compat.bundle._src import dtypes, wire
from compat.bundle._src.ordered import FULL, Extent
from compat.bundle._src.wire import BYTES, FIXED32, VARINT

_ENTRY = {
    "dtype": (1, VARINT),
    "shape": (2, BYTES),
    "shard": (3, VARINT),
    "offset": (4, VARINT),
    "size": (5, VARINT),
    "crc": (6, FIXED32),
    "pieces": (7, BYTES),
}


def _last(values: list, default: int | None = 0):
    return values[-1] if values else default


@dataclasses.dataclass(frozen=True)
class Entry:
    """One tensor of a checkpoint.

    Attributes:
      dtype: TensorFlow's number for the element type.
      shape: The shape of the whole tensor.
      shard: Which data file holds it.
      offset: Where in that file its bytes start.
      size: How many bytes it takes there.
      crc: The masked checksum of those bytes.
      pieces: For a partitioned variable, the (start, length) on each axis of every
        piece; the bytes are then under the pieces' own keys.
    """

    dtype: int
    shape: tuple[int, ...]
    shard: int = 0
    offset: int = 0
    size: int = 0
    crc: int | None = None
    pieces: tuple[tuple[Extent, ...], ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether the elements are byte strings."""
        return self.dtype == dtypes.STRING

    @property
    def numpy_dtype(self) -> np.dtype | None:
        """The element type in numpy, or None if numpy has none for it."""
        if self.is_text:
            return np.dtype(object)
        return dtypes.TO_NUMPY.get(self.dtype)

    @property
    def dtype_name(self) -> str:
        """The element type's name, for messages."""
        return dtypes.name(self.dtype)

    @property
    def count(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


def decode(data: bytes) -> Entry:
    """Reads an entry.

    Raises:
      wire.WireError: The bytes are no entry.
    """
    found = wire.collect(data, **_ENTRY)
    entry = Entry(
        dtype=_last(found["dtype"]),
        shape=_decode_shape(_last(found["shape"], b"")),
        shard=_last(found["shard"]),
        offset=_last(found["offset"]),
        size=_last(found["size"]),
        crc=_last(found["crc"], None),
        pieces=tuple(_decode_extents(piece) for piece in found["pieces"]),
    )
    if any(size < 0 for size in entry.shape):
        raise wire.WireError("a tensor has a negative size")
    return entry


def encode(entry: Entry) -> bytes:
    """Writes an entry."""
    dims = b"".join(wire.put_bytes(2, wire.put_int(1, n)) for n in entry.shape)
    return (
        wire.put_int(1, entry.dtype)
        + wire.put_bytes(2, dims)
        + wire.put_int(3, entry.shard)
        + wire.put_int(4, entry.offset)
        + wire.put_int(5, entry.size)
        + (b"" if entry.crc is None else wire.put_fixed32(6, entry.crc))
        + b"".join(wire.put_bytes(7, _encode_extents(p)) for p in entry.pieces)
    )


def _decode_shape(data: bytes) -> tuple[int, ...]:
    sizes = []
    for dim in wire.collect(data, dims=(2, BYTES))["dims"]:
        size = _last(wire.collect(dim, size=(1, VARINT))["size"])
        sizes.append(wire.signed(size))
    return tuple(sizes)


def _decode_extents(data: bytes) -> tuple[Extent, ...]:
    extents = []
    for extent in wire.collect(data, extents=(1, BYTES))["extents"]:
        found = wire.collect(extent, start=(1, VARINT), length=(2, VARINT))
        start, length = _last(found["start"]), _last(found["length"], FULL)
        extents.append((wire.signed(start), wire.signed(length)))
    return tuple(extents)


def _encode_extents(extents: tuple[Extent, ...]) -> bytes:
    out = b""
    for start, length in extents:
        body = wire.put_int(1, start)
        if length != FULL:
            body += wire.varint(2 << 3 | VARINT) + wire.varint(length)
        out += wire.put_bytes(1, body)
    return out


def decode_header(data: bytes) -> tuple[int, bool]:
    """Returns (number of data files, whether the bytes are big-endian)."""
    found = wire.collect(data, shards=(1, VARINT), endian=(2, VARINT))
    return _last(found["shards"]), bool(_last(found["endian"]))


def encode_header(shards: int) -> bytes:
    """Writes the header of a little-endian checkpoint in `shards` data files."""
    version = wire.put_int(1, 1)
    return wire.put_int(1, shards) + wire.put_bytes(3, version)
