"""Arrays on their way to a file: specifications first, values one by one."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from compat import bundle
from compat.bundle import BundleError, Region
from migrate.checkpoint._src.keys import PARAMS, STATE, Key, Leaf
from migrate.errors import UserError

FORMAT = "sonnet2haiku-1"
_PACKAGES = ("sonnet2haiku", "jax", "numpy", "dm-haiku")


class Value:
    """One array that is about to be written.

    Args:
      array: The array, if it was computed.
      region: Else where its bytes are in the checkpoint, unchanged.
      check: Raises an error if the checksum of the region's bytes is wrong.
      lasting: Whether the bytes stay where they are, in memory that someone else holds
        or in a mapped file, after the next value was asked for.
    """

    def __init__(
        self,
        array: np.ndarray | None = None,
        region: Region | None = None,
        check: Callable[[int], None] | None = None,
        lasting: bool = False,
    ):
        self.data = (
            memoryview(bundle.as_bytes(array)) if region is None else region.data
        )
        self.lasting = lasting or region is not None
        self._check = check

    def checksum(self) -> int:
        """The checksum of the bytes.

        Raises:
          UserError: The checkpoint has another checksum for them.
        """
        return self.verified(bundle.extend_checksum(0, self.data))

    def verified(self, checksum: int) -> int:
        """Compares a checksum of the bytes with the checkpoint's.

        Raises:
          UserError: It is another.
        """
        if self._check is not None:
            try:
                self._check(checksum)
            except BundleError as error:
                raise UserError(str(error)) from error
        return checksum


@dataclasses.dataclass
class Content:
    """What a file will hold.

    Attributes:
      specs: Every array, in the order of the file.
      values: Gives the arrays, each once, in any order.
      metadata: Facts about them, JSON-able.
    """

    specs: dict[Key, Leaf]
    values: Callable[[], Iterator[tuple[Key, Value]]]
    metadata: dict[str, Any]

    def arrays(self) -> Iterator[tuple[Key, np.ndarray, int]]:
        """Yields (key, array, checksum), for formats that take whole arrays.

        Arrays that come unchanged from a checkpoint are views of its mapped file.
        """
        for key, value in self.values():
            checksum = value.checksum()
            yield key, view(value.data, self.specs[key]), checksum


def view(data: Any, leaf: Leaf) -> np.ndarray:
    """Bytes seen as an array."""
    return np.frombuffer(data, leaf.dtype).reshape(leaf.shape)


def seal(key: Key, leaf: Leaf, checksum: int) -> str:
    """The checksum that a file keeps: of an array's bytes, name, type and shape."""
    spec = f"{key} {leaf.dtype.name} {list(leaf.shape)}".encode()
    return f"{bundle.extend_checksum(checksum, spec):08x}"


def versions() -> dict[str, str]:
    """The versions of the packages that made a file."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def ordered(specs: Mapping[Key, Leaf]) -> dict[Key, Leaf]:
    """Widest elements first, so that every array is aligned without padding."""
    return dict(sorted(specs.items(), key=lambda item: -item[1].dtype.itemsize))


def of_trees(
    params: Mapping, state: Mapping, metadata: Mapping[str, Any] | None = None
) -> Content:
    """The content of two dictionaries of arrays."""
    arrays = {}
    for collection, tree in ((PARAMS, params), (STATE, state)):
        for module, entries in tree.items():
            for name, value in entries.items():
                arrays[Key(collection, module, name)] = np.asarray(value)
    specs = {key: Leaf(a.shape, a.dtype) for key, a in arrays.items()}
    facts = {"format": FORMAT, "versions": versions(), **(metadata or {})}
    return Content(
        ordered(specs),
        lambda: ((k, Value(a, lasting=True)) for k, a in arrays.items()),
        facts,
    )


def packed(facts: Mapping[str, Any]) -> str:
    """Facts as compact JSON."""
    return json.dumps(facts, separators=(",", ":"), sort_keys=True)
