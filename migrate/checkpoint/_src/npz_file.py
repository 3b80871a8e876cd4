"""numpy's .npz format: a zip file of arrays, here written one by one.

numpy's own format has no name for bfloat16 and its kin: those arrays are stored as
unsigned integers of the same width, and the metadata says what they are.
"""

from __future__ import annotations

import json
import os
import struct
import zipfile
import zlib
from typing import Any

import numpy as np

from compat import atomic
from migrate.checkpoint._src.content import Content, packed, seal
from migrate.errors import UserError

_METADATA = "__metadata__.json"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)
_EPOCH = (1980, 1, 1, 0, 0, 0)


def _is_foreign(kind: np.dtype) -> bool:
    return kind.kind == "V"


def write(path: str | os.PathLike[str], content: Content) -> None:
    """Writes a file, array by array, uncompressed."""
    checksums, foreign = {}, {}
    with atomic.writing(path) as file, zipfile.ZipFile(file, "w") as archive:
        for key, array, checksum in content.arrays():
            checksums[str(key)] = seal(key, content.specs[key], checksum)
            if _is_foreign(array.dtype):
                foreign[str(key)] = array.dtype.name
                array = array.view(f"u{array.dtype.itemsize}")
            # A fixed date makes equal contents equal files.
            info = zipfile.ZipInfo(f"{_quote(str(key))}.npy", _EPOCH)
            with archive.open(info, "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
        facts = {**content.metadata, "crc32c": checksums, "types": foreign}
        archive.writestr(zipfile.ZipInfo(_METADATA, _EPOCH), packed(facts))


def _quote(name: str) -> str:
    """A key as a file name in the archive: no empty, ``.`` or ``..`` parts."""
    return name.replace("%", "%25").replace("//", "/%2F")


def _unquote(name: str) -> str:
    return name.replace("/%2F", "//").replace("%25", "%")


def read(path: str | os.PathLike[str]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Reads a file; never unpickles.

    Raises:
      UserError: The file is damaged.
    """
    arrays, facts = {}, {}
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as entry:
                    if name == _METADATA:
                        facts = json.loads(entry.read())
                    elif name.endswith(".npy"):
                        key = _unquote(name.removesuffix(".npy"))
                        array = np.lib.format.read_array(entry, allow_pickle=False)
                        arrays[key] = array
        for name, kind in facts.pop("types", {}).items():
            arrays[name] = arrays[name].view(np.dtype(kind))
    except _DAMAGE as error:
        raise UserError(f"{os.fspath(path)} is no intact .npz file: {error}") from None
    return arrays, facts
