"""`tf.train.Checkpoint`: saves objects' variables and restores them by object path.

Files are TensorFlow's own (see `compat.bundle`): either side reads the other's. What a
checkpoint holds for variables that do not exist yet is given to them when they are
made and attached, as in TensorFlow.
"""

from __future__ import annotations

import glob
import os
from typing import Any

import numpy as np

from compat import atomic, bundle
from compat.bundle import Bundle, BundleError, ObjectGraph
from compat.runtime import trackable
from compat.runtime.errors import NotFoundError
from compat.runtime.export import export
from compat.runtime.module import Module
from compat.runtime.tensor import Tensor, lift
from compat.runtime.variable import Variable


class LoadStatus:
    """What a restore has found so far; its asserts say what is missing.

    Args:
      root: the object restored into.
      reader: the open checkpoint.
      graph: its object graph.
      prefix: its path, for messages.
    """

    def __init__(
        self, root: Any, reader: Bundle, graph: ObjectGraph, prefix: str
    ) -> None:
        self._root = root
        self._reader = reader
        self._graph = graph
        self._prefix = prefix
        self._restored: dict[int, Variable] = {}  # by node
        # Where in the graph the program's objects are; held, as ids are reused.
        self._places: dict[int, tuple[int, Any]] = {}
        self._met: dict[int, Variable] = {}  # variables of the program, by id
        self.match()

    def match(self) -> None:
        """Restores what can be reached now and was not restored before."""
        self._match(self._root, 0)

    def attached(self, owner: Any, name: str, value: Any) -> bool:
        """Restores into what was just attached; whether that changed anything."""
        place = self._places.get(id(owner))
        if place is None:
            return False
        node = self._graph.nodes[place[0]].children.get(name)
        if node is None:
            return False
        before = len(self._restored)
        self._match(value, node)
        return len(self._restored) > before

    def _match(self, thing: Any, node: int) -> None:
        seen = set()
        queue = [(thing, node)]
        while queue:
            thing, node = queue.pop(0)
            if (id(thing), node) in seen:
                continue
            seen.add((id(thing), node))
            if isinstance(thing, Variable):
                self._restore(thing, node)
                continue
            self._places[id(thing)] = (node, thing)
            held = self._graph.nodes[node].children
            for name, child in trackable.children(thing).items():
                if name in held:
                    queue.append((child, held[name]))

    def _restore(self, variable: Variable, node: int) -> None:
        value = self._graph.nodes[node].variable
        if value is None or id(variable) in self._met:
            return
        array = self._reader.get(value.key)
        if not variable.shape.is_compatible_with(array.shape):
            raise ValueError(
                f"{self._prefix}: {value.key} has shape {array.shape}, the variable "
                f"{variable.name} {variable.shape}"
            )
        if array.dtype != variable.dtype.numpy:
            raise ValueError(
                f"{self._prefix}: {value.key} is {array.dtype}, the variable "
                f"{variable.name} {variable.dtype.name}"
            )
        variable._value = Tensor(lift(np.array(array)))
        self._restored[node] = variable
        self._met[id(variable)] = variable

    def _missing(self) -> list[str]:
        """Variables of the program that the checkpoint has nothing for."""
        self.match()
        _, variables = trackable.graph_of(self._root)
        return [
            key for key, variable in variables.items() if id(variable) not in self._met
        ]

    def _unused(self) -> list[str]:
        """Values of the checkpoint that no variable took."""
        self.match()
        reachable = self._graph.paths()
        return [
            value.key
            for node, value in self._graph.variables()
            if node not in self._restored and node in reachable
        ]

    def assert_consumed(self) -> LoadStatus:
        """Raises AssertionError unless everything was restored, on both sides."""
        self.assert_existing_objects_matched()
        unused = self._unused()
        if unused:
            raise AssertionError(
                f"{self._prefix}: unresolved object in checkpoint: "
                f"{', '.join(unused[:5])}{' …' if len(unused) > 5 else ''} "
                f"({len(unused)} in all)"
            )
        return self

    def assert_existing_objects_matched(self) -> LoadStatus:
        """Raises AssertionError unless every variable that exists was restored."""
        missing = [k for k in self._missing() if not k.startswith("save_counter/")]
        if missing:
            raise AssertionError(
                f"{self._prefix}: nothing in the checkpoint for "
                f"{', '.join(missing[:5])}{' …' if len(missing) > 5 else ''} "
                f"({len(missing)} in all)"
            )
        return self

    def assert_nontrivial_match(self) -> LoadStatus:
        """Raises AssertionError if nothing but the root was matched."""
        self.match()
        if not self._restored:
            raise AssertionError(f"{self._prefix}: nothing was restored")
        return self

    def expect_partial(self) -> LoadStatus:
        """Accepts whatever was restored."""
        return self

    def run_restore_ops(self, session: Any = None) -> None:
        """Nothing is left to do."""

    initialize_or_restore = run_restore_ops


