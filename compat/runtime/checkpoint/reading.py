"""Checkpoints' tensors by their keys: `tf.train.load_checkpoint` and its like."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from compat import bundle
from compat.bundle import Bundle, BundleError
from compat.runtime.dtypes import as_dtype
from compat.runtime.errors import DataLossError, NotFoundError
from compat.runtime.export import export


def opened(prefix: str) -> Bundle:
    """The files of a checkpoint.

    Raises:
      NotFoundError: there is no such checkpoint.
      DataLossError: its index is damaged.
    """
    try:
        return Bundle(bundle.locate(prefix))
    except bundle.NoCheckpoint as error:
        raise NotFoundError(
            "Unsuccessful TensorSliceReader constructor: Failed to find any matching "
            f"files for {prefix} ({error})"
        ) from error
    except BundleError as error:
        raise DataLossError(str(error)) from error


@export("tf.train.latest_checkpoint")
def latest_checkpoint(checkpoint_dir: str, latest_filename: Any = None) -> str | None:
    """The path of the folder's latest checkpoint, or None."""
    try:
        return bundle.latest(checkpoint_dir)
    except BundleError:
        return None


class CheckpointReader:
    """The tensors of a checkpoint by their keys.

    Raises:
      NotFoundError: there is no such checkpoint.
      DataLossError: its index is damaged.
    """

    def __init__(self, path: str) -> None:
        self._bundle = opened(os.fspath(path))

    def get_tensor(self, tensor_str: str) -> np.ndarray:
        """A tensor.

        Raises:
          NotFoundError: the checkpoint has no such tensor.
          DataLossError: it is damaged.
        """
        if tensor_str not in self._bundle:
            raise NotFoundError(f"Key {tensor_str} not found in checkpoint")
        try:
            return np.array(self._bundle.get(tensor_str))
        except BundleError as error:
            raise DataLossError(str(error)) from error

    def has_tensor(self, tensor_str: str) -> bool:
        """Whether there is such a tensor."""
        return tensor_str in self._bundle

    def get_variable_to_shape_map(self) -> dict[str, list[int]]:
        """The shape of each tensor."""
        return {k: list(self._bundle.entry(k).shape) for k in self._bundle.keys()}

    def get_variable_to_dtype_map(self) -> dict[str, Any]:
        """The dtype of each tensor."""
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
