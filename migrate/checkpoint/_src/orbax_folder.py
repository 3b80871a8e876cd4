"""Orbax checkpoints: folders that JAX programs restore in parallel, shard by shard."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from compat import atomic
from migrate.checkpoint._src.content import Content, packed, seal
from migrate.errors import UserError

_METADATA = "sonnet2haiku.json"
_ARRAYS = "arrays"


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

    Raises:
      UserError: orbax-checkpoint is missing.
    """
    orbax = _orbax()
    arrays, checksums = {}, {}
    for key, array, checksum in content.arrays():
        arrays[str(key)] = array
        checksums[str(key)] = seal(key, content.specs[key], checksum)
    with atomic.writing_folder(path) as folder:
        with orbax.StandardCheckpointer() as checkpointer:
            checkpointer.save(os.path.join(folder, _ARRAYS), arrays)
            checkpointer.wait_until_finished()
        facts = {**content.metadata, "crc32c": checksums}
        atomic.write_text(os.path.join(folder, _METADATA), packed(facts))


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a folder written by `write`."""
    return os.path.isfile(os.path.join(path, _METADATA))


def read(
    path: str | os.PathLike[str], sharding: Any = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Reads a folder; with `sharding`, straight onto its devices.

    Args:
      path: The folder.
      sharding: A function from a key to a `jax.sharding.Sharding`, or None.

    Raises:
      UserError: The folder is damaged, or orbax-checkpoint is missing.
    """
    import json

    import jax

    orbax = _orbax()
    folder = os.path.abspath(path)
    try:
        with open(os.path.join(folder, _METADATA), encoding="utf-8") as file:
            facts = json.load(file)
        with orbax.StandardCheckpointer() as checkpointer:
            arrays = os.path.join(folder, _ARRAYS)
            found = checkpointer.metadata(arrays).item_metadata
            specs = {
                name: jax.ShapeDtypeStruct(
                    item.shape,
                    item.dtype,
                    sharding=sharding(name) if sharding else None,
                )
                for name, item in found.items()
            }
            if sharding is None:
                args = {name: np.empty(s.shape, s.dtype) for name, s in specs.items()}
                return dict(checkpointer.restore(arrays, args)), facts
            return dict(checkpointer.restore(arrays, specs)), facts
    except (ValueError, KeyError, OSError) as error:
        raise UserError(f"{folder} is no intact checkpoint: {error}") from None
