"""`tf.train.CheckpointManager`."""

from __future__ import annotations

import glob
import os
from typing import Any

import numpy as np

from compat import atomic
from compat.runtime.checkpoint.checkpoint import Checkpoint
from compat.runtime.export import export


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
