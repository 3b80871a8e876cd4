"""`tf.GradientTape`, `tf.custom_gradient`: reverse-mode derivatives."""

from compat.runtime.tape.custom import custom_gradient as custom_gradient
from compat.runtime.tape.gradient_tape import GradientTape as GradientTape
from compat.runtime.tape.records import UnconnectedGradients as UnconnectedGradients

__all__ = ["GradientTape", "UnconnectedGradients", "custom_gradient"]
