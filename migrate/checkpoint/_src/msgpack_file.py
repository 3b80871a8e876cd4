"""MessagePack, with arrays as Flax stores them, so that Flax reads the files too.

The file is a map: ``params`` and ``state`` hold module → name → array, ``metadata``
the rest. An array is an extension of type 1 that packs (shape, type, bytes).
"""

from __future__ import annotations

import os
from typing import Any

import ml_dtypes
import numpy as np

from compat import atomic
from migrate.checkpoint._src.content import Content, seal
from migrate.checkpoint._src.keys import Key
from migrate.errors import UserError

_ARRAY = 1
_LARGEST = (1 << 32) - 1024


def _msgpack() -> Any:
    try:
        import msgpack
    except ImportError:
        raise UserError(
            ".msgpack files need the msgpack package", "pip install msgpack"
        ) from None
    return msgpack


def write(path: str | os.PathLike[str], content: Content) -> None:
    """Writes a file.

    Raises:
      UserError: An array is larger than the format allows, or msgpack is missing.
    """
    msgpack = _msgpack()
    packer = msgpack.Packer(use_bin_type=True)
    trees: dict[str, dict[str, dict[str, bytes]]] = {}
    checksums = {}
    for key, array, checksum in content.arrays():
        if array.nbytes > _LARGEST:
            raise UserError(
                f"{key} is too large for .msgpack ({array.nbytes} bytes)",
                "write .safetensors instead",
            )
        checksums[str(key)] = seal(key, content.specs[key], checksum)
        body = msgpack.packb(
            (array.shape, array.dtype.name, array.tobytes()), use_bin_type=True
        )
        tree = trees.setdefault(key.collection, {})
        tree.setdefault(key.module, {})[key.name] = msgpack.ExtType(_ARRAY, body)
    facts = {**content.metadata, "crc32c": checksums}
    with atomic.writing(path) as file:
        file.write(packer.pack_map_header(len(trees) + 1))
        for collection, tree in trees.items():
            file.write(packer.pack(collection))
            file.write(packer.pack(tree))
        file.write(packer.pack("metadata"))
        file.write(packer.pack(facts))


def read(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Reads a file.

    Raises:
      UserError: The file is damaged, or msgpack is missing.
    """
    msgpack = _msgpack()

    def array(code: int, data: bytes) -> np.ndarray:
        if code != _ARRAY:
            raise ValueError(f"extension type {code} is no array")
        shape, kind, body = msgpack.unpackb(data, raw=False)
        kind = getattr(ml_dtypes, kind, None) or kind
        return np.frombuffer(body, np.dtype(kind)).reshape(shape)

    try:
        with open(path, "rb") as file:
            trees = msgpack.unpackb(file.read(), ext_hook=array, raw=False)
        facts = trees.pop("metadata", {})
        arrays = {
            str(Key(collection, module, name)): value
            for collection, tree in trees.items()
            for module, entries in tree.items()
            for name, value in entries.items()
        }
    except (ValueError, TypeError, AttributeError, msgpack.UnpackException) as error:
        raise UserError(
            f"{os.fspath(path)} is no intact .msgpack file: {error}"
        ) from None
    return arrays, facts