class _NothingToRestore(LoadStatus):
    """The status of `restore(None)`."""

    def __init__(self) -> None:
        self._prefix = "no checkpoint"

    def match(self) -> None:
        """Nothing to do."""

    def assert_consumed(self) -> LoadStatus:
        """Raises AssertionError: there was no checkpoint."""
        raise AssertionError("No checkpoint specified (save_path=None)")

    assert_existing_objects_matched = assert_nontrivial_match = assert_consumed


_pending: list[LoadStatus] = []
_plain_setattr = Module.__setattr__


def _attach(self: Module, name: str, value: Any) -> None:
    """`Module.__setattr__` while a restore still has values without variables."""
    _plain_setattr(self, name, value)
    if trackable.is_trackable(value):
        for status in list(_pending):
            if status.attached(self, name, value):
                _forget(status)


def _remember(status: LoadStatus) -> None:
    if status._unused():
        _pending.append(status)
        Module.__setattr__ = _attach


def _forget(status: LoadStatus) -> None:
    if status in _pending and not status._unused():
        _pending.remove(status)
        if not _pending:
            del Module.__setattr__


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
        for status in list(_pending):
            status.attached(self, name, value)

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
            for status in list(_pending):
                status.attached(self, "save_counter", self._save_counter)

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
        """
        prefix = os.fspath(save_path)
        try:
            reader = Bundle(bundle.locate(prefix))
            graph = reader.graph
        except bundle.NoCheckpoint as error:
            raise NotFoundError(
                f"Unsuccessful TensorSliceReader constructor: Failed to find any "
                f"matching files for {prefix} ({error})"
            ) from error
        if graph is None:
            raise NotFoundError(
                f"{prefix} has no object graph: it was written by TensorFlow 1 and is "
                "keyed by variable names"
            )
        status = LoadStatus(self, reader, graph, prefix)
        _remember(status)
        return status

    def restore(self, save_path: str | None, options: Any = None) -> LoadStatus:
        """`read`, and the save counter with it; None restores nothing."""
        if save_path is None:
            return _NothingToRestore()
        self._maybe_create_save_counter()
        return self.read(save_path)


@export("tf.train.latest_checkpoint")
def latest_checkpoint(checkpoint_dir: str, latest_filename: Any = None) -> str | None:
    """The path of the folder's latest checkpoint, or None."""
    try:
        return bundle.latest(checkpoint_dir)
    except BundleError:
        return None


class CheckpointReader:
    """The tensors of a checkpoint by their keys."""

    def __init__(self, path: str) -> None:
        self._bundle = Bundle(bundle.locate(path))

    def get_tensor(self, name: str) -> np.ndarray:
        """A tensor."""
        return np.array(self._bundle.get(name))

    def has_tensor(self, name: str) -> bool:
        """Whether there is such a tensor."""
        return name in self._bundle

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shape of each tensor."""
        return {k: list(self._bundle.entry(k).shape) for k in self._bundle.keys()}

    def get_variable_to_dtype_map(self) -> dict[str, Any]:
        """The dtype of each tensor."""
        from compat.runtime.dtypes import as_dtype

        return {
            k: as_dtype(self._bundle.entry(k).dtype_name) for k in self._bundle.keys()
        }


@export("tf.train.load_checkpoint")
def load_checkpoint(ckpt_dir_or_file: str) -> CheckpointReader:
    """A reader of a checkpoint's tensors."""
    return CheckpointReader(ckpt_dir_or_file)


@export("tf.train.list_variables")
def list_variables(ckpt_dir_or_file: str) -> list[tuple[str, list[int]]]:
    """(key, shape) of each tensor."""
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


