"""Checkpoints in TensorFlow's first format, read through TensorFlow."""

from __future__ import annotations

import numpy as np

from compat.bundle import BundleError, Entry
from migrate.errors import UserError


class Reader:
    """Reads a V1 checkpoint; looks like `compat.bundle.Bundle` to its users.

    Args:
      path: The file.

    Raises:
      UserError: TensorFlow isn't installed, or can't read the file.
    """

    graph = None

    def __init__(self, path: str):
        try:
            import tensorflow as tf
        except ImportError:
            raise UserError(
                f"{path} is a checkpoint in TensorFlow's V1 format",
                "only TensorFlow reads this format: pip install tensorflow-cpu, or"
                " save it again with tf.train.Saver in the V2 format",
            ) from None
        self.prefix = path
        self.verify = True
        try:
            self._reader = tf.train.load_checkpoint(path)
        except (tf.errors.OpError, ValueError, RuntimeError) as error:
            raise UserError(f"{path}: TensorFlow can't read it ({error})") from None
        kinds = self._reader.get_variable_to_dtype_map()
        self.entries = {
            key: Entry(kinds[key].as_datatype_enum, tuple(shape))
            for key, shape in sorted(self._reader.get_variable_to_shape_map().items())
        }

    def keys(self) -> list[str]:
        """The names of all variables, in order."""
        return list(self.entries)

    def entry(self, key: str) -> Entry:
        """Shape and element type of a variable."""
        return self.entries[key]

    def get(self, key: str) -> np.ndarray:
        """The value of a variable."""
        import tensorflow as tf

        try:
            return np.asarray(self._reader.get_tensor(key))
        except tf.errors.OpError as error:
            raise BundleError(str(error), path=self.prefix, key=key) from None

    def region(self, key: str) -> None:
        """No variable's bytes can be taken from the file as they are."""
        del key
