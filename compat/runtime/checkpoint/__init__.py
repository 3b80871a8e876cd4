"""Checkpoints: objects' variables, saved and restored by object path.

Files are TensorFlow's own (see `compat.bundle`): either side reads the other's.
"""

from compat.runtime.checkpoint.checkpoint import Checkpoint as Checkpoint
from compat.runtime.checkpoint.manager import CheckpointManager as CheckpointManager
from compat.runtime.checkpoint.reading import latest_checkpoint as latest_checkpoint

__all__ = ["Checkpoint", "CheckpointManager", "latest_checkpoint"]
