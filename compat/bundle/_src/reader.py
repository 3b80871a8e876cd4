"""Reading a checkpoint: an index file, and data files that are mapped, not loaded."""

from __future__ import annotations

import dataclasses
import functools
import mmap
import os

import numpy as np

from compat.bundle._src import checksum, graph, ordered, table, wire
from compat.bundle._src import entry as entries
from compat.bundle._src.entry import Entry
from compat.bundle._src.errors import BundleError, NoCheckpoint


@dataclasses.dataclass(frozen=True)
class Region:
    """Bytes of a data file.

    Attributes:
      path: The file.
      offset: Where the bytes start.
      size: How many there are.
      data: They themselves, mapped.
      crc: Their checksum according to the index (unmasked), or None.
    """

    path: str
    offset: int
    size: int
    data: memoryview
    crc: int | None


class Bundle:
    """A checkpoint opened for reading.

    Args:
      prefix: The checkpoint's path without ``.index``.
      verify: Whether to check the checksums of what is read.

    Raises:
      NoCheckpoint: There is no index file.
      BundleError: The index is damaged, cut short, or in another byte order.
    """

    def __init__(self, prefix: str | os.PathLike[str], *, verify: bool = True):
        self.prefix = os.fspath(prefix)
        self.verify = verify
        self.index_path = self.prefix + ".index"
        self.entries: dict[str, Entry] = {}
        self.shards = 1
        self._pieces: dict[bytes, Entry] = {}
        self._maps: dict[int, memoryview] = {}
        self._read_index()

    def _read_index(self) -> None:
        try:
            with open(self.index_path, "rb") as file:
                data = file.read()
        except FileNotFoundError:
            raise NoCheckpoint("there is no such file", path=self.index_path) from None
        header = False
        for key, value in table.read(data, self.index_path, self.verify):
            try:
                if key == b"":
                    header = True
                    self.shards, big_endian = entries.decode_header(value)
                    if big_endian:
                        raise BundleError(
                            "the checkpoint was written in big-endian byte order,"
                            " which is not supported",
                            path=self.index_path,
                        )
                elif key.startswith(b"\0"):
                    self._pieces[key] = entries.decode(value)
                else:
                    self.entries[key.decode()] = entries.decode(value)
            except (wire.WireError, UnicodeDecodeError) as error:
                raise BundleError(
                    f"an index record is malformed ({error})",
                    path=self.index_path,
                    key=key.decode(errors="replace"),
                ) from None
        if not header:
            raise BundleError(
                "the index has no header: it is no checkpoint index",
                path=self.index_path,
            )

    def __contains__(self, key: str) -> bool:
        return key in self.entries

    def keys(self) -> list[str]:
        """The keys of all tensors, in order."""
        return list(self.entries)

    def entry(self, key: str) -> Entry:
        """What the index says of the tensor `key`.

        Raises:
          BundleError: There is no such tensor.
        """
        try:
            return self.entries[key]
        except KeyError:
            raise BundleError(
                "the index has no such tensor", path=self.index_path, key=key
            ) from None

    def shard_path(self, shard: int) -> str:
        """The path of data file number `shard`."""
        return f"{self.prefix}.data-{shard:05d}-of-{self.shards:05d}"

    def _shard(self, shard: int, key: str) -> memoryview:
        if shard not in self._maps:
            path = self.shard_path(shard)
            try:
                with open(path, "rb") as file:
                    size = os.fstat(file.fileno()).st_size
                    data = (
                        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
                        if size
                        else b""
                    )
            except FileNotFoundError:
                raise BundleError(
                    "this data file of the checkpoint is missing", path=path, key=key
                ) from None
            self._maps[shard] = memoryview(data)
        return self._maps[shard]

    def _region(self, key: str, item: Entry) -> Region:
        path = self.shard_path(item.shard)
        if item.shard >= self.shards:
            raise BundleError(
                f"the index names data file {item.shard} of {self.shards}",
                path=self.index_path,
                key=key,
            )
        data = self._shard(item.shard, key)
        end = item.offset + item.size
        if end > len(data):
            raise BundleError(
                f"the file is cut short: {end} bytes are needed, it has {len(data)}",
                path=path,
                key=key,
                offset=item.offset,
            )
        kind = item.numpy_dtype
        if (
            kind is not None
            and not item.is_text
            and item.size != self._piece_bytes(item)
        ):
            raise BundleError(
                f"the index gives {item.size} bytes to a {item.dtype_name} tensor"
                f" of shape {list(item.shape)}",
                path=self.index_path,
                key=key,
            )
        crc = None if item.crc is None else checksum.unmask(item.crc)
        return Region(path, item.offset, item.size, data[item.offset : end], crc)

    @staticmethod
    def _piece_bytes(item: Entry) -> int:
        return item.count * item.numpy_dtype.itemsize

    def region(self, key: str) -> Region | None:
        """Where the bytes of a tensor are, unchecked; None if they aren't in one run.

        Raises:
          BundleError: The data file is missing or too short.
        """
        item = self.entry(key)
        if item.pieces or item.is_text or item.numpy_dtype is None:
            return None
        return self._region(key, item)

    def check(self, key: str, region: Region, crc: int | None = None) -> int:
        """Compares the checksum of a region with the index; returns the checksum.

        Args:
          key: The tensor's key, for the message.
          region: Its bytes.
          crc: The checksum of the bytes, if the caller has computed it.

        Raises:
          BundleError: They differ.
        """
        if crc is None:
            crc = checksum.of(region.data)
        if region.crc is not None and crc != region.crc:
            raise self.damaged(key, region)
        return crc

    @staticmethod
    def damaged(key: str, region: Region) -> BundleError:
        """The error for bytes that don't fit their checksum."""
        return BundleError(
            f"the checksum of {region.size} bytes does not match: the file is damaged",
            path=region.path,
            key=key,
            offset=region.offset,
        )

    def _bytes(self, key: str, item: Entry) -> memoryview:
        region = self._region(key, item)
        if self.verify:
            self.check(key, region)
        return region.data

    def get(self, key: str) -> np.ndarray:
        """The tensor `key`, read-only; its memory is the mapped file where possible.

        Byte strings come as an object array of `bytes`.

        Raises:
          BundleError: It isn't there, is damaged, or has an unknown element type.
        """
        item = self.entry(key)
        if item.is_text:
            return self._strings(key, item)
        kind = item.numpy_dtype
        if kind is None:
            raise BundleError(
                f"{item.dtype_name} tensors can't be read",
                path=self.index_path,
                key=key,
            )
        if item.pieces:
            return self._assemble(key, item, kind)
        return np.frombuffer(self._bytes(key, item), kind).reshape(item.shape)

    def _assemble(self, key: str, item: Entry, kind: np.dtype) -> np.ndarray:
        whole = np.empty(item.shape, kind)
        covered = 0
        for extents in item.pieces:
            piece = self._pieces.get(ordered.piece_key(key, extents))
            where = tuple(
                slice(start, None if length == ordered.FULL else start + length)
                for start, length in extents
            )
            if piece is None or len(extents) != len(item.shape):
                raise BundleError(
                    f"the index lacks the piece {_show(where)} of this tensor",
                    path=self.index_path,
                    key=key,
                )
            part = np.frombuffer(self._bytes(key, piece), kind)
            target = whole[where]
            if part.size != target.size or piece.dtype != item.dtype:
                raise BundleError(
                    f"the piece {_show(where)} has {part.size} elements of"
                    f" {piece.dtype_name}, {target.size} of {item.dtype_name} expected",
                    path=self.index_path,
                    key=key,
                )
            target[...] = part.reshape(target.shape)
            covered += part.size
        if covered != item.count:
            raise BundleError(
                f"the pieces of this tensor hold {covered} of {item.count} elements",
                path=self.index_path,
                key=key,
            )
        whole.flags.writeable = False
        return whole

    def _strings(self, key: str, item: Entry) -> np.ndarray:
        """Byte strings: all lengths, a checksum of the lengths, then all bytes."""
        region = self._region(key, item)
        data = bytes(region.data)
        try:
            lengths, position, crc = [], 0, 0
            for _ in range(item.count):
                length, position = wire.read_varint(data, position)
                lengths.append(length)
                width = 4 if length < 1 << 32 else 8
                crc = checksum.extend(crc, length.to_bytes(width, "little"))
            stored, body = data[position : position + 4], position + 4
            if body + sum(lengths) != len(data):
                raise wire.WireError("the lengths do not add up")
        except wire.WireError as error:
            raise BundleError(
                f"a string tensor is malformed ({error})",
                path=region.path,
                key=key,
                offset=region.offset,
            ) from None
        if self.verify:
            if int.from_bytes(stored, "little") != checksum.mask(crc):
                raise self.damaged(key, region)
            crc = checksum.extend(checksum.extend(crc, stored), data[body:])
            self.check(key, region, crc)
        out = np.empty(item.count, object)
        for index, length in enumerate(lengths):
            out[index], body = data[body : body + length], body + length
        return out.reshape(item.shape)

    @functools.cached_property
    def graph(self) -> graph.ObjectGraph | None:
        """The object graph, or None in a checkpoint that is keyed by names.

        Raises:
          BundleError: It is damaged, or names a tensor that isn't there.
        """
        if graph.KEY not in self.entries:
            return None
        if self.entry(graph.KEY).shape or not self.entry(graph.KEY).is_text:
            raise BundleError(
                "the object graph is no scalar string",
                path=self.index_path,
                key=graph.KEY,
            )
        try:
            decoded = graph.decode(self.get(graph.KEY).item())
        except wire.WireError as error:
            raise BundleError(
                f"the object graph is malformed ({error})",
                path=self.index_path,
                key=graph.KEY,
            ) from None
        for _, variable in decoded.variables():
            self.entry(variable.key)
        return decoded


def _show(where: tuple[slice, ...]) -> str:
    parts = (f"{s.start}:{'' if s.stop is None else s.stop}" for s in where)
    return f"[{', '.join(parts)}]"
