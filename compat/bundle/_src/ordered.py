"""Keys of the pieces of a partitioned variable.

A piece's key is an order-preserving code of (0, variable name, rank, then start and
length on each axis): strings end in 00 01 with 00 escaped (FF never occurs in UTF-8),
numbers carry their length in front so that byte order is number order.
"""

from __future__ import annotations

Extent = tuple[int, int]  # start, length; length -1: the whole axis
FULL = -1


def _text(value: str) -> bytes:
    return value.encode().replace(b"\0", b"\0\xff") + b"\0\1"


def _unsigned(value: int) -> bytes:
    body = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return bytes([len(body)]) + body


def _signed(value: int) -> bytes:
    magnitude = ~value if value < 0 else value
    length = 1
    while magnitude >> (7 * length - 1):
        length += 1
    # `length` one-bits lead a non-negative number and a zero ends them; a negative
    # one has all of it inverted, which is what xor-ing its two's complement gives.
    width = 8 * length
    header = ((1 << length) - 1) << (width - length)
    return ((value & ((1 << width) - 1)) ^ header).to_bytes(length, "big")


def piece_key(name: str, extents: tuple[Extent, ...]) -> bytes:
    """The index key under which the piece of `name` at `extents` is stored."""
    code = _unsigned(0) + _text(name) + _unsigned(len(extents))
    return code + b"".join(_signed(n) for extent in extents for n in extent)
