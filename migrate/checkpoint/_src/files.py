"""Saving parameters and state to a file, and loading them again."""

from __future__ import annotations

import functools
import os
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from compat import atomic, bundle
from migrate.checkpoint._src import (
    content,
    msgpack_file,
    npz_file,
    orbax_folder,
    safetensors_file,
)
from migrate.checkpoint._src.content import Content
from migrate.checkpoint._src.keys import OPTIMIZER, PARAMS, STATE, Key, Leaf
from migrate.checkpoint._src.trees import as_trees, optimizer_state
from migrate.errors import UserError

_TRUST = "a pickle can run any code when it is loaded"


def _write_pickle(path: str | os.PathLike[str], what: Content) -> None:
    arrays, checksums = {}, {}
    for key, array, checksum in what.arrays():
        arrays[str(key)] = array
        checksums[str(key)] = content.seal(key, what.specs[key], checksum)
    with atomic.writing(path) as file:
        facts = {**what.metadata, "crc32c": checksums}
        pickle.dump({"arrays": arrays, "facts": facts}, file, protocol=5)


def _read_pickle(path: str | os.PathLike[str]) -> tuple[dict, dict]:
    with open(path, "rb") as file:
        found = pickle.load(file)
    try:
        return found["arrays"], found["facts"]
    except (KeyError, TypeError):
        raise UserError(f"{os.fspath(path)} is a pickle of something else") from None


_FORMATS: dict[str, tuple[Callable, Callable]] = {
    ".safetensors": (safetensors_file.write, safetensors_file.read),
    ".npz": (npz_file.write, npz_file.read),
    ".msgpack": (msgpack_file.write, msgpack_file.read),
    ".pkl": (_write_pickle, _read_pickle),
    ".pickle": (_write_pickle, _read_pickle),
    "": (orbax_folder.write, orbax_folder.read),
}
_PICKLES = (".pkl", ".pickle")


def suffix_of(path: str | os.PathLike[str], trust_pickle: bool) -> str:
    """The suffix that decides the format.

    Raises:
      UserError: No format has this suffix, or it is pickle and that isn't trusted.
    """
    suffix = os.path.splitext(os.fspath(path).rstrip("/"))[1].lower()
    if suffix not in _FORMATS:
        known = ", ".join(s for s in _FORMATS if s)
        raise UserError(
            f"{os.fspath(path)}: no format has the suffix {suffix}",
            f"use one of {known}, or none for an Orbax folder",
        )
    if suffix in _PICKLES and not trust_pickle:
        raise UserError(
            f"{os.fspath(path)} is a pickle, and {_TRUST}",
            "allow it with --trust-pickle or trust_pickle=True",
        )
    return suffix


def destination(path: str | os.PathLike[str], trust_pickle: bool = False) -> str:
    """The suffix of a file to be written, where it may be written.

    Raises:
      UserError: No format has this suffix, something else is in the way, or the folder
        is missing or can't be written.
    """
    suffix = suffix_of(path, trust_pickle)
    if suffix and os.path.isdir(path):
        raise UserError(f"{os.fspath(path)} is a folder", "give the name of a file")
    if not suffix and os.path.lexists(path) and not orbax_folder.is_replaceable(path):
        raise UserError(
            f"{os.fspath(path)} is there already, and nothing that was written here",
            "choose another name; one that ends in .safetensors is a file",
        )
    check_folder(path)
    return suffix


def check_folder(path: str | os.PathLike[str]) -> None:
    """Refuses a path whose folder is missing or can't be written."""
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise UserError(f"there is no folder {folder}", f"make it: mkdir -p {folder}")
    if not os.access(folder, os.W_OK):
        raise UserError(f"the folder {folder} can't be written")


def is_converted(path: str | os.PathLike[str]) -> bool:
    """Whether `path` looks like a file of one of the formats here."""
    if os.path.isdir(path):
        return orbax_folder.is_folder(path)
    suffix = os.path.splitext(os.fspath(path))[1].lower()
    return suffix in _FORMATS and suffix != "" and os.path.isfile(path)


def write(
    path: str | os.PathLike[str], what: Content, *, trust_pickle: bool = False
) -> None:
    """Writes `what` in the format that the suffix of `path` says."""
    _FORMATS[destination(path, trust_pickle)][0](path, what)


def save(
    path: str | os.PathLike[str],
    params: Mapping,
    state: Mapping | None = None,
    *,
    metadata: Mapping[str, Any] | None = None,
    trust_pickle: bool = False,
) -> None:
    """Saves parameters and state, atomically.

    Args:
      path: Where; the suffix says how: ``.safetensors``, ``.npz``, ``.msgpack``,
        ``.pkl``, or none for an Orbax folder.
      params: module → name → array.
      state: The same for state.
      metadata: JSON-able facts to keep in the file.
      trust_pickle: Whether a pickle may be written.

    Raises:
      UserError: The format can't hold the arrays, or isn't known.
    """
    write(
        path, content.of_trees(params, state or {}, metadata), trust_pickle=trust_pickle
    )


