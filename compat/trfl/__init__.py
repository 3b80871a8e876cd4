"""TRFL's names on JAX: `from compat import trfl`.

Each function is an op of the dictionary, written with `rlax_core`. Here they take and
return tensors; `compat.dictionary.find("trfl.qlearning")` is the same on arrays.
"""

from compat.trfl.namespace import namespace

__getattr__, __dir__ = namespace(__name__)
