"""TensorFlow's names on JAX: `from compat import tensorflow as tf`.

Names resolve when first used, see `compat.tensorflow.namespace`.
"""

from compat.tensorflow.namespace import root

__getattr__, __dir__ = root(__name__)