def read(
    path: str | os.PathLike[str],
    *,
    trust_pickle: bool = False,
    verify: bool = True,
    sharding: Any = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Reads the arrays of a file by key (``params:module:name``), and its metadata.

    See `load` for the arguments.

    Raises:
      UserError: The file is damaged or missing, or a pickle that isn't trusted.
    """
    placing = None if sharding is None else functools.partial(_place_of, sharding)
    if os.path.isdir(path):
        if not orbax_folder.is_folder(path):
            raise UserError(f"{os.fspath(path)} is a folder that was not written here")
        arrays, facts = orbax_folder.read(path, placing)
    else:
        suffix = suffix_of(path, trust_pickle)
        if not os.path.exists(path):
            raise UserError(f"there is no file {os.fspath(path)}")
        arrays, facts = _FORMATS[suffix][1](path)
    if facts.get("format") != content.FORMAT or "crc32c" not in facts:
        raise UserError(
            f"{os.fspath(path)} is damaged, or was not written by this program"
        )
    if verify:
        _verify(path, arrays, facts["crc32c"])
    if placing is not None:
        arrays = {n: _placed(a, placing(n, a.shape)) for n, a in arrays.items()}
    return arrays, facts


def _verify(path: Any, arrays: Mapping[str, Any], checksums: Mapping) -> None:
    for name in set(checksums) ^ set(arrays):
        how = "has no checksum" if name in arrays else "is missing"
        raise UserError(f"{os.fspath(path)} is damaged: {name} {how}")
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            continue  # on its devices already
        checksum = bundle.checksum_of_array(array)
        leaf = Leaf(array.shape, array.dtype)
        if content.seal(Key.parse(name), leaf, checksum) != checksums[name]:
            raise UserError(
                f"{os.fspath(path)} is damaged: the checksum of {name} does not match"
            )


def _place_of(sharding: Any, name: str, shape: tuple[int, ...]) -> Any:
    """The sharding of one array, known to fit it.

    Raises:
      UserError: It doesn't fit.
    """
    chosen = sharding(name) if callable(sharding) else sharding
    if chosen is not None:
        try:
            chosen.shard_shape(shape)
        except (ValueError, IndexError, AttributeError) as error:
            raise UserError(
                f"{name} of shape {list(shape)} can't be laid out as {chosen}: {error}",
                "give load() a function from names to shardings",
            ) from None
    return chosen


def _placed(array: Any, sharding: Any) -> Any:
    """Copies to each device only its own part of the (mapped) array."""
    if sharding is None or not isinstance(array, np.ndarray):
        return array
    import jax

    return jax.make_array_from_callback(
        array.shape, sharding, lambda index: array[index]
    )


def load(
    path: str | os.PathLike[str],
    *,
    trust_pickle: bool = False,
    verify: bool = True,
    sharding: Any = None,
) -> tuple[dict, dict]:
    """Loads parameters and state.

    Args:
      path: A file that `save` or ``convert-checkpoint`` wrote.
      trust_pickle: Whether a pickle may be loaded: that can run any code.
      verify: Whether to verify checksums.
      sharding: A `jax.sharding.Sharding` for all arrays, or a function from
        ``"params:module:name"`` to one (or to None: the array stays in numpy); arrays
        are then put straight onto its devices, each reading only its part.

    Returns:
      (params, state), two-level dictionaries. Without `sharding`, of numpy arrays,
      read-only where they are views of the file.

    Raises:
      UserError: The file is damaged or missing, a pickle that isn't trusted, or a
        sharding doesn't fit its array.
    """
    arrays, _ = read(path, trust_pickle=trust_pickle, verify=verify, sharding=sharding)
    keys = {Key.parse(text): array for text, array in arrays.items()}
    others = {key.collection for key in keys} - {PARAMS, STATE, OPTIMIZER}
    if others:
        raise UserError(
            f"{os.fspath(path)} holds more than one network"
            f" ({', '.join(sorted(others)[:4])})",
            "put it into the object that owns them with restore(path, object)",
        )
    return as_trees(keys)


def load_optimizer(
    path: str | os.PathLike[str], optimizer: Any, params: Any, **options: Any
) -> Any:
    """Loads the state of an optax transformation.

    Args:
      path: A file that was written with ``--optimizer``.
      optimizer: The transformation.
      params: The parameters (only shapes matter).
      **options: As for `load`.

    Raises:
      UserError: The file has no such state, or is damaged.
    """
    arrays, _ = read(path, **options)
    keys = {Key.parse(text): array for text, array in arrays.items()}
    return optimizer_state(optimizer, params, keys)
