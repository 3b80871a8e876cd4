"""Writing a checkpoint that TensorFlow restores."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import IO

import numpy as np

from compat import atomic
from compat.bundle._src import checksum, dtypes, graph, locate, table, wire
from compat.bundle._src import entry as entries
from compat.bundle._src.entry import Entry


class BundleWriter:
    """Collects a checkpoint's tensors, streaming their bytes to a data file."""

    def __init__(self, data: IO[bytes]):
        self._data = data
        self._entries: dict[str, Entry] = {}
        self._offset = 0

    def add(self, key: str, array: np.ndarray) -> None:
        """Adds a tensor; an object array of `bytes` becomes a string tensor.

        Raises:
          ValueError: The key is taken, or TensorFlow has no such element type.
        """
        array = np.asarray(array)
        if key in self._entries:
            raise ValueError(f"the tensor {key!r} is added twice")
        if array.dtype == object:
            self._add_strings(key, array)
            return
        number = dtypes.FROM_NUMPY.get(array.dtype)
        if number is None:
            raise ValueError(
                f"{key!r}: a checkpoint can't hold elements of {array.dtype}"
            )
        data = checksum.as_bytes(array)
        self._put(key, number, array.shape, [data], checksum.of(data))

    def _add_strings(self, key: str, array: np.ndarray) -> None:
        items = [bytes(item) for item in array.reshape(-1)]
        lengths, crc = b"", 0
        for item in items:
            lengths += wire.varint(len(item))
            width = 4 if len(item) < 1 << 32 else 8
            crc = checksum.extend(crc, len(item).to_bytes(width, "little"))
        stored = checksum.mask(crc).to_bytes(4, "little")
        crc = checksum.extend(crc, stored)
        for item in items:
            crc = checksum.extend(crc, item)
        self._put(key, dtypes.STRING, array.shape, [lengths, stored, *items], crc)

    def _put(self, key: str, dtype: int, shape, parts: list, crc: int) -> None:
        start = self._offset
        for part in parts:
            self._data.write(part)
            self._offset += memoryview(part).nbytes
        size = self._offset - start
        self._entries[key] = Entry(
            dtype, tuple(shape), 0, start, size, checksum.mask(crc)
        )

    def add_graph(self, nodes: graph.ObjectGraph) -> None:
        """Adds the object graph, by which TensorFlow finds the tensors."""
        self.add(graph.KEY, np.array(graph.encode(nodes), dtype=object))

    def index(self) -> bytes:
        """The contents of the index file for what has been added."""
        records = [(k.encode(), entries.encode(e)) for k, e in self._entries.items()]
        return table.write([(b"", entries.encode_header(1)), *sorted(records)])


@contextlib.contextmanager
def writing_bundle(
    prefix: str | os.PathLike[str], *, state: bool = False
) -> Iterator[BundleWriter]:
    """Gives a writer whose checkpoint appears when the block ends well.

    An exception inside the block leaves the checkpoint that was there. A process that
    is killed leaves the old one or none: the old index goes before the new data takes
    its place, and the new index comes last.

    Args:
      prefix: The checkpoint's path without ``.index``. Its folder must exist.
      state: Whether to make it the latest of its folder's ``checkpoint`` file.

    Raises:
      OSError: The folder can't be written, or the disk is full.
    """
    prefix = os.fspath(prefix)
    with atomic.writing(prefix + ".index") as index:
        with atomic.writing(prefix + ".data-00000-of-00001") as data:
            writer = BundleWriter(data)
            yield writer
            index.write(writer.index())
            for file in (data, index):
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileNotFoundError):
                os.unlink(prefix + ".index")
    if state:
        locate.write_state(prefix)
