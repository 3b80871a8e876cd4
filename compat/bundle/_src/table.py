"""Sorted string tables: the container of a checkpoint's index file.

A table is a run of blocks, each a list of (key, value) with shared key prefixes left
out, a type byte (0 plain, 1 snappy) and a checksum; then a block that lists the blocks,
and a 48-byte footer that says where that one is.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import cramjam

from compat.bundle._src import checksum, wire
from compat.bundle._src.errors import BundleError

MAGIC = 0xDB4775248B80FB57
_FOOTER = 48
_TRAILER = 5
_PLAIN, _SNAPPY = 0, 1
_RESTART_EVERY = 16
_BLOCK_BYTES = 1 << 12
# Snappy can't shrink data below this share; a block that claims more is broken.
_MAX_INFLATION = 64


def is_table(tail: bytes) -> bool:
    """Whether a file that ends in `tail` (8 bytes or more) is a table."""
    return len(tail) >= 8 and struct.unpack("<Q", tail[-8:])[0] == MAGIC


def _unsnap(packed: bytes, path: str, offset: int) -> bytes:
    try:
        size, _ = wire.read_varint(packed, 0)
        if size > _MAX_INFLATION * len(packed) + 1024:
            raise BundleError(
                "the index holds an implausible block", path=path, offset=offset
            )
        return bytes(cramjam.snappy.decompress_raw(packed))
    except (cramjam.DecompressionError, wire.WireError) as error:
        raise BundleError(
            f"an index block can't be decompressed ({error})", path=path, offset=offset
        ) from None


def _block(
    data: bytes, offset: int, size: int, path: str, verify: bool
) -> Iterator[tuple[bytes, bytes]]:
    end = offset + size
    if end + _TRAILER > len(data):
        raise BundleError(
            f"the index is cut short: a block needs {end + _TRAILER} bytes,"
            f" the file has {len(data)}",
            path=path,
            offset=offset,
        )
    if verify:
        stored = struct.unpack_from("<I", data, end + 1)[0]
        if checksum.of(data[offset : end + 1]) != checksum.unmask(stored):
            raise BundleError(
                "the checksum of an index block does not match: the file is damaged",
                path=path,
                offset=offset,
            )
    content = data[offset:end]
    if data[end] == _SNAPPY:
        content = _unsnap(content, path, offset)
    elif data[end] != _PLAIN:
        raise BundleError(
            f"an index block has unknown compression {data[end]}",
            path=path,
            offset=offset,
        )
    try:
        yield from _records(content)
    except (wire.WireError, struct.error) as error:
        raise BundleError(
            f"an index block is malformed ({error})", path=path, offset=offset
        ) from None


def _records(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    restarts = struct.unpack_from("<I", content, len(content) - 4)[0]
    end = len(content) - 4 - 4 * restarts
    if end < 0:
        raise wire.WireError("its restart table is larger than the block")
    position, key = 0, b""
    while position < end:
        shared, position = wire.read_varint(content, position)
        fresh, position = wire.read_varint(content, position)
        length, position = wire.read_varint(content, position)
        after = position + fresh + length
        if shared > len(key) or after > end:
            raise wire.WireError("a record reaches past its block")
        key = key[:shared] + content[position : position + fresh]
        yield key, content[position + fresh : after]
        position = after


def read(data: bytes, path: str, verify: bool = True) -> Iterator[tuple[bytes, bytes]]:
    """Yields the (key, value) records of a table, in key order.

    Raises:
      BundleError: The table is cut short, damaged, or no table at all.
    """
    if len(data) < _FOOTER or not is_table(data):
        raise BundleError(
            "this is no checkpoint index, or its end is missing", path=path
        )
    footer = len(data) - _FOOTER
    try:
        position = footer
        for _ in range(2):  # where the meta-index block is: unused in checkpoints
            _, position = wire.read_varint(data, position)
        start, position = wire.read_varint(data, position)
        size, position = wire.read_varint(data, position)
    except wire.WireError as error:
        raise BundleError(
            f"the footer of the index is malformed ({error})", path=path, offset=footer
        ) from None
    previous = None
    for _, handle in _block(data, start, size, path, verify):
        try:
            offset, at = wire.read_varint(handle, 0)
            length, _ = wire.read_varint(handle, at)
        except wire.WireError as error:
            raise BundleError(
                f"the index lists a malformed block ({error})", path=path, offset=start
            ) from None
        for key, value in _block(data, offset, length, path, verify):
            if previous is not None and key <= previous:
                raise BundleError(
                    "the keys of the index are out of order", path=path, offset=offset
                )
            previous = key
            yield key, value


def _pack(records: Iterable[tuple[bytes, bytes]]) -> bytes:
    out, restarts, previous = bytearray(), [0], b""
    for count, (key, value) in enumerate(records):
        shared = 0
        if count and count % _RESTART_EVERY == 0:
            restarts.append(len(out))
        elif count:
            limit = min(len(key), len(previous))
            while shared < limit and key[shared] == previous[shared]:
                shared += 1
        fresh = key[shared:]
        out += wire.varint(shared) + wire.varint(len(fresh)) + wire.varint(len(value))
        out += fresh + value
        previous = key
    for offset in [*restarts, len(restarts)]:
        out += struct.pack("<I", offset)
    return bytes(out)


def write(records: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Returns a table of the given records, which must come in key order."""
    out, listing, block, size = bytearray(), [], [], 0

    def put(content: bytes) -> bytes:
        handle = wire.varint(len(out)) + wire.varint(len(content))
        framed = content + bytes([_PLAIN])
        stored = checksum.mask(checksum.of(framed))
        out.extend(framed + struct.pack("<I", stored))
        return handle

    def close() -> None:
        nonlocal block, size
        if block:
            listing.append((block[-1][0], put(_pack(block))))
            block, size = [], 0

    for key, value in records:
        block.append((key, value))
        size += len(key) + len(value)
        if size >= _BLOCK_BYTES:
            close()
    close()
    footer = put(_pack([])) + put(_pack(listing))
    return bytes(out) + footer.ljust(_FOOTER - 8, b"\0") + struct.pack("<Q", MAGIC)
