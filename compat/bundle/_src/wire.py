"""Protocol buffers at the level of the wire: numbered fields, no schema.

The few messages in a checkpoint (entries, shapes, object graphs) are small and fixed,
so their fields are picked by number from `fields` and written by the `put_*` functions.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_MAX_VARINT_BYTES = 10


class WireError(ValueError):
    """The bytes are no well-formed message."""


def read_varint(data: bytes, position: int) -> tuple[int, int]:
    """Returns the unsigned number at `position`, and the position after it."""
    value = 0
    for count in range(_MAX_VARINT_BYTES):
        try:
            byte = data[position + count]
        except IndexError:
            raise WireError("a number is cut short") from None
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    raise WireError("a number is longer than 64 bits")


def signed(value: int) -> int:
    """Reads an unsigned 64-bit number as two's complement."""
    return value - (1 << 64) if value >= 1 << 63 else value


def fields(data: bytes) -> Iterator[tuple[int, int, int | bytes]]:
    """Yields (field number, wire type, value) for each field of a message."""
    position, end = 0, len(data)
    while position < end:
        tag, position = read_varint(data, position)
        kind = tag & 7
        if kind == VARINT:
            value, position = read_varint(data, position)
        elif kind == BYTES:
            size, position = read_varint(data, position)
            value, position = data[position : position + size], position + size
        elif kind == FIXED32:
            value = int.from_bytes(data[position : position + 4], "little")
            position += 4
        elif kind == FIXED64:
            value = int.from_bytes(data[position : position + 8], "little")
            position += 8
        else:
            raise WireError(f"wire type {kind} is not used in checkpoints")
        if position > end:
            raise WireError("a field is cut short")
        yield tag >> 3, kind, value


def collect(data: bytes, **wanted: tuple[int, int]) -> dict[str, list]:
    """Returns the values of the wanted fields, each a list in order of appearance.

    Args:
      data: A message.
      **wanted: name=(field number, wire type). A known number with another wire type
        raises `WireError`; other numbers are passed over, as protocol buffers require.
    """
    names = {number: (name, kind) for name, (number, kind) in wanted.items()}
    found: dict[str, list] = {name: [] for name in wanted}
    for number, kind, value in fields(data):
        if number in names:
            name, expected = names[number]
            if kind != expected:
                raise WireError(f"field {number} has wire type {kind}")
            found[name].append(value)
    return found


def varint(value: int) -> bytes:
    """Encodes an integer (negative ones as 64-bit two's complement)."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append((value & 0x7F) | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def put_int(number: int, value: int) -> bytes:
    """A varint field; zero is the default and takes no bytes."""
    return varint(number << 3 | VARINT) + varint(value) if value else b""


def put_bytes(number: int, value: bytes) -> bytes:
    """A length-delimited field, written even when empty."""
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def put_text(number: int, value: str) -> bytes:
    """A string field; the empty string is the default and takes no bytes."""
    return put_bytes(number, value.encode()) if value else b""


def put_fixed32(number: int, value: int) -> bytes:
    """A fixed 32-bit field."""
    return varint(number << 3 | FIXED32) + struct.pack("<I", value)
