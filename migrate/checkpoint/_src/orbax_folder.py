"""Orbax checkpoints: folders that JAX programs restore in parallel, shard by shard."""

from __future__ import annotations

import asyncio
import concurrent.futures
import errno
import inspect
import json
import mmap
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

import numpy as np

from compat import atomic
from migrate.checkpoint._src.content import Content, packed, seal, view
from migrate.errors import UserError

_METADATA = "sonnet2haiku.json"
_ARRAYS = "arrays"
# Large enough for the disk, small enough that what is under way hardly counts.
_CHUNK, _FILE = 32 << 20, 64 << 20
_ALIGNED = 64
_OVERHEAD = 8 << 10  # of each array: its description, and half-filled blocks


def _orbax() -> Any:
    try:
        import orbax.checkpoint
    except ImportError:
        raise UserError(
            "Orbax folders need the orbax-checkpoint package",
            "pip install orbax-checkpoint, or write .safetensors",
        ) from None
    return orbax.checkpoint


def write(path: str | os.PathLike[str], content: Content) -> None:
    """Writes a folder with the arrays as one flat tree, keyed as in other formats.

    Orbax wants all arrays at once. It gets views of mapped files: of the checkpoint
    where bytes stay as they are, else of a temporary file. So no more than one array
    is in memory, besides what Orbax is just writing.

    Raises:
      UserError: orbax-checkpoint is missing.
    """
    orbax = _orbax()
    arrays, checksums, aside = {}, {}, {}
    with (
        atomic.writing_folder(path) as folder,
        tempfile.TemporaryFile(dir=folder) as spare,
    ):
        for key, value in content.values():
            leaf = content.specs[key]
            checksums[str(key)] = seal(key, leaf, value.checksum())
            if value.lasting:
                arrays[str(key)] = view(value.data, leaf)
            else:
                spare.seek(-spare.tell() % _ALIGNED, os.SEEK_CUR)
                aside[key] = spare.tell(), len(value.data)
                spare.write(value.data)
        whole = _mapped(spare)
        for key, (start, size) in aside.items():
            arrays[str(key)] = view(whole[start : start + size], content.specs[key])
        _check_space(folder, arrays)
        chunks = orbax.SaveArgs(chunk_byte_size=_CHUNK)
        args = orbax.args.PyTreeSave(
            arrays,
            save_args=dict.fromkeys(arrays, chunks),
            ocdbt_target_data_file_size=_FILE,
        )
        try:
            with orbax.Checkpointer(_handler(orbax)) as checkpointer:
                checkpointer.save(os.path.join(folder, _ARRAYS), args=args)
        except (ValueError, RuntimeError) as error:  # as TensorStore's errors come
            raise UserError(f"Orbax can't write {os.fspath(path)}: {error}") from error
        listing = {n: [a.dtype.name, list(a.shape)] for n, a in arrays.items()}
        facts = {**content.metadata, "crc32c": checksums, "arrays": listing}
        atomic.write_text(os.path.join(folder, _METADATA), packed(facts))


def _check_space(folder: str, arrays: Mapping[str, np.ndarray]) -> None:
    """Raises an `OSError` if the disk has no room for the arrays and what is beside."""
    needed = sum(array.nbytes + _OVERHEAD for array in arrays.values())
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _mapped(file: IO[bytes]) -> memoryview:
    """All bytes of a file, which may be empty, through a memory map."""
    file.flush()
    if not os.fstat(file.fileno()).st_size:
        return memoryview(b"")
    return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _handler(orbax: Any) -> Any:
    """Writes numpy arrays uncompressed, a few at a time, from where they are."""
    import jax

    kinds = orbax.type_handlers

    class InTurn(kinds.NumpyHandler):
        """Begins to write arrays when those before them are written.

        What has been copied into chunks waits in memory for the disk; all arrays at
        once would wait there together.
        """

        async def serialize(self, values, infos, args=None):
            writing = super().serialize
            rows = list(zip(values, infos, args or [None] * len(values), strict=True))

            def run():
                for batch in _batches(rows):
                    for future in asyncio.run(
                        writing(*map(list, zip(*batch, strict=True)))
                    ):
                        future.result()

            pool = concurrent.futures.ThreadPoolExecutor(1)
            future = pool.submit(run)
            pool.shutdown(wait=False)
            return [future]

    registry = kinds.create_type_handler_registry(
        (np.ndarray, InTurn(**_known(InTurn, deepcopy_host_arrays=False))),
        (jax.Array, kinds.ArrayHandler()),
    )
    kind = orbax.PyTreeCheckpointHandler
    return kind(type_handler_registry=registry, **_known(kind, use_compression=False))


def _known(kind: type, **options: Any) -> dict[str, Any]:
    """Those of the options that this version of Orbax has; they only save time."""
    parameters = inspect.signature(kind).parameters
    return {name: value for name, value in options.items() if name in parameters}


def _batches(rows: list[tuple]) -> Iterator[list[tuple]]:
    """Groups rows that begin with an array, by the arrays' bytes."""
    batch, size = [], 0
    for row in rows:
        if batch and size + row[0].nbytes > _CHUNK:
            yield batch
            batch, size = [], 0
        batch.append(row)
        size += row[0].nbytes
    if batch:
        yield batch


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a folder written by `write`."""
    return os.path.isfile(os.path.join(path, _METADATA))


def is_replaceable(path: str | os.PathLike[str]) -> bool:
    """Whether nothing is lost if a new folder takes this place."""
    return is_folder(path) or (os.path.isdir(path) and not os.listdir(path))


def read(
    path: str | os.PathLike[str],
    sharding: Callable[[str, tuple[int, ...]], Any] | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Reads a folder; with `sharding`, straight onto its devices.

    Args:
      path: The folder.
      sharding: A function from a key and a shape to a `jax.sharding.Sharding`, or to
        None for an array that shall be numpy's.

    Raises:
      UserError: The folder is damaged, or orbax-checkpoint is missing.
    """
    import jax

    orbax = _orbax()
    folder = os.path.abspath(path)
    arrays = os.path.join(folder, _ARRAYS)
    try:
        with open(os.path.join(folder, _METADATA), encoding="utf-8") as file:
            facts = json.load(file)
        wanted = {}
        for name, (kind, shape) in facts.pop("arrays").items():
            kind, shape = jax.numpy.dtype(kind), tuple(shape)
            place = sharding(name, shape) if sharding else None
            if place is None:
                wanted[name] = np.empty(shape, kind)
            else:
                wanted[name] = jax.ShapeDtypeStruct(shape, kind, sharding=place)
        with orbax.StandardCheckpointer() as checkpointer:
            return dict(checkpointer.restore(arrays, wanted)), facts
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise UserError(f"{folder} is no intact checkpoint: {error}") from None
