"""`tf.train.Checkpoint`."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from compat import bundle
from compat.bundle import BundleError
from compat.runtime import trackable
from compat.runtime.checkpoint.reading import opened
from compat.runtime.checkpoint.restoring import (
    LoadStatus,
    NothingToRestore,
    Restoring,
    attached,
    remember,
)
from compat.runtime.errors import DataLossError, NotFoundError
from compat.runtime.export import export
from compat.runtime.variable import Variable


@export("tf.train.Checkpoint")
class Checkpoint:
    """A set of objects whose variables are saved together.

    Args:
      root: an object whose attributes are saved as those of the checkpoint.
      **kwargs: objects to save, by the name under which they stand in the file.

    Raises:
      ValueError: an object that holds no variables and cannot.
    """

    def __init__(self, root: Any = None, **kwargs: Any) -> None:
        self._root = root
        self._children: dict[str, Any] = {}
        self._save_counter: Variable | None = None
        for name, value in kwargs.items():
            setattr(self, name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if name.startswith("_"):
            return
        plain = value is None or isinstance(value, int | float | str | bytes)
        if plain or isinstance(value, np.ndarray):
            raise ValueError(
                f"`Checkpoint` was expecting {name} to be a trackable object (an "
                f"object derived from `Trackable`), got {value!r}."
            )
        self._children[name] = value
        attached(self, name, value)

    def checkpoint_children(self) -> dict[str, Any]:
        """What it saves, by name."""
        named = dict(self._children)
        if self._root is not None:
            named = {**trackable.children(self._root), **named}
        if self._save_counter is not None:
            named["save_counter"] = self._save_counter
        return named

    @property
    def save_counter(self) -> Variable:
        """How often `save` was called; int64."""
        self._maybe_create_save_counter()
        return self._save_counter

    def _maybe_create_save_counter(self) -> None:
        if self._save_counter is None:
            self._save_counter = Variable(
                np.int64(0), trainable=False, name="save_counter"
            )
            attached(self, "save_counter", self._save_counter)

    def write(self, file_prefix: str, options: Any = None) -> str:
        """Writes a checkpoint; returns its path."""
        prefix = os.fspath(file_prefix)
        graph, variables = trackable.graph_of(self)
        os.makedirs(os.path.dirname(prefix) or ".", exist_ok=True)
        with bundle.writing_bundle(prefix) as writer:
            for key, variable in variables.items():
                writer.add(key, np.asarray(variable._value._array))
            writer.add_graph(graph)
        return prefix

    def save(self, file_prefix: str, options: Any = None) -> str:
        """Writes a numbered checkpoint and makes it the latest of its folder."""
        self.save_counter.assign_add(np.int64(1))
        path = self.write(f"{os.fspath(file_prefix)}-{int(self.save_counter)}")
        bundle.write_state(path)
        return path

    def read(self, save_path: str, options: Any = None) -> LoadStatus:
        """Restores from a checkpoint; what is missing, the status tells.

        Raises:
          NotFoundError: there is no such checkpoint.
          DataLossError: its files are damaged.
          ValueError: a value does not fit its variable. Nothing is restored then.
        """
        prefix = os.fspath(save_path)
        reader = opened(prefix)
        try:
            graph = reader.graph
        except BundleError as error:
            raise DataLossError(str(error)) from error
        if graph is None:
            raise NotFoundError(
                f"{prefix} has no object graph: it was written by TensorFlow 1 and is "
                "keyed by variable names"
            )
        restoring = Restoring(self, reader, graph, prefix)
        remember(restoring)
        return LoadStatus(self, restoring, prefix)

    def restore(self, save_path: str | None, options: Any = None) -> LoadStatus:
        """`read`, and the save counter with it; None restores nothing."""
        if save_path is None:
            return NothingToRestore()
        self._maybe_create_save_counter()
        return self.read(save_path)
