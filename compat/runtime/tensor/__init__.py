"""`tf.Tensor`, and what becomes one.

Arrays and tracers are wrapped in it (`tensor`), numbers and numpy arrays lifted into
JAX (`lifting`), everything else that programs pass converted (`conversion`).
"""

from compat.runtime.tensor.conversion import as_array as as_array
from compat.runtime.tensor.conversion import convert as convert
from compat.runtime.tensor.conversion import convert_to_tensor as convert_to_tensor
from compat.runtime.tensor.conversion import is_tensor as is_tensor
from compat.runtime.tensor.conversion import register as register
from compat.runtime.tensor.conversion import unwrap as unwrap
from compat.runtime.tensor.lifting import lift as lift
from compat.runtime.tensor.tensor import Reference as Reference
from compat.runtime.tensor.tensor import Tensor as Tensor
from compat.runtime.tensor.tensor import concrete as concrete
from compat.runtime.tensor.tensor import guard as guard
from compat.runtime.tracing import Tracer as Tracer

__all__ = [
    "Reference",
    "Tensor",
    "Tracer",
    "as_array",
    "concrete",
    "convert",
    "convert_to_tensor",
    "guard",
    "is_tensor",
    "lift",
    "register",
    "unwrap",
]