@export("tf.train.load_variable")
def load_variable(ckpt_dir_or_file: str, name: str) -> np.ndarray:
    """One tensor."""
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name)


@export("tf.train.CheckpointManager")
class CheckpointManager:
    """Keeps the last checkpoints of a folder.

    Args:
      checkpoint: what is saved.
      directory: where.
      max_to_keep: how many are kept; None keeps all.
      keep_checkpoint_every_n_hours: keeps one older checkpoint for each so many hours.
      checkpoint_name: the first part of the files' names.
      step_counter: a variable that numbers checkpoints instead of the save counter.
      checkpoint_interval: with `check_interval`, the steps between two saves.
      init_fn: called by `restore_or_initialize` if there is nothing to restore.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        directory: str,
        max_to_keep: int | None,
        keep_checkpoint_every_n_hours: float | None = None,
        checkpoint_name: str = "ckpt",
        step_counter: Any = None,
        checkpoint_interval: int | None = None,
        init_fn: Any = None,
    ) -> None:
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError("max_to_keep must be positive, or None to keep all")
        self._checkpoint = checkpoint
        self._directory = os.fspath(directory)
        self._keep = max_to_keep
        self._hours = keep_checkpoint_every_n_hours
        self._name = checkpoint_name
        self._step = step_counter
        self._interval = checkpoint_interval
        self._init = init_fn
        self._last_step: int | None = None
        self._kept_at = 0.0
        self._paths = self._found()

    def _found(self) -> list[str]:
        pattern = os.path.join(glob.escape(self._directory), f"{self._name}-*.index")
        paths = [p.removesuffix(".index") for p in glob.glob(pattern)]
        return sorted(paths, key=lambda p: os.path.getmtime(f"{p}.index"))

    @property
    def directory(self) -> str:
        """The folder."""
        return self._directory

    @property
    def checkpoint(self) -> Checkpoint:
        """What is saved."""
        return self._checkpoint

    @property
    def checkpoints(self) -> list[str]:
        """The paths of those kept, oldest first."""
        return list(self._paths)

    @property
    def latest_checkpoint(self) -> str | None:
        """The path of the last one, or None."""
        return self._paths[-1] if self._paths else None

    @property
    def checkpoint_interval(self) -> int | None:
        """The steps between two saves."""
        return self._interval

    def save(
        self,
        checkpoint_number: Any = None,
        check_interval: bool = True,
        options: Any = None,
    ) -> str | None:
        """Writes a checkpoint, removes old ones; returns its path.

        None if `check_interval` and too few steps went by since the last one.
        """
        step = None if self._step is None else int(self._step)
        if self._interval is not None and check_interval and step is not None:
            if self._last_step is not None:
                if step - self._last_step < self._interval:
                    return None
        self._checkpoint.save_counter.assign_add(np.int64(1))
        number = checkpoint_number
        if number is None:
            number = step if step is not None else int(self._checkpoint.save_counter)
        prefix = os.path.join(self._directory, f"{self._name}-{int(number)}")
        path = self._checkpoint.write(prefix)
        self._last_step = step
        self._paths = [p for p in self._paths if p != path] + [path]
        self._sweep()
        self._write_state()
        return path

    def _sweep(self) -> None:
        while self._keep is not None and len(self._paths) > self._keep:
            oldest = self._paths.pop(0)
            written = os.path.getmtime(f"{oldest}.index")
            if self._hours is not None and written - self._kept_at > self._hours * 3600:
                self._kept_at = written
                continue
            for file in glob.glob(f"{glob.escape(oldest)}.*"):
                os.unlink(file)

    def _write_state(self) -> None:
        names = [os.path.basename(p) for p in self._paths]
        lines = [f'model_checkpoint_path: "{names[-1]}"']
        lines += [f'all_model_checkpoint_paths: "{n}"' for n in names]
        state = os.path.join(self._directory, "checkpoint")
        atomic.write_text(state, "\n".join(lines) + "\n")

    def restore_or_initialize(self) -> str | None:
        """Restores the latest checkpoint and returns its path, else calls `init_fn`."""
        path = self.latest_checkpoint
        if path is not None:
            self._checkpoint.restore(path)
        elif self._init is not None:
            self._init()
        return path
