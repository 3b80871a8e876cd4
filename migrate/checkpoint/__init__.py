"""Sonnet's checkpoints as Haiku's parameters and state, without TensorFlow.

`convert` joins a checkpoint to a Haiku program by the paths of its objects and gives
(params, state). `save` and `load` keep them in files that execute no code.
"""

from migrate.checkpoint._src.convert import convert as convert
from migrate.checkpoint._src.convert import make_plan as make_plan
from migrate.checkpoint._src.files import load as load
from migrate.checkpoint._src.files import save as save

__all__ = ("convert", "load", "make_plan", "save")
