"""What makes legacy code run: tensors, variables, tapes, functions, checkpoints.

For the packages beside this one (`compat.sonnet`, `compat.trfl`):

    Tensor, Variable, Module     the classes
    convert_to_tensor(x, …)      anything → Tensor
    as_array(x), unwrap(nest)    anything → the bare jax array, for layer functions
    Plan(fn), run(plan, tensors) one recorded, compiled step of several ops
    dispatch(entry)              the callable of a dictionary entry
    tf_op("tf.nn.relu")          the callable of a name
    name_scope, next_key, dtypes
"""

from compat.runtime import dtypes as dtypes
from compat.runtime.dispatch import dispatch as dispatch
from compat.runtime.dtypes import DType as DType
from compat.runtime.dtypes import as_dtype as as_dtype
from compat.runtime.export import export as export
from compat.runtime.module import Module as Module
from compat.runtime.names import name_scope as name_scope
from compat.runtime.operators import tf_op as tf_op
from compat.runtime.plans import Plan as Plan
from compat.runtime.plans import run as run
from compat.runtime.random import next_key as next_key
from compat.runtime.shapes import TensorShape as TensorShape
from compat.runtime.state import STATE as STATE
from compat.runtime.tensor import Tensor as Tensor
from compat.runtime.tensor import as_array as as_array
from compat.runtime.tensor import convert_to_tensor as convert_to_tensor
from compat.runtime.tensor import is_tensor as is_tensor
from compat.runtime.tensor import unwrap as unwrap
from compat.runtime.variable import Variable as Variable
